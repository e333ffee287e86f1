# Two commands do everything on a machine with make and Python 3.11 or newer:
#   make book    builds the book into _build/html        make test    builds it and tests all of it
# `make help` lists the rest.

VENV ?= .venv
REPOSITORY ?=
PIP_FLAGS ?=
UNIT_TESTS ?= tests
UNIT_FLAGS ?=
WORKERS ?= 2

# Small tensors: more threads than one cost more than they bring, and the chapters run two at a time.
export OMP_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1
export NUMBA_NUM_THREADS ?= 1
# Demos compiled once serve the book, the tests and JupyterLab.
export DDSP_LITE_CACHE ?= $(CURDIR)/_build/demos

BIN := $(VENV)/bin
PY := $(BIN)/python
PYTEST := $(PY) -m pytest
LOCK := requirements.txt constraints.txt pyproject.toml
# The stamp's name holds a checksum of what is to be installed: another lock, another stamp.
INSTALLED := $(VENV)/installed-$(firstword $(shell cat $(LOCK) | cksum))

.DEFAULT_GOAL := help
ifeq ($(MAKECMDGOALS),page)
PAGE ?= $(error PAGE is needed, such as make page PAGE=book/filters/fir)
endif
ifeq ($(MAKECMDGOALS),mark)
SUBMISSIONS ?= $(error SUBMISSIONS is needed, such as make mark SUBMISSIONS=handed-in)
RESULTS ?= dist/marks
endif
.PHONY: help book page test check classroom notebooks lab bench atlas clean lint unit mark hub

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-11s %s\n", $$1, $$2}'

book: $(INSTALLED) ## build the book into _build/html (REPOSITORY=https://… adds source, issue and launch buttons)
	@$(PY) -m book.tools.build --repository "$(REPOSITORY)"

page: $(INSTALLED) ## build one chapter for a quick look: make page PAGE=book/filters/fir
	@$(PY) -m book.tools.preview $(PAGE)

check: $(INSTALLED) ## lint and the quick unit tests, in under a minute
	@$(MAKE) --no-print-directory lint unit UNIT_FLAGS='-m "not slow"'

# All three parts run, so that one failure does not hide another.
test: book ## everything: the book, unit tests, chapters, built pages in a browser, JupyterLab
	@status=0; \
	$(MAKE) --no-print-directory --keep-going lint unit || status=1; \
	echo "Chapters, each cell's output against the committed one"; \
	$(PYTEST) -n $(WORKERS) --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout=120 \
	  --nbval-sanitize-with tests/nbval_sanitize.cfg book tests/book/test_small_book.py || status=1; \
	echo "The built book, in a browser and in JupyterLab"; \
	$(PYTEST) -n $(WORKERS) tests/book --ignore=tests/book/test_small_book.py || status=1; \
	exit $$status

lint: $(INSTALLED)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/codespell

unit: $(INSTALLED)
	@$(PYTEST) -n $(WORKERS) --ignore=tests/book $(UNIT_FLAGS) $(UNIT_TESTS)

classroom: $(INSTALLED) ## write the students' and the instructor's notebooks into dist/classroom
	@$(PY) -m book.tools.classroom

notebooks: $(INSTALLED) ## format and run the chapters, and bring them into the form that is committed
	@$(BIN)/ruff format --quiet book
	@$(PY) -m book.tools.normalise

mark: $(INSTALLED) ## mark a folder of submissions: make mark SUBMISSIONS=folder (RESULTS=dist/marks, UNSAFE=1: without a jail)
	@$(PY) -m book.tools.marking "$(SUBMISSIONS)" --results "$(RESULTS)" $(if $(UNSAFE),--unsafe)

hub: $(INSTALLED) ## try out a JupyterHub on this machine, with the students' notebooks
	@$(PY) -m book.tools.hub

lab: $(INSTALLED) ## open the chapters in JupyterLab
	@$(BIN)/jupyter lab --notebook-dir=. book/index.ipynb

bench: $(INSTALLED) ## time the operations beside their peers (WRITE=1 writes the book's page, WORD=biquad takes some rows)
	@rm -rf _build/peers; $(PY) -m pip install -qq --disable-pip-version-check $(PIP_FLAGS) --no-deps --target _build/peers \
	  -r benchmarks/requirements.txt || echo "The peers could not be installed: the table shows them as missing."
	@$(PY) -m benchmarks "$(WORD)" $(if $(WRITE),--write)

atlas: $(INSTALLED) ## measure every loss on every parameter, and write the atlas's page (ATLAS="--small": a quick look)
	@$(PY) -m book.tools.atlas $(ATLAS)

clean: ## remove all that was built, keep the environment
	@rm -rf _build .pytest_cache .ruff_cache .hypothesis
	@find ddsp_lite book tests -name __pycache__ -type d -exec rm -rf {} + 2>/dev/null || true

$(INSTALLED): | $(PY)
	@echo "Installing the locked requirements (about 2.5 minutes, 2.6 GB)"
	@$(PY) -m pip install -qq --disable-pip-version-check $(PIP_FLAGS) -r requirements.txt -c constraints.txt || \
	  { echo "The requirements could not be installed: see pip's message above. Without a network, point pip at a"; \
	    echo "folder of wheels, such as make book PIP_FLAGS='--no-index --find-links wheels'."; exit 1; }
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@echo "Warming up librosa's compiled parts"
	@$(PY) -m book.tools.warm
	@rm -f $(VENV)/installed-*
	@touch $@

$(PY):
	@python="$(PYTHON)"; \
	if [ -z "$$python" ]; then \
	  for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	    if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
	  done; \
	fi; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed and was not found. Install it, or say where it is: make book PYTHON=/path/to/python3.11"; exit 1; fi; \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "PYTHON=$$python is not Python 3.11 or newer."; exit 1; }; \
	echo "Creating $(VENV) with $$($$python --version)"; \
	$$python -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "The environment could not be created. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
