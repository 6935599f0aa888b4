# `make run` starts the product with demo data, `make test` runs every check. See the README for the same without make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test bench install install-test clean

run: .venv/installed
	@exec $(BIN)/python app.py

test: .venv/installed-test
	@sh .ci/chromium
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/pytest

bench: .venv/installed-test
	@$(BIN)/python tests/bench/check_speed.py

install: .venv/installed
install-test: .venv/installed-test

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make run PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "The venv module is missing: apt-get install python3-venv"; exit 1; }

.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/installed-test: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@ .venv/installed

clean:
	rm -rf .venv instance
