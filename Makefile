# The words of CONTRIBUTING.md. Each is what .ci/run does in a fresh environment.
RUNS = runs
DATA =
SITE = site
ONLY =

.PHONY: test lint types docs reference pictures check

test:
	OMP_NUM_THREADS=1 pytest -n 2

lint:
	ruff check .
	ruff format --check .

types:
	mypy

docs:
	NO_MKDOCS_2_WARNING=true mkdocs build --strict --quiet --site-dir $(SITE)

reference:
	python tools/docs_commands.py
	python tools/docs_recipes.py
	python tools/docs_interface.py

pictures:
	@test -n "$(DATA)" || { echo "make pictures DATA=/path/to/archives [RUNS=runs] [ONLY='tour models']"; exit 2; }
	python tools/pictures.py $(DATA) $(RUNS) $(ONLY)

check:
	.ci/run
