# Each target does its own set-up; the long ones show what they are doing.

TOOLS := .local/tools
LINTERS := $(TOOLS)/linters/bin
NODE_TOOLS := $(TOOLS)/browser/node_modules/.bin
OPENAPI_TOOLS := $(TOOLS)/openapi/node_modules/.bin
SCRIPTS = $(shell git grep --files-with-matches '^\#!/usr/bin/env bash' -- ':!*.rs')
export PATH := $(CURDIR)/$(TOOLS)/cargo-lambda/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
export REDOCLY_TELEMETRY := off
export REDOCLY_SUPPRESS_UPDATE_NOTICE := true
# `run` and `test` show at their end how long each step took.
TIMED := infra/local/timed
# The stacks beside the main one.
BESIDE := infra/alarms.yaml infra/dashboard.yaml infra/domain.yaml infra/web-acl.yaml
export STEPS := $(CURDIR)/.local/steps

.DEFAULT_GOAL := help

.PHONY: help run watch test test-upgrade simulate simulate-planted lint lint-rust lint-others nightly audit fuzz bench aws-check package deploy steps tools checkers clean

help:                 ## these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-18s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: steps            ## the real template on an emulated AWS; prints a URL and a key
	@$(TIMED) "Installing the tools" infra/tools/install sam ministack
	@$(TOOLS)/sam/bin/python infra/local/stack.py run $(if $(PORT),--port $(PORT))

watch: tools          ## the functions, rebuilt at each change, on a DynamoDB in memory
	@infra/local/watch

# Most tests wait most of the time.
test: export RUST_TEST_THREADS ?= $(shell echo $$((2 * $$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN))))
# What the network takes its time for, and what the processor does.
test: steps           ## everything
	@$(MAKE) --no-print-directory --jobs 2 lint
	$(TIMED) "cargo test, compiling" cargo test --workspace --no-run
	$(TIMED) "cargo test" cargo test --workspace
	$(TIMED) "Simulation, compiling" cargo build --profile simulation --package simulation
	$(TIMED) "Simulation" target/simulation/simulation 0..600
	@$(TIMED)

test-upgrade: tools   ## the guide to upgrading from 0.1.0, step by step on an emulated AWS with clients; SEED
	@$(TOOLS)/sam/bin/python tests/upgrade/upgrade.py $(if $(SEED),--seed $(SEED))

simulate:             ## the functions in a world with a seed, SEEDS such as 17 or 0..5000
	cargo run --profile simulation --package simulation -- $(or $(SEEDS),0..600)

simulate-planted:     ## how many seeds find each planted bug; some minutes each
	@infra/local/simulate-planted $(or $(SEEDS),0..1000)

lint: lint-rust lint-others  ## format, types and habits, docs, template, OpenAPI

lint-rust:
	$(TIMED) "cargo fmt" cargo fmt --all --check
	$(TIMED) "cargo clippy" cargo clippy --workspace --all-targets --all-features -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" \
		$(TIMED) "cargo doc" cargo doc --workspace --all-features --no-deps --document-private-items

lint-others: tools checkers
	$(TIMED) "tsc, console" $(NODE_TOOLS)/tsc --project functions/serve-console
	$(TIMED) "tsc, its tests" $(NODE_TOOLS)/tsc --project tests/browser
	$(TIMED) "biome" $(NODE_TOOLS)/biome lint --error-on-warnings functions/serve-console/assets tests/browser
	$(LINTERS)/ruff check --quiet --no-cache
	$(LINTERS)/ruff format --check --quiet --no-cache
	$(TIMED) "shellcheck" $(LINTERS)/shellcheck $(SCRIPTS)
	$(LINTERS)/shfmt --indent 4 --diff $(SCRIPTS)
	$(TIMED) "sam validate" $(TOOLS)/sam/bin/sam validate --lint
	$(TIMED) "sam validate, sample API" $(TOOLS)/sam/bin/sam validate --lint --template tests/sample-api/template.yaml
	$(TIMED) "sam validate, what asks AWS" $(TOOLS)/sam/bin/sam validate --lint --template infra/aws_check/probe.yaml
	$(TIMED) "cfn-lint, stacks beside it" $(TOOLS)/sam/bin/cfn-lint $(BESIDE)
	$(TOOLS)/sam/bin/python infra/local/stack.py transform > .local/template.json
	$(TIMED) "checkov" $(TOOLS)/checkov/bin/checkov --config-file infra/checkov.yaml --file .local/template.json $(BESIDE)
	$(TOOLS)/openapi-spec-validator/bin/openapi-spec-validator infra/openapi.yaml
	$(TIMED) "redocly" $(OPENAPI_TOOLS)/redocly lint --extends recommended-strict infra/openapi.yaml
	$(TIMED) "spectral" $(OPENAPI_TOOLS)/spectral lint --ruleset infra/spectral.yaml --fail-severity hint infra/openapi.yaml

nightly: audit        ## what `test` does, at sizes that take hours, and what it leaves out
	SWEPT_KEYS=100000 NOTICED_KEYS=100000 KEYS=20000 LEASED_KEYS=100000 USAGE_REQUESTS=100000 FORM_REQUESTS=100000 VERIFIED_REQUESTS=50000 $(MAKE) test
	$(MAKE) simulate SEEDS=0..10000
	$(MAKE) fuzz
	infra/package/twice
	$(TOOLS)/sam/bin/python infra/local/stack.py check
	$(MAKE) test-upgrade

audit:                ## licences, bans, sources; advisories where the network reaches them
	@infra/local/audit

fuzz:                 ## what reads what anybody may send, SECONDS each (600), or TARGET alone; KEEP=1 writes fuzz/kept
	@infra/local/fuzz $(or $(SECONDS),600) $(TARGET)

bench: tools          ## what the functions cost, beside what users would pick instead; leave the machine alone meanwhile
	@bench/prepare
	cargo run --profile driver --package bench -- $(if $(ONLY),--only $(ONLY))

aws-check: tools      ## asks AWS what only AWS shows, in your account, and removes all of it; NAME, ALARMS=yes, KEEP=yes, REMOVE
	@$(TOOLS)/sam/bin/python infra/aws_check/check.py $(if $(NAME),--name $(NAME)) $(if $(ALARMS),--alarms) $(if $(KEEP),--keep) \
		$(if $(REMOVE),--remove $(REMOVE))

package: tools        ## an archive that `sam deploy` takes without Rust, for ARCHITECTURE: x86_64 or arm64
	@infra/tools/install sbom
	@infra/package/package $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE))

deploy: tools         ## to AWS, with the credentials of your shell; STACK, and PARAMETERS that are to change
	$(TOOLS)/sam/bin/python infra/deploy.py $(if $(STACK),--stack $(STACK)) $(PARAMETERS)

steps:
	@mkdir -p .local && date +%s >$(STEPS)

tools:                ## pinned, each in an environment of its own
	@$(TIMED) "Installing the tools" infra/tools/install cargo-lambda sam ministack

checkers:             ## what only `test` needs beside them
	@$(TIMED) "Installing the checkers" infra/tools/install checkov linters openapi-python-client openapi-spec-validator sbom schemathesis
	@$(TIMED) "Installing the tools for OpenAPI" infra/tools/install-npm openapi infra/tools/openapi
	@$(TIMED) "Installing CDK" infra/tools/install-npm cdk infra/tools/cdk
	@$(TIMED) "Installing the browser" infra/tools/install-browser

clean:                ## removes what was built and installed
	rm -rf target .aws-sam .local
