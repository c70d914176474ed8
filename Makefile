# The commands of Nexus. `make run` and `make test` do everything they need by themselves, on a fresh machine too.

.DEFAULT_GOAL := help
.PHONY: help run dev build test check e2e bars bench setup

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  RELEASE=1 before run, build, e2e or bench takes the optimised build."

run: ## Set up, build and start Nexus with demo workspaces
	@scripts/run

test: ## Set up, then check, build and run every test, in the browser too
	@scripts/test

dev: ## Like run, and rebuild at every change
	@scripts/dev

build: ## Build the server and the browser side
	@scripts/setup run
	@scripts/build

check: ## Formatting, lints, licences
	@scripts/check

e2e: ## The browser tests alone, against what was built last
	@scripts/e2e

bars: ## Run what holds each promise, and print a line for each
	@scripts/bars

bench: ## Measure against the floors, with the optimised build
	@scripts/bench

setup: ## Only install what is missing
	@scripts/setup test
