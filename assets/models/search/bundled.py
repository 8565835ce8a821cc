"""Trains the adapter that the platform's own search model is made of, from the bundled questions: `make search-model`."""

import shutil
import sys
import tempfile
from pathlib import Path

from assets.index.embedding.weights import ADAPTER_CONFIG, ADAPTER_SETTINGS, ADAPTER_WEIGHTS, DEFAULT_MODEL
from assets.models.search.learning import SETTINGS
from assets.models.search.pairs import BUNDLED, read_documents, split
from assets.models.search.training import train

STRENGTH = 0.5
"""Half of the change finds as much about rules that it didn't learn from, and costs regulation in legal English less: the README
has the figures of each."""

PLACE = Path(__file__).parents[2] / "index" / "embedding" / "workplace_search"


def _say(told: str) -> None:
    print(told, file=sys.stderr)


def main() -> None:
    training, validation = split(read_documents(BUNDLED))
    with tempfile.TemporaryDirectory() as folder:
        made = train(DEFAULT_MODEL, training, validation, Path(folder), _say, SETTINGS, strength=STRENGTH)
        PLACE.mkdir(exist_ok=True)
        for name in (ADAPTER_WEIGHTS, ADAPTER_CONFIG, ADAPTER_SETTINGS):
            shutil.copyfile(made / name, PLACE / name)


if __name__ == "__main__":
    main()
