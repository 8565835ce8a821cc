# Each target works alone on a fresh clone; all but `setup` call it first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVICES := $(BIN)/python -m deploy.services
HRDP_HOME ?= .hrdp
export HRDP_HOME

.PHONY: setup demo dev search-model test test-long test-services services services-build services-down lint replay retraining labels-whole benchmark clean

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed: make setup PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv -c constraints.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt --group dev -e .
	$(BIN)/python -m assets.labels.warehouse.graph
	touch $@

# STACK=services: on Weaviate, S3 and PostgreSQL, which are started; else on the embedded stores.
demo: setup
ifeq ($(STACK),services)
	settings="$$($(SERVICES) up)" && eval "$$settings" && $(BIN)/hrdp demo && $(BIN)/hrdp verify
else
	$(BIN)/hrdp demo
endif

services: setup
	@$(SERVICES) up

services-down: setup
	@$(SERVICES) down

dev: setup
	DAGSTER_HOME="$$($(BIN)/hrdp dagster-home)" $(BIN)/dg dev

test: setup
	$(BIN)/python -m pytest -m "not long and not services and not apart" --numprocesses auto --maxprocesses 4 --dist loadfile

test-long: setup
	$(BIN)/python -m pytest -m "long and not services and not apart"

services-build: setup
	$(SERVICES) build

test-services: services-build
	$(BIN)/python -m pytest -m services

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Learns the bundled search model anew from its questions.
search-model: setup
	$(BIN)/python -m assets.models.search.bundled

replay: setup
	HRDP_REPLAY_REVISIONS=1000 $(BIN)/python -m pytest -m long tests/stories/test_replay.py

retraining: setup
	$(BIN)/python -m pytest -m apart

labels-whole: setup
	HRDP_LABELS_WHOLE=1 $(BIN)/python -m pytest -m long tests/stories/test_labels_in_any_order.py

benchmark: setup
ifeq ($(STACK),services)
	@$(SERVICES) up > /dev/null
	$(BIN)/python -m tests.benchmarks.services
else
	$(BIN)/python -m tests.benchmarks
endif

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
