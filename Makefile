# Every target makes .venv on first use and reuses it until pyproject.toml or constraints.txt change.
# Another interpreter: make PYTHON=python3.12 test

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed-dev
STEP = @printf '\n== %s\n'

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint bench docs clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "vasot needs Python 3.11 or newer; '$(PYTHON)' is not: name another one with make PYTHON=..." >&2; exit 1; }
	$(STEP) "making .venv"
	@$(PYTHON) -m venv .venv
	$(STEP) "installing vasot and the tested set of packages (a few minutes the first time)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $@

demo: $(READY) ## Render videos with known answers; check, fit, segment, align and evaluate them
	@$(BIN)/vasot demo -o runs/demo --force

test: lint ## Everything that must hold: lint, then doctests and tests with shapes checked
	$(STEP) "browser"
	@sh scripts/install-browser.sh
	$(STEP) "pytest"
	@$(BIN)/python -m pytest -q -n 2 -m "not playback"
	$(STEP) "pytest, playback by itself"
	@$(BIN)/python -m pytest -q -m playback tests/viewer

lint: $(READY) ## Style, format, types and the order of the layers
	$(STEP) "ruff check"
	@$(BIN)/ruff check --no-cache .
	$(STEP) "ruff format"
	@$(BIN)/ruff format --no-cache --check .
	$(STEP) "mypy"
	@$(BIN)/mypy
	$(STEP) "import layers"
	@$(BIN)/lint-imports --no-logo

bench: $(READY) ## Time the solver against POT and a convolution
	@$(BIN)/python benchmarks/speed/solver.py

docs: $(READY) ## Check every relative link of the Markdown files and run their examples
	@$(BIN)/python -m pytest -q tests/docs $(wildcard docs README.md)

clean: ## Remove .venv, caches and build outputs; runs/ stays
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
