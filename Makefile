# Everything a person or a CI job does with greenlight. Needs Python 3.11+ and make; the rest is set up in this folder.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
BIN := .venv/bin
DENO := "$(CURDIR)/$(BIN)/deno"
READY := .venv/.ready
REFERENCE := fixtures/reference
# Two stacks side by side, where there is a processor for each.
LANES ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1); echo $$((n < 2 ? n : 2)))
# Tests wait for what they start a third of their time, so that three keep two processors busy.
TESTERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1); echo $$((n < 2 ? 2 : 3)))
# Each is deployed by itself, so each pins its own packages.
DENO_FOLDERS := $(REFERENCE) $(REFERENCE)/supabase/functions $(REFERENCE)/web
LOCKS := requirements.lock package.json deno.lock $(wildcard $(addsuffix /deno.lock,$(DENO_FOLDERS)))
export DENO_DIR := $(CURDIR)/.deno
export DENO_NO_UPDATE_CHECK := 1
# Every process of a run compiles and rewrites some three hundred modules where it may not keep them: 5 s each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup verify test stack check bench lock clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(READY) ## set up: virtual environment, Deno packages, a browser

$(READY): $(LOCKS)
	@test -n "$(PYTHON)" || { echo "greenlight needs Python 3.11 or later with venv on the PATH (or: make PYTHON=/path/to/python)"; exit 1; }
	@echo "==> Python packages into .venv (pinned, with hashes)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "==> npm packages through Deno (pinned by deno.lock)"
	@$(DENO) install --quiet --frozen
	@for folder in $(DENO_FOLDERS); do (cd $$folder && $(DENO) install --quiet --frozen) || exit 1; done
	@echo "==> Deno compiles the reference rollout, for its caches (what it says of it is asked by make check and make test)"
	@(cd $(REFERENCE) && $(DENO) check scripts; \
	  cd "$(CURDIR)/$(REFERENCE)/supabase/functions" && $(DENO) check . ; $(DENO) test .; \
	  cd "$(CURDIR)/$(REFERENCE)/web" && $(DENO) task typecheck; $(DENO) task test) >/dev/null 2>&1; true
	@echo "==> a browser"
	@$(BIN)/python -m fixtures.browser
	@echo "==> a stack, once, for its caches"
	@$(BIN)/python -m fixtures.stack.warm
	@touch $@

verify: $(READY) ## the main job: start the stack, run the checks of `local`, write the reports, say go or no-go
	@echo "==> pytest -m local -n $(LANES)"
	@$(BIN)/python -m pytest -m local -n $(LANES) $(ARGS)

test: $(READY) ## greenlight's own tests
	@echo "==> greenlight's own tests"
	@$(BIN)/python -m pytest tests -n $(TESTERS) --dist worksteal $(ARGS)
	@echo "==> the reference rollout's own tests"
	@cd $(REFERENCE)/supabase/functions && $(DENO) test --quiet .
	@cd $(REFERENCE)/web && $(DENO) task --quiet test

stack: $(READY) ## keep a stack running in the foreground; prints its addresses and keys (ROLLOUT=dir for your own)
	@$(BIN)/python -m fixtures.stack $(if $(ROLLOUT),--rollout "$(ROLLOUT)") $(ARGS)

check: $(READY) ## ruff, mypy and Deno's checks
	@echo "==> ruff"; $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "==> mypy"; $(BIN)/mypy
	@echo "==> deno lint, fmt and check"
	@cd $(REFERENCE) && $(DENO) lint --quiet && $(DENO) fmt --quiet --check && $(DENO) check --quiet scripts
	@cd $(REFERENCE)/supabase/functions && $(DENO) lint --quiet && $(DENO) fmt --quiet --check && $(DENO) check --quiet .
	@cd $(REFERENCE)/web && $(DENO) task --quiet lint && $(DENO) task --quiet typecheck

bench: $(READY) ## benchmarks, as ratios within one run
	@$(BIN)/python -m tests.bench

lock: ## pin the packages again (requirements.lock, deno.lock)
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --upgrade -o requirements.lock
	@$(BIN)/deno install

clean: ## remove what setup and runs made
	rm -rf .venv .deno node_modules reports/out
