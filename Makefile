# make demo: the main job; make test: all tests. Both set up .venv/ first.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin

.PHONY: demo test quick lint clean help
help:
	@echo "make demo   generate the core, run firmware on it, check every instruction, write waves"
	@echo "make test   run all tests (make quick: without the simulator)"
	@echo "make lint   check style"
	@echo "make clean  remove .venv/ and everything generated under sim_build/"

demo: $(READY)
	$(BIN)/cheriot demo

test: $(READY)
	$(BIN)/pytest -n 2 --dist worksteal

quick: $(READY)
	$(BIN)/pytest -n 2 -m "not sim and not slow and not formal"

lint: $(READY)
	$(BIN)/ruff check .

$(READY): pyproject.toml constraints.txt .ci/check-tools
	@sh .ci/check-tools $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

clean:
	rm -rf $(VENV) sim_build/* *.egg-info
