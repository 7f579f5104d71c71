"""What the guide about curves says of trainings is what their ticks say, and what the rules of today say of them."""

import json
import re
from statistics import median
from typing import Any

import pytest

from allaprima.training.health import RECENT, Verdict, Vitals, examine, memorised_share
from tests.docs.blocks import ROOT

KEPT = ROOT / "docs" / "benchmarks" / "curves"
GUIDE = (ROOT / "docs" / "guides" / "reading-curves.md").read_text()
ROW = re.compile(r"^\| `([\w-]+)` \| (\d+) \| (.+?) \|$", re.MULTILINE)
ONLY_BEGINNINGS = {"tuned", "scratch", "emoji-64-b", "emoji-64-first"}  # of the guide about fine-tuning
SHOWN = ("score_real", "score_held_out", "score_fake", "r_v", "sign_real", "loss_D", "p", "diversity")
VITALS = {
    name: name
    for name in ("kimg", "sign_real", "sign_fake", "score_real", "score_fake", "gradient_G", "gradient_D", "diversity")
} | {"score_held_out": "score_held_out", "strength": "p"}


def kept(run: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((KEPT / f"{run}.json").read_text())
    return found


def history_of(run: dict[str, Any]) -> list[Vitals]:
    ticks, recipe = run["ticks"], run["recipe"]
    cap = recipe["p_max"] if recipe["aug"] == "ada" else None
    return [
        Vitals(strength_cap=cap, **{field: ticks[column][i] for field, column in VITALS.items()})
        for i in range(len(ticks["kimg"]))
    ]


def verdict(run: dict[str, Any], ticks: int) -> Verdict:
    """What is said today after so many ticks."""
    return examine(history_of(run)[:ticks], augmented=run["recipe"]["aug"] != "noaug", settings=run["recipe"])


def first(run: str, condition: str) -> float | None:
    """At how many thousand images the rules of today first say so."""
    found = kept(run)
    ends = range(1, len(found["ticks"]["kimg"]) + 1)
    at = next((end for end in ends if verdict(found, end).condition == condition), None)
    return None if at is None else float(found["ticks"]["kimg"][at - 1])


@pytest.mark.parametrize(("run", "kimg", "cells"), ROW.findall(GUIDE))
def test_each_row_of_the_table_has_the_medians_of_five_ticks(run: str, kimg: str, cells: str) -> None:
    found = kept(run)
    ticks, history = found["ticks"], history_of(found)
    end = max(i for i, value in enumerate(ticks["kimg"]) if value <= float(kimg) + 0.1) + 1
    expected = []
    for name in SHOWN:
        if name == "r_v":
            value = memorised_share(history[:end])
        else:
            values = [x for x in ticks[name][:end][-RECENT:] if x is not None]
            value = median(values) if values else None
        expected.append("–" if value is None else f"{value:.2f}")
    assert cells.split(" | ")[:-1] == expected
    condition = {"not yet": "healthy"}.get(cells.split(" | ")[-1], cells.split(" | ")[-1])
    assert verdict(found, end).condition == condition


def test_the_table_has_every_run_but_those_of_fine_tuning() -> None:
    assert {row[0] for row in ROW.findall(GUIDE)} == {p.stem for p in KEPT.glob("*.json")} - ONLY_BEGINNINGS


@pytest.mark.parametrize(
    ("run", "condition", "kimg"),
    [
        ("none500-32", "overfitting", 249.0),
        ("stacks-ns", "overfitting", 32.0),
        ("stacks-ns", "collapsing", 46.02),
        ("stacks-ns-gamma1", "collapsing", 30.02),
        ("stacks-rel", "collapsing", None),
        ("diverging", "diverging", 3.008),
        ("diverging", "overfitting", 1.504),
    ],
)
def test_verdicts_come_when_the_guide_says(run: str, condition: str, kimg: float | None) -> None:
    assert first(run, condition) == kimg


@pytest.mark.parametrize("run", ["emoji-32", "ada500-32-late", "stacks-rel"])
def test_nothing_is_said_of_those_that_are_well(run: str) -> None:
    found = kept(run)
    count = len(found["ticks"]["kimg"])
    assert {verdict(found, end).condition for end in range(1, count + 1, 1 + count // 60)} == {"healthy"}


def test_a_run_changed_its_mind_as_often_as_the_guide_says() -> None:
    said = kept("none500-32")["said"]
    assert f"until {said[-1][0]:.0f},000 it changed its mind {len(said) - 1} times" in " ".join(GUIDE.split())


def test_the_guide_about_fine_tuning_has_the_measured_figures() -> None:
    figures = json.loads((ROOT / "docs" / "benchmarks" / "fine-tuning.json").read_text())["figures"]
    page = (ROOT / "docs" / "guides" / "fine-tuning.md").read_text()
    (old, tuned), (scratch,) = (figures["runs"][run]["swd"] for run in ("tuned", "scratch"))
    assert f"| fine-tuned | {old['swd']:.1f} | {tuned['swd']:.1f} |" in page
    assert f"| from scratch | – | {scratch['swd']:.1f} |" in page
    assert f"the 300 themselves are {figures['distance_of_subset']['swd']:.1f} away" in page
    for name, run in (("from 32×32", "emoji-64-b"), ("from scratch", "emoji-64-first")):
        cells = [
            f"{r['swd']:.1f} ({r['interval'][0]} to {r['interval'][1]})" for r in figures["another_size"]["runs"][run]
        ]
        assert f"| {name} | {' | '.join(cells)} |" in page


def test_pictures_are_small() -> None:
    pictures = sorted((ROOT / "docs" / "images").glob("curves-*.png"))
    assert pictures
    assert [p.name for p in pictures if p.stat().st_size >= 250_000] == []
