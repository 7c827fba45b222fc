# make demo, make demo-ct and make test set up .venv first, with the exact versions of constraints.txt.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
RUN := $(VENV)/bin/python

# make test-label runs a MONAI Label server with both bundles.
.PHONY: bench clean demo demo-ct lint test test-label

demo: $(VENV)/.demo
	$(RUN) docs/examples/demo.py brain --output_dir demo_output

demo-ct: $(VENV)/.demo
	$(RUN) docs/examples/demo.py ct --output_dir demo_output

test: lint
	$(RUN) -m pytest

# the server of MONAI Label needs an environment of its own
test-label: $(VENV)/.test
	PYTHON="$(PYTHON)" integrations/monai_label/setup.sh
	$(RUN) -m pytest tests/integration/test_monai_label.py

lint: $(VENV)/.test
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

# one stamp for each set of extras: $(VENV)/.demo, $(VENV)/.test
$(VENV)/.%: setup.cfg constraints.txt pyproject.toml
	"$(PYTHON)" -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$*]"
	touch $@

clean:
	rm -rf $(VENV) .venv-label demo_output build *.egg-info

bench: $(VENV)/.test
	$(RUN) benchmarks/scse_cost.py
	$(RUN) benchmarks/bundle_inference.py brain
	$(RUN) benchmarks/bundle_inference.py ct
