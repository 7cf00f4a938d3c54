# make quickstart   the whole flow on the embedded tunes, into ./quickstart
# make test         the tests
# make check        format, lint and types
# Each makes .venv first when it is missing or when pyproject.toml or constraints.txt have changed.

PYTHON ?= python3
VENV := .venv
INSTALLED := $(VENV)/.installed

quickstart: $(INSTALLED)
	$(VENV)/bin/hf-abc quickstart --out quickstart

test: $(INSTALLED)
	$(VENV)/bin/python -m pytest $(TESTS)

check: $(INSTALLED)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit('hf_abc needs Python 3.11 or newer: make PYTHON=python3.12 ...' if sys.version_info < (3, 11) else 0)"
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV), this takes a few minutes the first time"
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(INSTALLED)

.PHONY: quickstart test check
