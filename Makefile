# `make` lists what can be made. Everything sets itself up: .venv from the hashed lock, Kafka's jars by Maven.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat requirements-dev.txt pyproject.toml | cksum | tr -s ' ' '-')
IMAGE ?= tillstream:local
POISON ?= 10000
KILLS ?= 200
SEED ?= 1
MUTANTS_AT_ONCE ?= 2
TESTS_AT_ONCE ?= 3

export DEMO_SECONDS DEMO_FAULTS DEMO_KILLS DEMO_WORKERS DEMO_WEBHOOKS DEMO_SKUS DEMO_SEED

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-stop test quick lint format types imports rules bench flood poison scale mutants chaos outage alerts dashboards footprint cluster-test image up down lock ci clean prerequisites

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: prerequisites setup ## a whole shop on this machine; DEMO_SECONDS=60 DEMO_FAULTS=1 DEMO_WORKERS=2 DEMO_KILLS=1 DEMO_WEBHOOKS=0
	@$(RUN)/tillstream demo

demo-stop: setup ## end what an earlier demo left running
	@$(RUN)/tillstream demo --stop

test: prerequisites setup ## all tests, TESTS_AT_ONCE=3 files at a time, with real Kafka and real PostgreSQL
	@$(RUN)/pytest -n $(TESTS_AT_ONCE) --dist loadfile --no-loadscope-reorder --cov --cov-report=term --cov-fail-under=95

quick: setup ## the pure tests, of schemas and streams, in half a minute: no Kafka, no PostgreSQL
	@$(RUN)/pytest -q --hypothesis-profile=quick -m "not kafka and not postgres and not slow" tests/schemas tests/streams

lint: setup ## style and common mistakes
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .

format: setup ## put the code into the house's style
	@$(RUN)/ruff check --fix .
	@$(RUN)/ruff format .

types: setup ## static types, strict
	@$(RUN)/mypy

imports: setup ## imports go one way: app, streams, schemas
	@$(RUN)/lint-imports

rules: setup ## every rule of the trade with the tests that hold it; MISSING=1 lists those without a test
	@$(RUN)/python -m tests.rules $(if $(MISSING),--missing)

alerts: setup ## the alert rules: does Prometheus take them, does each fire and keep quiet when it should? needs promtool
	@command -v promtool >/dev/null || { echo "promtool is missing: apt-get install --no-install-recommends prometheus, or brew install prometheus"; exit 1; }
	@$(RUN)/pytest -q tests/alerts

bench: prerequisites setup ## speed, beside plain loops and Quix Streams, in one run
	@$(RUN)/python -m tests.bench

footprint: prerequisites setup ## does it fit into docker/production's machine of 4 GB? 500 orders a day, 30,000 SKUs; ten minutes
	@$(RUN)/python -m tests.bench.footprint

flood: prerequisites setup ## 20,000 SKUs change ten times each while Magento takes 150 ms: is all right in the end, in how many calls?
	@$(RUN)/python -m tests.bench.flood $(SKUS) $(RATE)

dashboards: prerequisites setup ## the demo for DEMO_SECONDS=30, scraped by a real Prometheus: does every panel show something?
	@$(RUN)/python -m tests.dashboards

poison: prerequisites setup ## POISON=10000 bad orders among as many good ones, then alone: what became of each
	@$(RUN)/python -m tests.bench.poison $(POISON)

scale: prerequisites setup ## deliver workers 1, 2, 4 into a target that takes its time: do orders in a second double with them?
	@$(RUN)/python -m tests.bench.scale

chaos: prerequisites setup ## a whole shop under KILLS=200 blows that SEED=1 decides; goes on where it was interrupted
	@$(RUN)/python -m tests.chaos --kills $(KILLS) --seed $(SEED)

outage: prerequisites setup ## TARGET=pos (or web) cannot be reached for MINUTES=10 in the middle of traffic
	@$(RUN)/python -m tests.chaos.outage $(or $(TARGET),pos) --minutes $(or $(MINUTES),10)

cluster-test: setup ## install, pause, upgrade, roll back and uninstall the chart on a real API server; builds it first, by Go, once
	@$(RUN)/python -m tests.helm.cluster

mutants: setup ## change the decisions one line at a time: does a test notice each? ten minutes
	@rm -rf mutants
	@$(RUN)/mutmut run --max-children $(MUTANTS_AT_ONCE)
	@$(RUN)/python -m tests.mutants

image: prerequisites setup ## build docker/Dockerfile and start every role from it; with Docker, else with buildah on a stand-in base
	@docker/image-check.sh $(IMAGE) $(RUN)/python

up: ## everything in Docker, with secrets made for this machine; PROFILE=tls puts a TLS door before it
	@docker/up.sh

down: ## end what `make up` started; DATA=1 removes its data, too
	@docker compose --project-name tillstream-sandboxes down $(if $(DATA),--volumes)

lock: setup ## write the locks again from pyproject.toml, newest versions
	@docker/lock.sh $(RUN)/uv

ci: ## what the project's own CI runs
	@.ci/run

clean: ## remove what `make` made, but not .venv
	rm -rf .tillstream build mutants .coverage htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

prerequisites:
	@$(or $(PYTHON),$(error Python 3.11 is missing: apt-get install python3 python3-venv, or brew install python@3.11)) \
	  app/local/prerequisites.py

setup: $(READY)

$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) app/local/prerequisites.py --python-only
	@echo "Setting up .venv: about 40 s once, 500 MB ..."
	@test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	@$(RUN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@$(RUN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -q -e .
	@rm -f $(VENV)/.ready-*
	@touch $@
