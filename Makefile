# Shorthands for the commands of README.md and CONTRIBUTING.md; nothing here is needed to use dpy.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: demo test check format docs bench ci clean

.venv: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e '.[dev]'
	@touch .venv

demo: .venv  ## all examples
	$(BIN)/python -m examples.main

test: .venv  ## the tests
	$(BIN)/python -m pytest -n 2

check: .venv  ## what takes seconds: style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy dpy

format: .venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv  ## generated pages
	$(BIN)/python docs/make_errors.py

bench: .venv
	$(BIN)/python benchmarks/run.py
	$(BIN)/python -m benchmarks.updates

ci:  ## everything, in a fresh clone
	.ci/run

clean:
	rm -rf .venv build dist pictures .mypy_cache .pytest_cache .ruff_cache
