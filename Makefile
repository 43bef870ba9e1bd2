# Two commands matter: `make run` starts the demonstration floor, `make test` proves the product.

PYTHON := .venv/bin/python
HOME_DIR ?= .home
JOBS ?= 2
ARGS ?=

.PHONY: help setup run test test-floor lint bench tables guides image test-appliance clean

help:  ## This page
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## Install what is needed: Debian packages, .venv with locked versions, the libpri binding
	@tools/setup.sh run

run: setup  ## Start the demonstration floor: a simulated line, eight robot operators, the page over HTTPS
	@exec $(PYTHON) -m appliance demo --home "$(HOME_DIR)" $(ARGS)

# The browser's driver keeps an event loop running in its process: its tests have workers of their own.
test:  ## Lint, types and all tests
	@tools/setup.sh test
	@$(MAKE) --no-print-directory lint
	$(PYTHON) -m pytest -n $(JOBS) --dist loadgroup -rs --ignore tests/browser
	$(PYTHON) -m pytest -n $(JOBS) --dist loadgroup -rs tests/browser -m "not floor_work"

test-floor:  ## Page, phones and line together: kills, transfers, an operator's hour (some ten minutes)
	@tools/setup.sh test
	$(PYTHON) -m pytest -v -rs tests/browser -m floor_work

lint:  ## ruff and mypy --strict on everything
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

bench:  ## Every figure beside its limit (over an hour, most of it pacing)
	@tools/setup.sh test
	$(PYTHON) -m bench

tables:  ## Draw the state tables from the code (docs/state-tables.md)
	$(PYTHON) -m tools.guides.tables

guides: tables  ## Guides, key card and their pictures anew, as PDF (docs/guides, webui/static/guides)
	@tools/setup.sh guides
	$(PYTHON) -m tools.guides.key_card
	$(PYTHON) -m tools.guides.pictures
	$(PYTHON) -m tools.guides.print_pdf

image:  ## Build the disk image (as root; ARGS=relock takes the archive's present versions)
	@tools/setup.sh image
	@image-build/build.sh $(ARGS)

# One emulated box at a time.  ARGS=short: the set of continuous integration; else words for pytest.
test-appliance: export YOBIRIN_QEMU := 1
test-appliance:  ## Boot the disk image in QEMU and run the scenarios (ARGS=short: some of them)
	@tools/setup.sh image
	@image-build/build.sh
	$(PYTHON) -m pytest -v -s --timeout 1800 tests/appliance $(if $(filter short,$(ARGS)),-m short,$(ARGS))

clean:  ## Remove what was built; the home directory stays
	rm -rf build dist .mypy_cache .ruff_cache tests/.artifacts appliance/pri_card/_libpri*
