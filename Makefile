# make demo     the playground: a family, a desk, a petition and a search, in your browser, with no account anywhere
# make test     everything that must hold, and at the end what did not run and why
# make check    the quick half of it, for while you work
# make run      serve a community (after .venv/bin/payvand init)
# make bench    how fast it is
# make proof    the fault tests at their full counts (long)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RIVALS := .venv-benchmarks
SYNAPSE := .venv-synapse
ELEMENT := .element
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo run test check lint bench proof parts clean

help:
	@sed -n 's/^# make/  make/p' Makefile

demo: $(VENV)/payvand
	@$(BIN)/payvand demo

run: $(VENV)/payvand
	@$(BIN)/payvand run

test: $(VENV)/payvand $(VENV)/tests $(SYNAPSE)/locked $(ELEMENT)/locked parts lint
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal --durations 30

check: $(VENV)/payvand $(VENV)/tests lint
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal -m "not slow" --ignore=tests/faults --ignore=tests/playground

lint:
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports --no-logo

proof: $(VENV)/payvand $(VENV)/tests $(SYNAPSE)/locked parts
	PAYVAND_PROOF=full $(BIN)/pytest --timeout=14400 tests/faults tests/operator/test_verification.py tests/search/test_enumeration.py \
	  tests/storage/test_migrations.py tests/family/test_duress.py
	PAYVAND_PROOF=full $(BIN)/pytest -n auto --maxprocesses 4 -k postgres tests/family tests/updates

bench: $(VENV)/payvand $(VENV)/tests $(RIVALS)/locked
	$(BIN)/python -m benchmarks

parts:
	@tests/system-parts

clean:
	rm -rf $(VENV) $(RIVALS) $(SYNAPSE) $(ELEMENT) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# -- installing, once; and again when a lock has changed ------------------------------------------------------------------

$(VENV)/pyvenv.cfg:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing. Install Python 3.11 or later."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Payvand needs Python 3.11 or later. If you have one beside this: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python can't make environments. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/locked: deploy/requirements.txt | $(VENV)/pyvenv.cfg
	@echo "Installing what deploy/requirements.txt locks"
	@$(PIP) install --require-hashes -r deploy/requirements.txt
	@touch $@

$(VENV)/payvand: pyproject.toml $(VENV)/locked
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/tests: tests/requirements.txt $(VENV)/locked
	@echo "Installing what tests/requirements.txt locks"
	@$(PIP) install --require-hashes -r tests/requirements.txt
	@touch $@

# The other bots that a benchmark compares us with have an environment of their own: their locks may differ from ours.
$(RIVALS)/locked: benchmarks/requirements.txt | $(VENV)/pyvenv.cfg
	@echo "Installing what benchmarks/requirements.txt locks"
	@$(PYTHON) -m venv $(RIVALS)
	@$(RIVALS)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r benchmarks/requirements.txt
	@touch $@

# The Matrix server that tests talk to, in an environment of its own. Its lock is made from one line: matrix-synapse>=1.163
$(SYNAPSE)/locked: tests/synapse-requirements.txt | $(VENV)/pyvenv.cfg
	@echo "Installing what tests/synapse-requirements.txt locks"
	@$(PYTHON) -m venv $(SYNAPSE)
	@$(SYNAPSE)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r tests/synapse-requirements.txt
	@touch $@

# Element's own encryption with a Node of its own, for one test file. Without npm that file is skipped, and says so.
$(ELEMENT)/locked: tests/matrix/element/package.json tests/matrix/element/package-lock.json | parts
	@if ! command -v npm >/dev/null; then echo "npm is missing: whether Element reads the bot will not be tested"; exit 0; fi; \
	  echo "Installing what tests/matrix/element/package-lock.json locks" && mkdir -p $(ELEMENT) && cp $^ $(ELEMENT)/ && \
	  npm --prefix $(ELEMENT) ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch $@
