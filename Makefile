# Two commands are enough: `make demo` and `make test`. Both set up what they need; a second run downloads
# nothing. Needed beforehand: Python 3.11 or 3.12 with pip.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
SECONDS_EACH ?= 60
JOBS ?= 1
FAULTS ?= 200
SEED ?= 0
PYTEST_ARGS ?=
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Some builds of Node are instrumented and would leave a default.profraw in the working tree.
export LLVM_PROFILE_FILE ?= /dev/null

# The packages that are there (a wheel has the same three).
PACKAGES := $(patsubst %/__init__.py,%,$(wildcard prover/__init__.py \
  plugins/prover_plugins/__init__.py training/prover_training/__init__.py))

# The stamp's name carries a checksum of what was installed: an edited pin installs again, a mere
# checkout that touches times does not.
SUM := $(shell cat pyproject.toml constraints.txt | cksum | tr ' ' '-')
STAMP := $(VENV)/.installed-$(SUM)
TESTS_STAMP := $(VENV)/.installed-tests-$(SUM)

.PHONY: help demo test lint bench faults compiled lean browser venv tests-venv clean

help:
	@echo 'make demo   set up, fetch the embedded Lean, prove three theorems'
	@echo 'make test   set up, then ruff, mypy --strict and pytest'
	@echo 'make bench  the two public problem sets and the speed figures (SECONDS_EACH=60 JOBS=1)'
	@echo 'make faults 200 random faults while a small problem set runs; nothing may differ (FAULTS=200 SEED=0)'
	@echo 'make lint   ruff and mypy only'
	@echo 'make clean  remove .venv and caches (the embedded Lean stays in its own cache)'

venv: $(STAMP)

$(STAMP):
	@test -n "$(PYTHON)" || { echo 'error: no python3 found; install Python 3.11 or 3.12' >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 13) else \
	  "error: Python 3.11 or 3.12 is needed, this is %d.%d; say make PYTHON=/path/to/python3.11" % sys.version_info[:2])'
	@echo 'Setting up $(VENV) (once) ...'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { rm -rf $(VENV); "$(PYTHON)" -m venv $(VENV); }
	@$(PIP) -e '.[dev,leandojo]'
	@rm -f $(VENV)/.installed-*
	@touch $@

# The tests of models and training need torch, which is large; users who only prove do without. torch comes first and
# pinned: what depends on it would take a build for GPUs.
tests-venv: $(TESTS_STAMP)

$(TESTS_STAMP): $(STAMP)
	@echo 'Adding what the tests of models and training need (once) ...'
	@$(PIP) "$$(grep '^torch==' constraints.txt)"
	@$(PIP) -e '.[dev,leandojo,train]'
	@touch $@

# Python compiles what it imports and keeps that, but not where PYTHONDONTWRITEBYTECODE is set (as in many containers):
# there every `prove` would compile again, about 0.35 s of a processor each time.
compiled: $(STAMP)
	@$(BIN)/python -m compileall -q $(PACKAGES)

# Where the user has a native Lean for this folder nothing is fetched.
lean: $(STAMP)
	@$(BIN)/prove lean install --if-needed

# A browser for the tests of the report page. Installed only where that needs no asking; without one those tests say
# so and are skipped.
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
APT := apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20

browser:
	@if [ -n "$(CHROMIUM)" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo 'Installing chromium (once) ...'; \
	  { $(APT) update && DEBIAN_FRONTEND=noninteractive $(APT) install -y --no-install-recommends chromium; } >/dev/null \
	    || echo 'chromium could not be installed: the tests of the report page are skipped' >&2; \
	else echo 'no chromium: the tests of the report page are skipped'; fi

demo: compiled lean
	@$(BIN)/python data/examples/demo.py

lint: $(TESTS_STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/mypy --strict $(PACKAGES)

test: lint compiled lean browser
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

bench: compiled lean
	@$(BIN)/prove bench data/benchmarks/minicodeprops_public.jsonl --seconds $(SECONDS_EACH) --jobs $(JOBS)
	@$(BIN)/prove bench data/benchmarks/minif2f_core_valid.jsonl --seconds $(SECONDS_EACH) --jobs $(JOBS)
	@$(BIN)/prove bench speed

# Kills, hangs, garbage, full disks: about ten minutes on two cores.
faults: $(STAMP) lean
	@$(BIN)/prove bench faults data/examples/small.jsonl --faults $(FAULTS) --seed $(SEED)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
