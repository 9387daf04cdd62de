# The commands of atrio. `make run` and `make test` work from a fresh clone and install what they
# need; everything they fetch comes from the package registries.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CACHE := $(HOME)/.cache/atrio

# A build cache outside the clone is used when there is one: `mkdir -p ~/.cache/atrio/target`.
export CARGO_TARGET_DIR ?= $(if $(wildcard $(CACHE)/target),$(CACHE)/target,$(CURDIR)/target)

# What makes the next build quicker is several gigabytes that a clone built once has no use for.
ifdef CI
export CARGO_INCREMENTAL := 0
endif

HTTP ?= 127.0.0.1:8080
MQTT ?= 127.0.0.1:8883
SQL ?= 127.0.0.1:5432
FLIGHT ?= 127.0.0.1:32010
DATA ?= ./data
TRAFFIC ?= 20
# A rehearsal hour such as 2026-05-05T10:00:00+02:00: the clock starts there.
NOW ?=

CHROMIUM := /usr/bin/chromium
READER := $(CACHE)/venv-reader
FUZZER := $(CACHE)/venv-fuzzer
ENDPOINT := $(CACHE)/venv-endpoint
ENDPOINT_PORT ?= 4599

.PHONY: help run web test format lint build rust browser infrastructure bench lean tools reader fuzzer \
  test-endpoint endpoint

help: ## Lists the commands.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: web ## Builds and runs the whole platform here, with sample venues and live sample traffic.
	cargo build --profile platform -p atrio
	$(CARGO_TARGET_DIR)/platform/atrio serve --data $(DATA) --http $(HTTP) --mqtt $(MQTT) --sql $(SQL) \
	  --flight $(FLIGHT) \
	  --traffic $(TRAFFIC) $(if $(NOW),--now $(NOW))

web: web/build/index.html ## Builds the pages.

web/build/index.html: web/node_modules/.package-lock.json $(shell find web/src web/static -type f) \
  web/svelte.config.js web/vite.config.ts samples/regions.geojson
	cd web && npm run build
	touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	touch $@

test: tools format lint rust browser infrastructure ## Runs every check and test.
	@echo "all checks passed"

format: ## Checks the formatting.
	cargo fmt --all --check

lint: web/node_modules/.package-lock.json ## Lints the code and the pages.
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cd web && npm run check

# Always the whole workspace: one set of features, so that nothing is compiled twice.
build: ## Builds every program for the tests.
	cargo build --workspace --locked

rust: reader build ## Runs the rules, the stories, the promises and the functions' bootstraps.
	cargo test --workspace --locked

browser: tools web build fuzzer ## Plays the main job in a real browser, then calls the API as its description allows.
	cd web && npm run test:unit
	FUZZER=$(FUZZER)/bin/schemathesis tests/browser.sh

# The endpoint keeps its tables in memory and is stopped at the end, however the tests went.
test-endpoint: endpoint reader build ## Runs the stories and promises against another DynamoDB than the embedded one, and the lake on an object store.
	tests/endpoint.sh $(ENDPOINT)/bin $(ENDPOINT_PORT) sh -ec ' \
	  cargo test --workspace --locked --test promises -- --ignored in_an_object_store; \
	  cargo test --workspace --locked --test stories --test promises'

infrastructure: ## Lints the infrastructure template and tests it.
	iac/lint.sh

bench: ## Measures; writes nothing but the table on the screen.
	cargo build --profile platform -p atrio -p atrio-load
	cargo run --profile platform -p atrio-load

lean: ## Builds each function as its Lambda carries it.
	cargo build --profile lean $(addprefix -p atrio-,$(notdir $(wildcard functions/*)))

reader: $(READER)/installed ## Installs the independent readers of the lake and of invoices.

# With the schema of FatturaPA 1.2.2 as it was published, in a package that carries it; nothing of that is run.
$(READER)/installed: tests/readers.txt
	python3 -m venv $(READER)
	$(READER)/bin/pip install --quiet --disable-pip-version-check -r tests/readers.txt
	$(READER)/bin/pip download --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
	  --dest $(READER)/schema 'odoo12-addon-l10n-it-fatturapa==12.0.3.0.3'
	touch $@

fuzzer: $(FUZZER)/bin/schemathesis ## Installs what calls the API as its description allows.

$(FUZZER)/bin/schemathesis:
	python3 -m venv $(FUZZER)
	$(FUZZER)/bin/pip install --quiet --disable-pip-version-check 'schemathesis==4.32.*'

endpoint: $(ENDPOINT)/bin/ministack ## Installs another program that speaks DynamoDB.

$(ENDPOINT)/bin/ministack:
	python3 -m venv $(ENDPOINT)
	$(ENDPOINT)/bin/pip install --quiet --disable-pip-version-check 'ministack==1.5.33'

tools: ## Installs the browser, the MQTT and PostgreSQL clients and the PDF reader that the tests use, where missing.
	@[ -x $(CHROMIUM) ] && command -v mosquitto_pub >/dev/null && command -v pdfinfo >/dev/null && command -v psql >/dev/null || { \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium mosquitto-clients poppler-utils postgresql-client; }
