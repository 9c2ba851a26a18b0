# Each target does its own set-up; the long ones say what they are doing.

TOOLS := .local/tools
export PATH := $(CURDIR)/$(TOOLS)/cargo-lambda/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

.PHONY: run watch test lint audit fuzz bench deploy tools checkers clean

run: tools            ## the real template on an emulated AWS; prints a URL and a key
	@$(TOOLS)/sam/bin/python infra/local/stack.py run $(if $(PORT),--port $(PORT))

watch: tools          ## the functions, rebuilt at each change, on a DynamoDB in memory
	@infra/local/watch

test: tools lint      ## everything
	cargo test --workspace

lint: tools checkers  ## format, clippy, docs, template, OpenAPI
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --document-private-items
	$(TOOLS)/sam/bin/sam validate --lint
	$(TOOLS)/sam/bin/sam validate --lint --template tests/sample-api/template.yaml
	$(TOOLS)/sam/bin/python infra/local/stack.py transform > .local/template.json
	$(TOOLS)/checkov/bin/checkov --config-file infra/checkov.yaml --file .local/template.json
	$(TOOLS)/openapi-spec-validator/bin/openapi-spec-validator infra/openapi.yaml

audit:                ## licences, bans, sources; advisories where the network reaches them
	@infra/local/audit

fuzz:                 ## what reads what anybody may send, SECONDS each (600), or TARGET alone
	@infra/local/fuzz $(or $(SECONDS),600) $(TARGET)

bench: tools          ## what the functions cost, beside what users would pick instead; leave the machine alone meanwhile
	@bench/prepare
	cargo run --profile driver --package bench -- $(if $(ONLY),--only $(ONLY))

deploy: tools               ## to AWS, with the credentials of your shell
	$(TOOLS)/sam/bin/sam build && $(TOOLS)/sam/bin/sam deploy --guided

tools:                ## pinned, each in an environment of its own
	@infra/tools/install cargo-lambda sam ministack

checkers:             ## what only `test` needs beside them
	@infra/tools/install checkov openapi-spec-validator schemathesis
	@infra/tools/install-browser

clean:
	rm -rf target .aws-sam .local
