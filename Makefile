# Everything starts here: each target builds the environment it needs in .venv first.
# The first allowed one that can make an environment; another: make demo PYTHON=/usr/local/bin/python3.12
ALLOWED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for one in python3.11 python3.12 python3.13 python3; do \
	$$one -c 'import ensurepip; $(ALLOWED)' 2>/dev/null && echo $$one && break; done)
BIN := .venv/bin
# Of pip itself nothing is kept: it would be 10 MB more.
PIP := PYTHONDONTWRITEBYTECODE=1 $(BIN)/python -m pip
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Where it is set, each of the many processes compiles all that it imports anew: seconds of each command and test.
export PYTHONDONTWRITEBYTECODE =

# Engines and databases write many small files, which on a disk cost tests much of their time: where there is room for
# them, and for programs (containers may forbid these there), they are in memory.
ifndef TMPDIR
IN_MEMORY := $(shell grep -qs ' /dev/shm .*noexec' /proc/mounts || df -Pk /dev/shm 2>/dev/null \
	| awk 'NR == 2 && $$4 > 4194304 { print "TMPDIR=/dev/shm" }')
endif

.PHONY: help demo up down test fast check lint types bench bench-dlt soak drill screenshots install datalens s3 lock unknowns images sbom audit clean
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 13

demo: .venv/.installed-run ## A promoter's nine months in a local sandbox, loaded and summed up
	@$(BIN)/zakaz demo

up: .venv/.installed-run ## A Prefect server with its UI, a worker and all deployments here
	@$(BIN)/zakaz up $(if $(PORT),--port $(PORT))

down: .venv/.installed-run ## Stop them; your data stay
	@$(BIN)/zakaz down

test: .venv/.installed-dev ## All tests
	$(IN_MEMORY) $(BIN)/python -m pytest --numprocesses auto --dist loadgroup --no-loadscope-reorder

fast: .venv/.installed-dev ## The tests that need no server and no process of their own
	$(IN_MEMORY) $(BIN)/python -m pytest --numprocesses auto --dist loadgroup --no-loadscope-reorder -m "not slow"

check: lint types sbom test ## What CI runs

lint: .venv/.installed-dev ## Style and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv/.installed-dev ## Static types
	$(BIN)/mypy

bench: .venv/.installed-dev ## What loads, checks and views cost with years of data: half an hour
	$(BIN)/python -m bench

bench-dlt: .venv/.installed-dev .cache/dlt/.installed ## Zakaz beside dlt, over the same API and server
	$(BIN)/python -m bench.dlt_load .cache/dlt/bin/python

.cache/dlt/.installed: requirements/bench.txt
	@$(PYTHON) -m venv .cache/dlt
	@.cache/dlt/bin/python -m pip install --quiet --require-hashes --no-deps --requirement $<
	@touch $@

SCHEDULES ?= 300
SEED ?= 1
soak: .venv/.installed-dev ## Random schedules of loads, faults and kills, which must end exact
	$(IN_MEMORY) $(BIN)/python -m tests.soak --schedules $(SCHEDULES) --seed $(SEED)

DEFECTS ?= 200
LIVES ?= all
drill: .venv/.installed-dev ## What the checks see, and how silent they are in healthy life: hours
	$(IN_MEMORY) $(BIN)/python -m drill --seed $(SEED) --defects $(DEFECTS) --lives "$(LIVES)"

screenshots: .venv/.installed-screens ## The pictures of the docs, taken anew
	$(BIN)/python ops/screenshots.py

install: .venv/.installed-run ## Only the environment

datalens: .venv/.installed-datalens ## The environment, and DataLens's SDK for `zakaz datalens`

s3: .venv/.installed-s3 ## The environment, and what LANDING_URL and REPORT_URL on S3 need

# One that was only half made is made anew, and nothing half made stays.
.venv/.made:
	@chmod 700 secrets || true
	@$(or $(PYTHON),false) -c 'import ensurepip; $(ALLOWED)' 2>/dev/null || { echo 'Zakaz needs Python 3.11, 3.12 or 3.13 with venv, and finds none. Debian, Ubuntu:' \
		'apt install python3-venv; macOS: brew install python@3.12. One elsewhere: make PYTHON=/path/to/python3.12'; exit 1; }
	@$(BIN)/python -c 'import pip; $(ALLOWED)' 2>/dev/null || { rm -rf .venv && $(PYTHON) -m venv .venv; } \
		|| { rm -rf .venv; exit 1; }
	@touch $@

# Nothing is installed but what a lock names with its hash. The build tools come first: Zakaz is built with them, and
# pip goes on as the pinned one. Python 3.11 brings setuptools along, which nobody uses. Python compiles what it imports;
# all of it would be 150 MB more.
SIZE = 300 MB to fetch and 1 GB on disk
.venv/.installed-%: requirements/%.txt requirements/build.txt pyproject.toml | .venv/.made
	@echo "Installing into .venv with $$($(BIN)/python --version): $(SIZE), a minute or two, once"
	@$(PIP) install --quiet --no-compile --require-hashes --no-deps --requirement requirements/build.txt
	@$(PIP) uninstall -qq --yes setuptools
	@$(PIP) install --quiet --no-compile --require-hashes --no-deps --requirement $<
	@$(PIP) install --quiet --no-compile --no-deps --no-build-isolation --editable .
	@! $(PIP) check | grep --invert-match 'No broken requirements\|^chdb-core .* requires \(pandas\|pyarrow\)'
	@touch $@

COMPILE = $(BIN)/uv pip compile --quiet --no-emit-index-url
SUBSET = $(COMPILE) --constraint constraints.txt
lock: | .venv/.made ## Resolve the pinned versions anew, with their hashes
	$(PIP) install --quiet --no-compile --require-hashes --no-deps --requirement requirements/lock.txt
	$(COMPILE) pyproject.toml --all-extras --group build --group lock --upgrade \
		--no-generate-hashes --no-emit-build-options --output-file constraints.txt
	$(SUBSET) pyproject.toml --extra s3 --output-file requirements/server.txt
	$(SUBSET) pyproject.toml --extra local --output-file requirements/run.txt
	$(SUBSET) pyproject.toml --extra local --extra s3 --output-file requirements/s3.txt
	$(SUBSET) pyproject.toml --extra dev --output-file requirements/dev.txt
	$(SUBSET) pyproject.toml --extra local --extra screens --output-file requirements/screens.txt
	$(SUBSET) pyproject.toml --extra local --extra datalens --output-file requirements/datalens.txt
	$(SUBSET) pyproject.toml --extra bench --output-file requirements/bench.txt
	$(SUBSET) --group build --output-file requirements/build.txt
	$(SUBSET) --group lock --output-file requirements/lock.txt

unknowns: .venv/.installed-run ## The tables of docs/unknowns.md, of the questions that `zakaz probe` asks
	$(BIN)/python -m tasks.unknowns.page

images: .venv/.installed-run ## Put the digests that the registry gives behind the images' tags
	$(BIN)/python ops/images.py

sbom: .venv/.installed-dev ## What Zakaz is made of, into build/; are all licences allowed?
	@mkdir -p build
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements requirements/s3.txt --pyproject pyproject.toml \
		--output-reproducible --output-file build/sbom.cdx.json
	@$(BIN)/pip-licenses --output-file build/licences.md

audit: .venv/.installed-dev ## Known vulnerabilities; status 3 where nobody could be asked
	@$(BIN)/python ops/audit.py requirements/*.txt

clean: ## Remove the environment and the caches; your data stay
	rm -rf .venv build .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@echo 'Left: data/ (the warehouse, what was fetched) and secrets/ (tokens, passwords). Nothing is kept elsewhere.'
