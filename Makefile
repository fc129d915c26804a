# The verbs: make demo | test | check | docs | fuzz | bench
# They need Python 3.11 or newer with venv, and a package registry; all else is installed in the
# checkout. Another interpreter: make PYTHON=python3.12 test

PYTHON ?= python3
PYTEST_FLAGS ?= -q
# What one major is enough for: both lower the corpus to the same IR (tests/corpus/ir_digest.txt),
# and nothing below that line, nor what makes events or keeps indicators, knows pySigma.
ONCE := $(addprefix --ignore ,tests/corpus/test_witnesses.py tests/corpus/test_generated.py \
	tests/synth tests/codegen tests/intel tests/content/test_mutants.py \
	tests/content/test_correlation_mutants.py tests/correlations/test_classes.py \
	tests/correlations/test_projection.py tests/correlations/test_spill.py \
	tests/correlations/test_twin.py tests/cli/test_hostile_inputs.py tests/benchmarks tests/intake \
	tests/prefilter tests/reachability tests/changes tests/checks/test_corpus_hits.py tests/export \
	tests/prove)
# What tests rules more than code: counting its lines would only take time.
UNCOVERED := tests/corpus tests/content tests/benchmarks tests/prefilter/test_prefilter_corpus.py \
	tests/prefilter/test_prefilter_pack.py tests/reachability/test_soundness.py \
	tests/checks/test_corpus_hits.py tests/export/test_whole_pack.py tests/prove/test_targets.py
# How long `make fuzz` runs each of its targets.
SECONDS ?= 60
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.py,fuzz-%,$(wildcard tests/fuzz/fuzz_*.py))

# The engines that exported queries are run on, as tests/prove/engines/catalogue.py names them, by the
# environment that each needs. PostgreSQL itself, a Java runtime for Spark and node with npm for the
# language service of KQL come from the system.
PROVE := clickhouse spark postgres opensearch eql yaral kql panther
ENGINE_clickhouse := chdb
ENGINE_spark := pyspark
ENGINE_postgres := postgresql
ENGINE_opensearch := osmem-server osmem-elastic
ENGINE_eql := eql
ENGINE_kql := kusto
ENGINE_yaral := yaral-model
ENGINE_panther := panther

# What `make bench` measures: all rows, or ROWS="single shipped". BASE=revision is measured besides;
# SIGMAHQ is a checkout or archive of its rules. BENCH_FLAGS=--help says what else there is.
BENCH_FLAGS ?=

# uv installs exactly what uv.lock says; its own version is in there too.
UV := .venv/bin/uv
UV_VERSION := $(shell sed -n '/^name = "uv"$$/{n;s/^version = "\(.*\)"$$/\1/p;}' uv.lock)
export UV_PYTHON_DOWNLOADS := never
unexport VIRTUAL_ENV

.PHONY: help demo test check docs fuzz $(FUZZ_TARGETS) bench clean prove prove-light prove-logql $(PROVE:%=prove-%)

help:
	@echo "make demo    make Directory Insights events with attacks in them, and find these"
	@echo "make test    run the tests on both pySigma majors, then the packaging tests"
	@echo "make check   lint, types, layers, and that the generated pages are current"
	@echo "make docs    write the generated pages anew"
	@echo "make fuzz    look for inputs that break the readers and matchers, SECONDS=60 a target"
	@echo "make prove   run every exported query on the engine of its product, and compare"
	@echo "make bench   measure scans; BASE=rev besides, SIGMAHQ=checkout or .tar.gz of its rules"

# Without --min-level scan prints all that fired, a screen and a half.
demo: .venv/.installed
	@mkdir -p build
	.venv/bin/jumpsigma synth --seed 7 --count 2000 --attack all --output build/demo.ndjson
	.venv/bin/jumpsigma scan build/demo.ndjson --min-level high
	@echo
	.venv/bin/jumpsigma explain jumpcloud_api_key_updated build/demo.ndjson

test: .venv/.installed-dev .venv-sigma1/.installed-dev
	JUMPSIGMA_EXPECT_PYSIGMA=1 .venv-sigma1/bin/python -m pytest $(PYTEST_FLAGS) -n auto --ignore tests/packaging $(ONCE)
	JUMPSIGMA_EXPECT_PYSIGMA=2 .venv/bin/python -m pytest $(PYTEST_FLAGS) -n auto --ignore tests/packaging $(UNCOVERED:%=--ignore %) --cov
	.venv/bin/python -m pytest $(PYTEST_FLAGS) -n auto $(UNCOVERED)
	.venv/bin/python -m pytest $(PYTEST_FLAGS) -m packaging tests/packaging

check: .venv/.installed-dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python docs/generate.py --check

docs: .venv/.installed-dev
	.venv/bin/python docs/generate.py

fuzz: $(FUZZ_TARGETS)

$(FUZZ_TARGETS): fuzz-%: .venv/.installed-fuzz
	.venv/bin/python tests/fuzz/fuzz.py $* -max_total_time=$(SECONDS) -print_final_stats=1 $(FUZZ_FLAGS)

bench: .venv/.installed-dev
	.venv/bin/python -m benchmarks $(ROWS) $(if $(BASE),--base $(BASE)) $(if $(SIGMAHQ),--sigmahq $(SIGMAHQ)) $(BENCH_FLAGS)

# Everything on every engine, whatever becomes of one; what comes is kept in tests/prove/results.
prove:
	@failed=; for each in light logql $(PROVE); do \
	  $(MAKE) --no-print-directory prove-$$each || failed="$$failed $$each"; done; \
	if [ -n "$$failed" ]; then echo "make: not proven:$$failed" >&2; exit 1; fi

prove-light: .venv/.installed-dev
	.venv/bin/python tests/prove/check_engines.py
	.venv/bin/python tests/prove/prove.py --light --write

$(PROVE:%=prove-%): prove-%: .prove/%/.installed
	.prove/$*/bin/python tests/prove/check_engines.py $(ENGINE_$*)
	.prove/$*/bin/python tests/prove/prove.py $(ENGINE_$*:%=--engine %) --write

clean:
	rm -rf .venv .venv-sigma1 .fuzz .prove build dist

# .venv has pySigma 2.x; what runs jumpsigma comes first, so that the demo waits for nothing else.
.venv/.installed: pyproject.toml uv.lock | $(UV)
	UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --locked --inexact --no-default-groups --group sigma2
	@touch $@

.venv/.installed-dev: pyproject.toml uv.lock | $(UV)
	UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --locked
	@touch .venv/.installed $@

.venv/.installed-fuzz: .venv/.installed-dev
	UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --locked --group fuzz || { \
	  echo "make: atheris, the fuzzer, did not install. It has wheels for Linux on x86-64 alone." >&2; \
	  echo "  Elsewhere \`make test\` runs the corpus of tests/fuzz without it." >&2; exit 1; }
	@touch $@

# .venv-sigma1 has pySigma 1.5.1, and the converters that need it.
.venv-sigma1/.installed-dev: pyproject.toml uv.lock | $(UV)
	UV_PROJECT_ENVIRONMENT=.venv-sigma1 $(UV) sync --locked --python .venv/bin/python --no-default-groups --group dev --group sigma1
	@touch $@

.prove/%/.installed: pyproject.toml uv.lock | $(UV)
	UV_PROJECT_ENVIRONMENT=.prove/$* $(UV) sync --locked --python .venv/bin/python --no-default-groups --group sigma2 --group prove-$*
	@touch $@

prove-kql: .prove/kql/node_modules/.package-lock.json
.prove/kql/node_modules/.package-lock.json: tests/prove/engines/node/package-lock.json | .prove/kql/.installed
	cp tests/prove/engines/node/package.json tests/prove/engines/node/package-lock.json .prove/kql
	npm ci --prefix .prove/kql --no-audit --no-fund
	@touch $@

# Grafana's grammar of LogQL reads what is written for Loki.
prove-logql: .prove/logql/node_modules/.package-lock.json .venv/.installed-dev
	.venv/bin/python -m pytest -q tests/export/test_loki.py -k grafana
.prove/logql/node_modules/.package-lock.json: tests/prove/engines/logql/package-lock.json
	mkdir -p .prove/logql
	cp tests/prove/engines/logql/package.json tests/prove/engines/logql/package-lock.json .prove/logql
	npm ci --prefix .prove/logql --no-audit --no-fund
	@touch $@

$(UV):
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
	  echo "make: there is no '$(PYTHON)'. jumpsigma needs Python 3.11 or newer." >&2; \
	  echo "  Debian, Ubuntu: apt install python3 python3-venv" >&2; \
	  echo "  or name another: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@"$(PYTHON)" -c '' || { \
	  echo "make: '$(PYTHON)' is there but cannot be run. jumpsigma needs Python 3.11 or newer." >&2; \
	  echo "  Repair it, or name another: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1). jumpsigma needs Python 3.11 or newer." >&2; \
	  echo "  Install one, then name it: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "make: '$(PYTHON)' has no venv, or no pip to put into one." >&2; \
	  echo "  Debian, Ubuntu: apt install python3-venv" >&2; exit 1; }
	"$(PYTHON)" -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)" || { \
	  echo "make: pip could not install uv $(UV_VERSION). Is the package registry reachable?" >&2; \
	  echo "  A proxy or another registry is set with pip's and uv's own variables." >&2; exit 1; }
