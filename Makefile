# `make run` starts the product with demo data, `make test` runs every check. See the README for the same without make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test static style types holes screenshots bench compiled soak attacks audit-packages reference mutants install install-test clean

run: .venv/installed
	@exec $(BIN)/python app.py

test: | .venv/bin/python
	@sh .ci/chromium & browser=$$!; $(MAKE) --no-print-directory install-test && wait $$browser
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target static
	$(BIN)/pytest -n 2 --dist worksteal

static: style types holes

style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet templates

types:
	$(BIN)/mypy

holes:
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml app.py tracker migrations

# Every page in every state, as pictures to look at; STATE=names, ONLY=payers for a few of them.
SCREENS ?= build/screens
screenshots: .venv/installed-test
	@sh .ci/chromium
	@$(BIN)/python tests/screens/take.py $(SCREENS) $(if $(STATE),--state $(STATE)) $(if $(ONLY),--only '$(ONLY)')

bench: compiled
	@$(BIN)/python tests/bench/check_speed.py
	@TRACKER_COMPILED_RULES=1 $(BIN)/python tests/bench/check_speed.py
	@$(BIN)/python tests/bench/worklist_speed.py
	@$(BIN)/python tests/bench/sign_in_timing.py
	@$(BIN)/python tests/bench/load.py

# The rules as machine code; they are put in place once they answer as the sources do.
compiled: .venv/installed-compiler
	@sh .ci/compiler $(BIN)/python
	@$(BIN)/python tests/compiled/make.py

KILLS ?= 1000
TOGETHER ?= 100
BACKUPS ?= 200
POINTS ?= all
SOAK ?= /tmp/tracker-soak
soak: .venv/installed-test
	@sh .ci/strace
	@$(BIN)/python tests/faults/soak.py kills=$(KILLS) together=$(TOGETHER) backups=$(BACKUPS) points=$(POINTS) folder=$(SOAK)

attacks: .venv/installed-test
	ATTACKS=full $(BIN)/pytest -n 2 tests/web/test_attacks.py

# Known holes in the packages of constraints.txt, as PyPI lists them; what cannot be asked about is a failure.
audit-packages: build/audit/bin/pip-audit
	@build/audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict

build/audit/bin/pip-audit:
	@$(PYTHON) -m venv build/audit
	@build/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1

COUNT ?= 1000
FIRST ?= 0
reference: .venv/installed-test
	@$(BIN)/python tests/reference/run.py $(COUNT) $(FIRST)

mutants: .venv/installed-mutation
	nice -n 15 $(BIN)/mutmut run --max-children 1
	$(BIN)/mutmut results

install: .venv/installed
install-test: .venv/installed-test

.venv/bin/python:
	@sh .ci/venv $(PYTHON)

.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/installed-test: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@ .venv/installed

.venv/installed-compiler: .venv/installed-test
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[compiler]'
	@touch $@

.venv/installed-mutation: .venv/installed-test
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[mutation]'
	@touch $@

clean:
	rm -rf .venv instance mutants
