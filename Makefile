# Everything starts here: each target builds the environment it needs in .venv first.
PYTHON ?= python3.11
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help demo up down test check lint types bench soak screenshots install lock clean
help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 13

demo: .venv/.installed ## A promoter's three months in a local sandbox, loaded and summed up
	@$(BIN)/zakaz demo

PORT ?= 4200
up: .venv/.installed ## Prefect server with its UI, a worker and all deployments, on this machine
	@$(BIN)/zakaz up --port $(PORT)

down: .venv/.installed ## Stop them; your data stay
	@$(BIN)/zakaz down

test: .venv/.installed-dev ## All tests
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: lint types test ## What CI runs

lint: .venv/.installed-dev ## Style and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv/.installed-dev ## Static types
	$(BIN)/mypy

bench: .venv/.installed-dev ## A million ticket lines into the warehouse; all checks over three years
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.quality

SCHEDULES ?= 300
SEED ?= 1
soak: .venv/.installed-dev ## Random schedules of loads, faults and kills, which must end exact
	$(BIN)/python -m tests.soak --schedules $(SCHEDULES) --seed $(SEED)

screenshots: .venv/.installed-screens ## The pictures of docs/prefect.md, taken anew from a machine of its own
	$(BIN)/python ops/screenshots.py

install: .venv/.installed ## Only the environment

.venv/bin/python:
	@chmod 700 secrets || true
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing into .venv (a minute or two, once)"
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

.venv/.installed-screens: .venv/.installed
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[screens]'
	@touch $@

lock: | .venv/bin/python ## Resolve the pinned versions anew
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra s3 --extra screens --universal --python-version 3.11 \
		--no-emit-index-url --no-annotate --no-header --quiet --upgrade --output-file constraints.txt

clean: ## Remove the environment and the caches; your data stay
	rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
