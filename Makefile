# Each target works alone on a fresh clone; all but `setup` call it first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HRDP_HOME ?= .hrdp
export HRDP_HOME

.PHONY: setup demo dev test test-long lint replay benchmark clean

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed: make setup PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv -c constraints.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt --group dev -e .
	touch $@

demo: setup
	$(BIN)/hrdp demo

dev: setup
	DAGSTER_HOME="$$($(BIN)/hrdp dagster-home)" $(BIN)/dg dev

test: setup
	$(BIN)/python -m pytest -m "not long"

test-long: setup
	$(BIN)/python -m pytest -m long

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

replay: setup
	HRDP_REPLAY_REVISIONS=1000 $(BIN)/python -m pytest -m long tests/stories/test_replay.py

benchmark: setup
	$(BIN)/python -m tests.benchmarks

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
