"""Runs the benchmarks one after another, each in a process of its own.

    python -m tests.benchmarks [NAME…] [--full] [--small]

Prints one JSON document a benchmark, each on a line, and a table of all figures at the end. One that fails doesn't stop
the others; the exit status is 1 then. A goal that is missed is said in the table and fails nothing: times are a
machine's, and only a quiet one is fair to them.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any

from tests.benchmarks import figures
from tests.benchmarks.measuring import PROJECT

BENCHMARKS: dict[str, tuple[str, ...]] = {
    "load": (),
    "noop": (),
    "one_edit": (),
    "search": (),
    "asking": (),
    "embedding": ("full",),
    "memory": ("small",),
    "grouping": ("small",),
    "serving": (),
    "training": ("small",),
}
"""Each with the options that it knows."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measures the platform.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which to run, of {', '.join(BENCHMARKS)}; else all")
    parser.add_argument("--full", action="store_true", help="embedding: quality over all passages and questions")
    parser.add_argument("--small", action="store_true", help="memory, grouping, training: less to work on")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - BENCHMARKS.keys():
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}: take some of {', '.join(BENCHMARKS)}")
    chosen = arguments.names or list(BENCHMARKS)
    documents = []
    for name in chosen:
        options = [f"--{option}" for option in BENCHMARKS[name] if getattr(arguments, option)]
        found = run(name, options)
        if found is not None:
            documents.append(found)
    figures.show(documents)
    return 0 if len(documents) == len(chosen) else 1


def run(name: str, options: list[str]) -> dict[str, Any] | None:
    """One benchmark's document; None where it failed, which it has said itself on standard error."""
    print(f"{name} …", file=sys.stderr, flush=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HRDP_", "DAGSTER_"))}
    if "HRDP_SHARED_DATA" in os.environ:
        kept["HRDP_SHARED_DATA"] = os.environ["HRDP_SHARED_DATA"]
    started = time.perf_counter()
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *options]
    done = subprocess.run(command, cwd=PROJECT, env=kept, stdout=subprocess.PIPE, text=True)
    print(f"{name} took {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    if done.returncode:
        print(f"{name} failed; what it said is above", file=sys.stderr, flush=True)
        return None
    line = done.stdout.strip().splitlines()[-1]
    print(line, flush=True)
    found: dict[str, Any] = json.loads(line)
    return found


if __name__ == "__main__":
    sys.exit(main())
