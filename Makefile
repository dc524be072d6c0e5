.DEFAULT_GOAL := help
.PHONY: help setup lint

help: ## Say what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what the rest needs; nothing when it is there already
	@tools/setup/setup.sh

lint: setup ## Check style, types and formatting; change nothing
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@terraform fmt -check -recursive infra
