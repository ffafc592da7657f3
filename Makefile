# Everything runs in .venv, which the first target makes; `python3 tools/prepare.py` does the set-up.
PYTHON ?= python3
bin := .venv/bin
prepare := $(PYTHON) tools/prepare.py

.PHONY: help demo test check bench kernels packages coverage-names clean

help:
	@echo "make demo      train an LSTM five ways and watch the graph's memory grow and come back"
	@echo "make test      the test suite, on the CPU and, where there is one, on the GPU"
	@echo "make check     lint, types, layout"
	@echo "make bench     overhead, fusion, ops and import time, beside PyTorch"
	@echo "make kernels   print the elementwise kernels into kernels/elementwise/"
	@echo "make coverage-names  which of the names that PyTorch scripts use are there"
	@echo "make packages  build wheel and sdist, and look for the kernels in both"

demo:
	@$(prepare) demo
	$(bin)/python bench/vram_growth.py --out out $(DEMO)

test:
	@$(prepare) dev
	$(bin)/python -m pytest -q $(TEST)

check:
	@$(prepare) dev
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/python -m pytest -q tests/test_layout.py

bench:
	@$(prepare) dev oracle
	$(bin)/python bench/import_time.py
	$(bin)/python bench/overhead.py
	$(bin)/python bench/fused.py
	$(bin)/python bench/ops.py

kernels:
	@$(prepare) dev
	$(bin)/python tools/print_kernels.py

coverage-names:
	@$(prepare) dev
	$(bin)/python tools/coverage_names.py

packages:
	@$(prepare) dev
	$(bin)/python tools/check_packages.py

clean:
	rm -rf .venv out dist build
