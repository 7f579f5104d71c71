"""The reference is what the program says of itself: generated pages are fresh, and formats are those of the code."""

import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from allaprima.checkpoint import model_file, perceptual
from allaprima.cli.main import COMMANDS
from allaprima.generation import shards
from allaprima.latents import clusters
from allaprima.latents.directions import direction_file
from allaprima.latents.projection import encoder_file, outcome
from allaprima.metrics import own_detector, reals
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
    groups = recipes.partition(f"\n## {docs_recipes.GROUPS[0][1]}\n")[2]
    named = re.findall(r"^\| `([\w.-]+)` \|(?: \d+| by size) \|", groups, re.MULTILINE)
    assert sorted([*named, docs_recipes.FIRST]) == sorted(RECIPES)


def test_times_are_those_of_the_benchmark() -> None:
    found = docs_recipes.measured()
    assert found["laptop"].startswith("9.6 (24×24×1)")  # docs/benchmarks/index.md has the same
    assert set(found) <= set(RECIPES)


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
