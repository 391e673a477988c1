# `make run` and `make test` do everything on a fresh clone: they set up .venv first.

PYTHON ?= python3
VENV ?= .venv
# Where to look for PyTorch besides PyPI, for example https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
# A folder of question sets for `make bench` (benchmarks/README.md says where public ones come from)
SETS ?=

# New languages for `make catalogues`, as gettext names them: LANGUAGES=fr
LANGUAGES ?=

# Of `make chaos`: how many schedules, how many kills of reloads, and the seed of the first
CHAOS_SEEDS ?= 5000
CHAOS_KILLS ?= 200
CHAOS_FIRST ?= 1

BIN := $(VENV)/bin
INSTALL := PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/python -m pip install --disable-pip-version-check --quiet \
	$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: help setup run test chaos check golden format catalogues bench clean
.DEFAULT_GOAL := help

help: ## Show what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.runs ## Install what the bot needs into .venv

$(VENV)/.runs: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with make PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV); the first time this takes a few minutes." >&2
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.tests: $(VENV)/.runs
	@$(INSTALL) --editable '.[dev]'
	@touch $@

run: setup ## Run the Discord bot; without a token, the terminal bot
	@$(BIN)/python -m bot

test: $(VENV)/.tests ## Run all tests
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest

chaos: $(VENV)/.tests ## Run 5,000 random schedules of trouble and 200 kills; CHAOS_SEEDS, CHAOS_KILLS, CHAOS_FIRST choose others
	CHAOS_SEEDS=$(CHAOS_SEEDS) CHAOS_KILLS=$(CHAOS_KILLS) CHAOS_FIRST=$(CHAOS_FIRST) HF_HUB_OFFLINE=1 \
		$(BIN)/python -m pytest tests/wire/test_chaos.py tests/test_kills.py

check: $(VENV)/.tests ## Check format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

golden: setup ## Check the corpus, and whether it still answers its golden questions
	HF_HUB_OFFLINE=1 $(BIN)/python -m bot corpus check
	HF_HUB_OFFLINE=1 $(BIN)/python -m bot evaluate --golden

format: $(VENV)/.tests ## Put the code in form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

catalogues: $(VENV)/.tests ## Bring bot/locales up to what the code says, and show what is left to translate
	$(BIN)/python -m tools.catalogues $(LANGUAGES)

bench: $(VENV)/.tests ## Measure; SETS=folder adds the figures on question sets, beside peers
	HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks.speed
	HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks.sentences
	HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks.formats
	$(BIN)/python -m benchmarks.load
	HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks.reload
	HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks.summaries $(SETS)
	$(if $(SETS),$(BIN)/python -m benchmarks.languages $(SETS))
	$(if $(SETS),HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks.scale $(SETS))
	$(if $(SETS),HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks.calibrate $(SETS))
	$(if $(SETS),HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks.product $(SETS))
	$(if $(SETS),$(if $(TORCH_INDEX),PIP_EXTRA_INDEX_URL=$(TORCH_INDEX)) HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks.quality $(SETS))
	$(BIN)/python -m benchmarks.pages

clean: ## Remove .venv and what tools left behind
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
