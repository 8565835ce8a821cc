"""Refreshes a directory in a process of its own and says on standard output which step begins: what `memory` measures.

python -m tests.benchmarks.building FOLDER HOME
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from assets.platform import Platform, Settings
from tests.benchmarks.installation import refresh_step_by_step, register


def main(folder: Path, home: Path) -> None:
    platform = Platform(Settings(home=home))
    register(platform, "rules", folder)
    done = refresh_step_by_step(platform, "rules", entering=lambda step: print(step, flush=True))
    print(json.dumps(asdict(done.served.result)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
