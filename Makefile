# The only door: people and CI call nothing but make. Each target sets up what it needs first.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test simulation soak mutants lint up env deploy plan release status cancel retry rollback logs destroy down clean setup build dist docs lock

TARGET ?= platform
export TARGET BACKEND_CONFIG PLATFORM_PORT
ifeq ($(filter $(TARGET),platform aws),)
$(error TARGET is platform (the default) or aws, not '$(TARGET)')
endif

PYTHON := .venv/bin/python
# Only the platform needs to be up; on AWS nothing of it is touched.
PLATFORM_UP := $(if $(filter platform,$(TARGET)),up)
OPERATOR := tools/operator.sh
# On the platform the functions run on this machine's processor, on AWS on the one that Terraform asks for.
ARCHITECTURE := $(if $(filter aws,$(TARGET)),$(or $(TF_VAR_architecture),arm64),$(subst aarch64,arm64,$(shell uname -m)))
# As they are given: their dollars are not make's, nor, from the environment, their quotes the shell's.
override MANIFEST := $(value MANIFEST)
override RELEASE := $(value RELEASE)
override REASON := $(value REASON)
export MANIFEST RELEASE REASON
# $(call given,NAME,example): the variable of that name, without which nothing is called.
given = $(if $($1),"$$$1",$(error $1=$2 is needed))

help: ## Say what can be done
	@echo "make TARGET, where TARGET is one of:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: up build ## Deploy to the platform with sample pipelines and follow a release of them
	@tools/demo/demo.sh

test: setup browser build ## Prove it all: unit, contract, Terraform, simulation, and end to end on a platform
	@tools/test.sh

simulation: setup ## Only the simulation: small releases exhaustively, larger ones at random
	@$(PYTHON) -m pytest tests/simulation/test_simulation.py

soak: setup ## Simulate random releases for MINUTES=10, with other schedules each time
	@$(PYTHON) -m tests.simulation draw --seed $$RANDOM --schedules 10000000 --minutes $(or $(MINUTES),10)

mutants: setup ## Only the mutants: the code broken on purpose; the simulation must notice each
	@$(PYTHON) -m tests.simulation mutants

lint: setup ## Check style, types, import rules and formatting; change nothing
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet
	@# The folder's hyphen cannot be part of a module's name, so its tests need a root of their own.
	@MYPYPATH=tools/localstack-plugin/tests .venv/bin/mypy --no-error-summary lambdas tools tests infra/demo
	@PYTHONPATH=lambdas:tools/operator/src .venv/bin/lint-imports --no-cache > .platform/import-rules.log || { cat .platform/import-rules.log; exit 1; }
	@TF_CLI_CONFIG_FILE="$(CURDIR)/.platform/terraform.rc" terraform fmt -check -recursive infra
	@echo "Lint: nothing to say."

up: setup ## Start the platform (PLATFORM_PORT=number chooses its port)
	@$(PYTHON) -m tools.platform up

env: ## Print what a shell needs to reach the platform: eval "$(make -s env)"
	@$(PYTHON) -m tools.platform env

deploy: $(PLATFORM_UP) build ## Deploy to the platform, or with TARGET=aws BACKEND_CONFIG=file to AWS
	@$(PYTHON) -m tools.deploy apply infra --target $(TARGET)

release: setup ## Hand in MANIFEST=path and follow the release to its end (fails if it was not released)
	@$(OPERATOR) submit $(call given,MANIFEST,path/to/manifest.json)

plan: setup ## Say what MANIFEST=path would do now, and change nothing
	@$(OPERATOR) plan $(call given,MANIFEST,path/to/manifest.json)

status: setup ## List the latest releases, or show RELEASE=id
	@$(OPERATOR) $(if $(RELEASE),show "$$RELEASE",list)

cancel: setup ## Stop RELEASE=id and what runs of it (REASON=text goes on record)
	@$(OPERATOR) cancel $(call given,RELEASE,id) $(if $(REASON),--reason "$$REASON")

retry: setup ## Run again what did not succeed in RELEASE=id and follow it
	@$(OPERATOR) retry $(call given,RELEASE,id)

rollback: setup ## Ship again what was good before RELEASE=id, as a release of its own
	@$(OPERATOR) rollback $(call given,RELEASE,id)

logs: setup ## Show what the functions logged and go on until Ctrl-C
	@$(OPERATOR) logs --follow

dist: setup ## Build what a release publishes, into .build/dist: command, zips and checksums
	@$(PYTHON) -m tools.dist --architecture $(or $(TF_VAR_architecture),arm64)

# Terraform reads the zips even to destroy, and a fresh clone has none.
destroy: build ## Destroy what deploy and demo have made
	@$(if $(filter platform,$(TARGET)),$(PYTHON) infra/demo/build_sources.py > /dev/null)
	@$(PYTHON) -m tools.deploy destroy $(if $(filter platform,$(TARGET)),infra/demo) infra --target $(TARGET)

down: ## End the platform and every process of it
	@if [[ -x $(PYTHON) ]]; then $(PYTHON) -m tools.platform down; fi

clean: down ## Remove all that was built and installed here
	@rm -rf .build .platform .venv node_modules
	@echo "Removed .build, .platform, .venv and node_modules."

# Not for every day, so not in help.
setup:
	@tools/setup/setup.sh

browser:
	@tools/setup/browser.sh

build: setup
	@$(PYTHON) tools/build_functions.py --architecture $(ARCHITECTURE)

docs: setup
	@PYTHONPATH=lambdas $(PYTHON) -m tools.manifest_schema
	@$(PYTHON) -m tools.workflow_diagram

lock: setup
	@tools/setup/lock.sh
