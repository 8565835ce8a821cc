"""How long the code location takes to load in a fresh interpreter, beside `import dagster` alone.

python -m tests.benchmarks.load
"""

import statistics

from tests.benchmarks.figures import Figure, document
from tests.benchmarks.measuring import Run, run_python

ROUNDS = 5
HEAVY = (
    "torch",
    "transformers",
    "great_expectations",
    "weaviate",
    "lancedb",
    "pandas",
    "boto3",
    "onnxruntime",
    "matplotlib",
    "lxml",
    "docx",
    "pypdfium2",
    "httpx",
)
LOAD = f"""
import sys
from orchestration.definitions import definitions
definitions().get_repository_def()
print(sum(name in sys.modules for name in {HEAVY!r}))
"""


def main() -> None:
    loads: list[Run] = []
    plain: list[Run] = []
    # The first of each compiles what was changed since the last time and fills the disk cache.
    for round_number in range(ROUNDS + 1):
        runs = run_python("-c", LOAD), run_python("-c", "import dagster")
        if round_number:
            loads.append(runs[0])
            plain.append(runs[1])
    load = statistics.median(run.seconds for run in loads)
    bare = statistics.median(run.seconds for run in plain)
    busy = statistics.median(run.processor_seconds for run in loads)
    bare_busy = statistics.median(run.processor_seconds for run in plain)
    print(
        document(
            "load",
            [
                Figure("code location loaded, fresh interpreter", round(load, 3), "s"),
                Figure("import dagster alone", round(bare, 3), "s"),
                Figure("load", round(load / bare, 2), "times", "import dagster"),
                Figure("processor time of the load", round(busy, 3), "s"),
                Figure("processor time", round(busy / bare_busy, 2), "times", "import dagster"),
                Figure("heavy libraries imported by the load", int(loads[-1].output), "libraries", at_most=0),
            ],
            rounds=ROUNDS,
        )
    )


if __name__ == "__main__":
    main()
