# `make run` is all it takes. More options: make run ARGS="--port 8001", make test ARGS="-k sponsors"
.DEFAULT_GOAL := help
.PHONY: help run test lint types format lock assets bench bench-composer screenshots ci clean

PYTHON := .venv/bin/python
PROCESSES ?= 2
ARGS ?=
RESOLVE = UV_NO_CONFIG=1 UV_SYSTEM_CERTS=1 .venv/bin/uv pip compile --generate-hashes --no-emit-index-url --no-emit-find-links --universal \
	--python-version 3.11 --no-header --no-annotate -q
SOURCES := manage.py newsroom issues sponsors tests

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## set up what is missing and start everything; Ctrl-C stops it
	@bin/bootstrap requirements.lock && exec $(PYTHON) manage.py run $(ARGS)

test: ## run the tests; those that need a server or a browser skip without it
	@bin/bootstrap requirements-test.lock && exec $(PYTHON) -m pytest -q -n $(PROCESSES) --dist worksteal $(ARGS)

lint: ## check style and formatting
	@bin/bootstrap requirements-lint.lock && $(PYTHON) -m ruff check $(SOURCES) && $(PYTHON) -m ruff format --check $(SOURCES)

types: ## check types
	@bin/bootstrap requirements-lint.lock && $(PYTHON) -m mypy

format: ## put the code in order
	@bin/bootstrap requirements-lint.lock && $(PYTHON) -m ruff check --fix-only $(SOURCES) && $(PYTHON) -m ruff format $(SOURCES)

lock: ## renew the locks after a change in pyproject.toml; ARGS=--upgrade takes new versions
	@bin/bootstrap requirements.lock
	$(RESOLVE) $(ARGS) pyproject.toml -o requirements.lock
	$(RESOLVE) $(ARGS) pyproject.toml --extra postgres -c requirements.lock -o requirements-postgres.lock
	$(RESOLVE) $(ARGS) pyproject.toml --group test -c requirements-postgres.lock -o requirements-test.lock
	$(RESOLVE) $(ARGS) pyproject.toml --group test --group lint -c requirements-test.lock -o requirements-lint.lock
	echo uv | $(RESOLVE) $(ARGS) - -o bin/uv.txt

assets: ## build the composer's script after a change in issues/assets (needs Node)
	cd issues/assets && npm ci && node build.mjs

bench: ## measure what docs/performance.md reports
	@bin/bootstrap requirements-test.lock && $(PYTHON) manage.py migrate -v 0 && exec $(PYTHON) manage.py bench $(ARGS)

bench-composer: ## measure how soon the preview follows the keys (needs Chromium)
	@bin/bootstrap requirements-test.lock && exec $(PYTHON) -m tests.bench_composer

screenshots: ## take the pictures of the README anew (needs Chromium)
	@bin/bootstrap requirements-test.lock && exec $(PYTHON) -m tests.screenshots

ci: ## what the build server does, on a fresh Debian 12, as root
	@CI=true bash .ci/run

clean: ## remove what can be made again, but not your data in var/
	rm -rf .venv issues/assets/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find newsroom issues sponsors tests -name __pycache__ -type d -prune -exec rm -rf {} +
