"""Trains in a process of its own, a checkpoint after every step, so that a test can kill it at any of them.

python -m tests.models.training.trained HOME TASK
"""

import sys
from pathlib import Path

from assets.labels.snapshots.reading import latest
from assets.models.training import loop
from assets.models.training.training import train
from assets.platform import Platform, Settings

EPOCHS = 2


def main() -> None:
    platform = Platform(Settings(home=Path(sys.argv[1]), training_epochs=EPOCHS))
    loop._SECONDS_BETWEEN_CHECKPOINTS = 0.0
    with platform.catalogue.read() as connection:
        version = latest(connection, sys.argv[2])
    assert version is not None
    train(platform, sys.argv[2], version, lambda text: print(text, flush=True))


if __name__ == "__main__":
    main()
