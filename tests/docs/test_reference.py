"""The reference is what the program says of itself: generated pages are fresh, and formats are those of the code."""

import json
import re
import sys
from dataclasses import asdict, fields
from pathlib import Path

import pytest

from allaprima.checkpoint import model_file, perceptual
from allaprima.cli.main import COMMANDS
from allaprima.data.stores import kept
from allaprima.generation import shards
from allaprima.images import film_sheet
from allaprima.latents import clusters
from allaprima.latents.directions import direction_file
from allaprima.latents.projection import encoder_file, outcome
from allaprima.metrics import own_detector, reals
from allaprima.origin import Origin
from allaprima.studio import jobs
from allaprima.studio.work import bulk
from allaprima.training import RECIPES, film_log, session, state
from tests.docs.blocks import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import docs_commands
import docs_recipes

sys.path.pop(0)
FORMATS = (ROOT / "docs" / "reference" / "formats.md").read_text()
KINDS = {
    "model": model_file.FORMAT_VERSION,
    "state": state.FORMAT_VERSION,
    encoder_file.KIND: encoder_file.FORMAT_VERSION,
    direction_file.KIND: direction_file.FORMAT_VERSION,
    outcome.KIND: outcome.FORMAT_VERSION,
    clusters.KIND: clusters.FORMAT_VERSION,
    reals.KIND: reals.FORMAT_VERSION,
    own_detector.KIND: own_detector.FORMAT_VERSION,
    perceptual.KIND: perceptual.FORMAT_VERSION,
}


@pytest.mark.parametrize("tool", [docs_commands, docs_recipes], ids=lambda tool: tool.__name__)
def test_a_generated_page_is_fresh(tool: object) -> None:
    page, text = tool.PAGE, tool.text  # type: ignore[attr-defined]
    assert page.read_text() == text(), f"stale: python tools/{tool.__name__}.py"  # type: ignore[attr-defined]


def test_every_command_and_recipe_is_there() -> None:
    commands, recipes = docs_commands.text(), docs_recipes.text()
    assert re.findall(r"^## (\S+)$", commands, re.MULTILINE) == list(COMMANDS)
    groups = recipes.partition(f"\n## {docs_recipes.GROUPS[0].heading}\n")[2]
    named = re.findall(r"^\| `([\w.-]+)` \|(?: \d+| by size) \|", groups, re.MULTILINE)
    assert sorted([*named, docs_recipes.FIRST]) == sorted(RECIPES)


def test_times_are_those_of_the_benchmark() -> None:
    found = docs_recipes.measured()
    table = (ROOT / "docs" / "benchmarks" / "index.md").read_text()
    for name, times in found.items():
        gray, colour = re.findall(r"[\d.]+(?= \((?:24×24×1|64×64×4)\))", times)
        assert re.search(rf"^\| `{name}` \| \d+ \| {gray} \| {colour} \|", table, re.MULTILINE)
    assert set(found) == set(RECIPES) & {name for name in RECIPES if re.fullmatch(r"laptop(-\D.*)?", name)}


def test_a_time_is_told_only_of_the_recipe_that_was_timed() -> None:
    """A field that has changed since would make the figure another recipe's."""
    since = {"precision", "batch_gpu", "checkpointing", "gamma_scale"}  # decided by the machine, or newer than the run
    for entry in json.loads(docs_recipes.MEASURED.read_text()):
        timed = entry["figures"]["recipe"]
        name = "laptop" if timed["system"] == "stylegan2" else f"laptop-{timed['system']}"
        now = json.loads(json.dumps(asdict(RECIPES[name])))
        other = {field for field in now if now[field] != timed.get(field)} - since
        assert other <= ({"batch"} if timed["batch"] != now["batch"] else set())


def test_each_group_says_data_hardware_time_and_result() -> None:
    sections = re.split(r"^## ", docs_recipes.text(), flags=re.MULTILINE)[1:]
    assert len(sections) == 1 + len(docs_recipes.GROUPS)
    for section in sections:
        for fact in ("Source: ", "Hardware: ", "Data: ", r"Time( and result)?: ", r"(Expected|Time and) result: "):
            assert re.search(fact, section), f"{section.splitlines()[0]} has no {fact}"


@pytest.mark.parametrize(("kind", "version"), KINDS.items())
def test_kinds_of_files_have_the_versions_that_the_page_tells(kind: str, version: int) -> None:
    (row,) = [line for line in FORMATS.splitlines() if line.startswith("|") and f"`{kind}`" in line.split("|")[1]]
    assert row.split("|")[2].strip() == str(version)


def test_no_kind_of_file_is_left_out() -> None:
    written = {
        a or b
        for text in map(Path.read_text, (ROOT / "src").rglob("*.py"))
        if "write_tensors" in text
        for a, b in re.findall(r'^KIND(?:, \w+)? = "([^"]+)"|"kind": "([^"]+)",', text, re.MULTILINE)
    }
    assert written == set(KINDS)


def test_the_other_formats_names_are_those_of_the_code() -> None:
    assert f"`{shards.ORDER}`" in FORMATS
    assert f"`{shards.MANIFEST}`" in FORMATS
    assert f"`{film_log.FOLDER}/{film_log.LINES}`" in FORMATS
    assert f"`format_version` {session.FORMAT_VERSION}," in FORMATS
    for field in fields(film_log.Assessment):
        assert f"`{field.name}`" in FORMATS
    record = re.findall(
        r'^            "(\w+)":', (ROOT / "src/allaprima/generation/order.py").read_text(), re.MULTILINE
    )
    assert "generator_sha256" in record
    assert [name for name in record if f"`{name}`" not in FORMATS] == []
    assert "record_sha256" in FORMATS
    assert f"(`indices/`, NumPy arrays, version {kept.FORMAT_VERSION})" in FORMATS
    assert f"{film_sheet.COLUMNS} images in a row" in FORMATS
    assert f"at most {film_sheet.SIDE} pixels" in FORMATS


def test_the_words_in_pictures_are_those_of_the_code() -> None:
    words = Origin(model_sha256="0", seed=1, truncation=0.7, label=2).words()
    table = FORMATS.partition("## Words in pictures")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert re.findall(r"`([^`]+)`", " ".join(cells)) == list(words)
    assert f"`{words['Software']}`" in table


def test_the_files_of_works_are_those_of_the_studio() -> None:
    table = FORMATS.partition("## The studio's folders")[2].partition("\n## ")[0]
    assert f"`ID/{jobs.RECORD}`" in table
    assert [field.name for field in fields(jobs.Job) if f"`{field.name}`" not in table] == []
    assert [column for column in bulk.COLUMNS if f"`{column}`" not in table] == []


def test_the_files_of_a_projection_are_those_that_are_written() -> None:
    source = (ROOT / "src/allaprima/latents/projection/outcome.py").read_text()
    table = FORMATS.partition("## Projections")[2].partition("\n## ")[0]
    written = set(re.findall(r'(?:directory|folder) / "([\w.]+)"', source))
    assert written == set(re.findall(r"`([\w]+\.(?:safetensors|json|csv|png|npz))`", table.partition("|---|")[2]))
    for name in ("psnr_with_own_noise", "distance", "steps"):
        assert f'"{name}":' in source
        assert f"`{name}`" in table
