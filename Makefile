# The front door: `make run` and `make test`. Both work from a fresh clone.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# The tests start the command hundreds of times: it need not be compiled each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup test-setup run test check bench soak
.DELETE_ON_ERROR:

setup: $(VENV)/.installed
test-setup: $(VENV)/.test-installed

$(VENV)/.installed: pyproject.toml deploy/debian-packages
	sh deploy/debian-packages runtime
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.test-installed: $(VENV)/.installed
	sh deploy/debian-packages test
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

run: setup
	$(BIN)/zaehlwerk demo --serve

test: test-setup
	$(BIN)/pytest --numprocesses 2 --dist loadfile

check: test-setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.migrations_agree
	$(MAKE) test

bench: test-setup
	sh deploy/debian-packages bench
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,bench]'
	$(BIN)/python -m bench.run

soak: test-setup
	$(BIN)/python -m bench.soak
