# The words of CONTRIBUTING.md. Each is what .ci/run does in a fresh environment.
RUNS = runs
DATA =

.PHONY: test lint types docs reference pictures check

test:
	OMP_NUM_THREADS=1 pytest -n 2

lint:
	ruff check .
	ruff format --check .

types:
	mypy

docs:
	NO_MKDOCS_2_WARNING=true mkdocs build --strict --quiet --site-dir site

reference:
	python tools/docs_commands.py
	python tools/docs_recipes.py

pictures:
	@test -n "$(DATA)" || { echo "make pictures DATA=/path/to/archives [RUNS=runs]"; exit 2; }
	python tools/docs_pictures.py $(RUNS)/emoji-64 $(RUNS)/dress-24
	python tools/painting_pictures.py $(RUNS) $(DATA)
	python tools/studio_pictures.py $(DATA)/emoji-noto-64-rgba.zip $(RUNS)/emoji-64

check:
	.ci/run
