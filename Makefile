PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Encoders of images. Not in the environment itself: pip gives torchvision only as a build for CUDA, and beside
# a torch without it, whatever imports transformers by itself then fails.
IMAGE := ftfy open-clip-torch timm torchvision wcwidth
IMAGE_TESTS := tests/contract/test_encoders.py tests/contract/test_vision_encoders.py

# A file's tests stay together, with what they share. Two processes of one thread each: numerical libraries that take
# more threads than there are cores wait for one another, busy.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder
test test-slow: export OMP_NUM_THREADS = 1

.PHONY: demo test test-slow lint docs audit clean

demo: .venv/.installed
	$(BIN)/labelworks demo

# What runs in one process: no Prefect server, no Dask cluster, no model of images.
test: .venv/.installed-dev
	$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

# What starts servers and kills them, what serves for minutes, and what needs other packages or a GPU.
test-slow: .venv/.installed-dev .venv/.installed-image
	$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS) tests/servers tests/gpu
	PYTHONPATH=.venv/image $(BIN)/python -m pytest $(PYTEST_ARGS) $(IMAGE_TESTS)
	$(BIN)/python -m pytest $(PYTEST_ARGS) tests/live

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

audit: .venv/.installed-dev
	$(BIN)/python .ci/audit

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) -e .
	@touch $@

.venv/.installed-dev: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) -e '.[dev]'
	@touch $@ .venv/.installed

.venv/.installed-docs: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) -e '.[docs]'
	@touch $@ .venv/.installed

.venv/.installed-image: constraints.txt | .venv/.installed-dev
	$(PIP) --no-deps --upgrade --target .venv/image $(IMAGE)
	@touch $@

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache
