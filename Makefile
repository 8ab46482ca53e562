# Needs Python 3.11 with pip and venv, make and git. `make demo` and `make test` set up what they use.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lowest check lint types bench compiled clean

demo: compiled  ## analyse one incident, seen at four hops
	$(BIN)/clerk-logscan analyze sample_logs/incident/ || [ $$? -eq 1 ]

test: compiled  ## all tests; real servers and Node where they are installed
	$(BIN)/python -m pytest -n auto $(PYTEST)

lowest:  ## the same with the oldest versions of the dependencies that pyproject.toml allows
	mkdir -p $(VENV)-lowest
	sed -n '/^dependencies/,/^]/s/^ *"\(.*\)>=\(.*\)",/\1==\2/p' pyproject.toml >$(VENV)-lowest/constraints.txt
	PIP_CONSTRAINT=$(VENV)-lowest/constraints.txt $(MAKE) test VENV=$(VENV)-lowest

check: lint types  ## lint, format and types

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

bench: $(READY)  ## the peers side by side, some minutes; writes bench/RESULTS.md
	bench/install_peers.sh
	$(BIN)/python bench/run.py $(BENCH)

# As pip does when it installs; some machines forbid Python to keep bytecode when it runs, and each start costs twice.
compiled: $(READY)
	$(BIN)/python -m compileall -q clerk_logscan

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-lowest build dist .pytest_cache .hypothesis .mypy_cache .ruff_cache
