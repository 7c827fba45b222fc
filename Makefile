# make demo, make demo-ct and make test set up .venv first, with the exact versions of constraints.txt.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
RUN := $(VENV)/bin/python

# make test-label runs a MONAI Label server with both bundles, make test-nvflare a job in NVFlare's simulator.
# make test-smp recalibrates a network of segmentation_models.pytorch, make test-mlflow trains with MLflow.
# make test runs every commit's suite, make test-all the long tests too.
# make docs builds the site into docs/_build/html: open docs/_build/html/index.html
.PHONY: bench clean demo demo-ct docs lint reliability test test-all test-label test-mlflow test-nvflare test-smp zoo

demo: $(VENV)/.all  # nilearn brings the template
	$(RUN) docs/examples/demo.py brain --output_dir demo_output

demo-ct: $(VENV)/.plain
	$(RUN) docs/examples/demo.py ct --output_dir demo_output

# a process for each core (4 at most), each with one thread
PYTEST := OMP_NUM_THREADS=1 $(RUN) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

test: lint
	$(PYTEST)

test-all: lint
	$(PYTEST) -m "not slow"

# the server of MONAI Label needs an environment of its own
test-label: $(VENV)/.all
	PYTHON="$(PYTHON)" integrations/monai_label/setup.sh
	$(RUN) -m pytest tests/integration/test_monai_label*.py

test-nvflare: $(VENV)/.all
	PYTHON="$(PYTHON)" integrations/nvflare/setup.sh
	$(RUN) -m pytest tests/integration/test_nvflare.py

# the extra mlflow brings about 30 more packages: an environment of its own
test-mlflow:
	"$(PYTHON)" -m venv .venv-mlflow
	.venv-mlflow/bin/python -m pip install --quiet -c constraints.txt -e ".[mlflow]" pytest
	.venv-mlflow/bin/python -m pytest tests/integration/test_tracking.py

# segmentation_models.pytorch needs torchvision: an environment of its own, with the operators that torchvision lacks there
test-smp:
	"$(PYTHON)" -m venv .venv-smp
	.venv-smp/bin/python -m pip install --quiet -c constraints.txt -e ".[all]" torchvision==0.28.0 segmentation-models-pytorch==0.6.0
	PYTHONPATH=integrations/monai_label .venv-smp/bin/python -m pytest tests/networks/test_recalibrate_options.py -k segmentation_models

# archives of the bundles as the model zoo hosts them, and variants that run without monai_scse
zoo: $(VENV)/.all
	$(RUN) integrations/zoo/build.py --output_dir dist/zoo

# docs/reliability.md and the pages below it, from the markers of the tests
reliability: $(VENV)/.all
	$(RUN) -m pytest --collect-only -q --write-situations tests > /dev/null

# a warning is an error: a link or an anchor that leads nowhere, a page that no list names, a broken docstring
docs: $(VENV)/.all
	$(RUN) -m sphinx --quiet --fail-on-warning --keep-going -c docs . -d docs/_build/doctrees docs/_build/html

lint: $(VENV)/.all
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy monai_scse experiments
	$(RUN) -m codespell_lib

# one stamp for each install: $(VENV)/.plain, and $(VENV)/.all with the extra of this name
SETUP := setup.cfg constraints.txt pyproject.toml
INSTALL := -m pip install --quiet --disable-pip-version-check -c constraints.txt -e

$(VENV)/.plain: $(SETUP)
	"$(PYTHON)" -m venv $(VENV)
	$(RUN) $(INSTALL) .
	touch $@

$(VENV)/.all: $(SETUP)
	"$(PYTHON)" -m venv $(VENV)
	$(RUN) $(INSTALL) ".[all]"
	touch $@

clean:
	rm -rf $(VENV) .venv-label .venv-mlflow .venv-nvflare .venv-smp bench_output demo_output build docs/_build docs/gallery *.egg-info

# under 10 minutes on a quiet machine with 2 cores
bench: $(VENV)/.all
	$(RUN) benchmarks/blocks.py --rounds 5 --json bench_output/blocks.json
	$(RUN) benchmarks/scan.py brain --json bench_output/brain.json
	$(RUN) benchmarks/scan.py body --json bench_output/body.json
