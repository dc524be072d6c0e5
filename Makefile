# The single entry point: people and CI call only make. Each target first sets up what it needs.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test prove soak bench verify lint up env deploy plan release status cancel retry rollback logs destroy down clean setup browser checkov build dist docs lock

TARGET ?= platform
export TARGET BACKEND_CONFIG PLATFORM_PORT
ifeq ($(filter $(TARGET),platform aws),)
$(error TARGET is platform (the default) or aws, not '$(TARGET)')
endif

PYTHON := .venv/bin/python
# The platform must run only if it is the target.
PLATFORM_UP := $(if $(filter platform,$(TARGET)),up)
OPERATOR := tools/operator.sh
# On the platform the functions run on this machine's processor; on AWS, Terraform chooses the architecture.
ARCHITECTURE := $(if $(filter aws,$(TARGET)),$(or $(TF_VAR_architecture),arm64),$(subst aarch64,arm64,$(shell uname -m)))
# Pass quotes and `$` in MANIFEST, RELEASE and REASON unchanged, from the command line or the environment.
override MANIFEST := $(value MANIFEST)
override RELEASE := $(value RELEASE)
override REASON := $(value REASON)
export MANIFEST RELEASE REASON
# $(call given,NAME,example): the variable NAME; make stops with an error if it is not set.
given = $(if $($1),"$$$1",$(error $1=$2 is needed))

help: ## List the targets
	@echo "make TARGET, where TARGET is one of:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: up build ## Deploy sample pipelines to the platform and follow a release of them
	@tools/demo/demo.sh

test: setup browser build ## Run the tests: units, contracts, a part of the simulation, end to end
	@$(PYTHON) -m tools.checks.test

prove: setup checkov build ## Run what takes longer: all of the simulation, its mutants, Terraform's tests and configurations
	@$(PYTHON) -m tools.checks.prove

# The zips of this machine, because the functions run here.
soak: setup build ## Release under chaos on the platform for MINUTES=10: everything must end, and be true
	@$(PYTHON) -m tools.checks.soak --minutes $(or $(MINUTES),10)

bench: setup build ## Measure latency, cost, scale and start: docs/performance.md (NAMES="cost scale", SIZES=10,100)
	@$(PYTHON) -m tools.checks.bench $(NAMES)

# The copy runs on AWS with the zips that ran on the platform.
verify: ARCHITECTURE := $(subst aarch64,arm64,$(shell uname -m))
verify: up build ## Run a part of the tests on a copy of its own; with TARGET=aws compare AWS with the emulator (YES=1: do not ask)
	@$(PYTHON) -m tools.verify --target $(TARGET) $(if $(YES),--yes)

lint: setup ## Check style, types, import rules and formatting without changing files
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet
	@# A folder name with a hyphen is no module name, so the plugin's tests need an import root of their own.
	@MYPYPATH=tools/localstack-plugin/tests .venv/bin/mypy --no-error-summary lambdas tools tests infra/demo
	@# The command runs on older versions of Python, too.
	@.venv/bin/mypy --no-error-summary --python-version 3.11 --cache-dir .mypy_cache/command lambdas/release_core tools/operator/src
	@PYTHONPATH=lambdas:tools/operator/src .venv/bin/lint-imports --no-cache > .platform/import-rules.log || { cat .platform/import-rules.log; exit 1; }
	@TF_CLI_CONFIG_FILE="$(CURDIR)/.platform/terraform.rc" terraform fmt -check -recursive infra
	@echo "Lint: no problems found."

up: setup ## Start the platform (PLATFORM_PORT=number; SERVICES=ec2,kinesis adds services of LocalStack)
	@$(PYTHON) -m tools.platform up

env: ## Print the shell settings that reach the platform: eval "$(make -s env)"
	@$(PYTHON) -m tools.platform env

deploy: $(PLATFORM_UP) build ## Deploy to the platform, or with TARGET=aws BACKEND_CONFIG=file to AWS
	@$(PYTHON) -m tools.deploy apply infra --target $(TARGET)

release: setup ## Submit MANIFEST=path and follow the release to its end (fails if the release fails; YES=1: do not ask)
	@$(OPERATOR) submit $(call given,MANIFEST,path/to/manifest.json) $(if $(YES),--yes)

plan: setup ## Show what MANIFEST=path would do now, without changing anything
	@$(OPERATOR) plan $(call given,MANIFEST,path/to/manifest.json)

status: setup ## Show what is live in each pipeline, or show RELEASE=id
	@$(OPERATOR) $(if $(RELEASE),show "$$RELEASE",status)

cancel: setup ## Stop RELEASE=id and its running pipelines (REASON=text is recorded; YES=1: do not ask)
	@$(OPERATOR) cancel $(call given,RELEASE,id) $(if $(REASON),--reason "$$REASON") $(if $(YES),--yes)

retry: setup ## Run the pipelines of RELEASE=id that did not succeed again, and follow them
	@$(OPERATOR) retry $(call given,RELEASE,id)

rollback: setup ## Ship what was live before RELEASE=id again, as a new release (YES=1: do not ask)
	@$(OPERATOR) rollback $(call given,RELEASE,id) $(if $(YES),--yes)

logs: setup ## Show the logs of the functions and follow them until Ctrl-C
	@$(OPERATOR) logs --follow

dist: setup ## Build what a release publishes, into .build/dist: command, zips, bills of materials and checksums
	@$(PYTHON) -m tools.dist --architecture $(or $(TF_VAR_architecture),arm64)

# Terraform reads the zips even to destroy, and a new clone has none.
destroy: build ## Destroy everything that deploy and demo created (FORCE=1 although releases run)
	@$(if $(filter platform,$(TARGET)),$(PYTHON) infra/demo/build_sources.py > /dev/null)
	@$(PYTHON) -m tools.deploy destroy $(if $(filter platform,$(TARGET)),infra/demo) infra --target $(TARGET) $(if $(FORCE),--force)

down: ## Stop the platform and all its processes
	@if [[ -x $(PYTHON) ]]; then $(PYTHON) -m tools.platform down; fi

clean: down ## Remove everything that was built or installed here
	@rm -rf .build .platform .venv node_modules
	@echo "Removed .build, .platform, .venv and node_modules."

# Rarely needed, so not in help.
setup:
	@tools/setup/setup.sh

browser:
	@tools/setup/browser.sh

checkov: setup
	@$(PYTHON) tools/setup/steps.py --prove

build: setup
	@$(PYTHON) tools/build_functions.py --architecture $(ARCHITECTURE)

docs: setup
	@PYTHONPATH=lambdas $(PYTHON) -m tools.manifest_schema
	@PYTHONPATH=lambdas $(PYTHON) -m tools.event_schemas
	@$(PYTHON) -m tools.workflow_diagram
	@$(PYTHON) -m tests.simulation throughput --write

lock: setup
	@tools/setup/lock.sh
