# Thin on purpose: each target makes the environment and calls `workbench`.
# `make test ARGS="-k keyset"` and `make notebooks ARGS=n_plus_one` pass arguments on.

.DEFAULT_GOAL := serve
.PHONY: serve test lab notebooks site check bench help clean
ARGS ?=

READY := .venv/.ready
LAB_READY := .venv-lab/.ready
WORKBENCH := .venv/bin/python -m workbench

serve: $(READY)  ## verify the lessons that changed, then serve the site on 127.0.0.1
	@$(WORKBENCH) serve $(ARGS)

test: $(READY)  ## everything CI checks; ARGS=… runs one lesson or one test
	@$(WORKBENCH) test $(ARGS)

lab: $(READY) $(LAB_READY)  ## the notebooks in JupyterLab, PostgreSQL running
	@$(WORKBENCH) lab $(ARGS)

notebooks: $(READY)  ## execute the lessons and write their outputs
	@$(WORKBENCH) notebooks $(ARGS)

site: $(READY)  ## build the static site into site/
	@$(WORKBENCH) site $(ARGS)

check: $(READY)  ## format, lint, types
	@$(WORKBENCH) check $(ARGS)

bench: $(READY)  ## measure execution and site build against the usual ways
	@$(WORKBENCH) bench $(ARGS)

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## */  make \1|/p' Makefile | awk -F'|' '{ printf "%-18s%s\n", $$1, $$2 }'

clean:  ## remove what was built here; the environments stay
	rm -rf site .cache

$(READY): requirements.lock pyproject.toml workbench/pyproject.toml .python-version
	@sh workbench/environment.sh .venv requirements.lock
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . --editable workbench
	@touch $@

$(LAB_READY): requirements-lab.lock .python-version
	@sh workbench/environment.sh .venv-lab requirements-lab.lock
	@touch $@
