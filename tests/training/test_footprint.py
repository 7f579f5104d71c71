"""What a training will hold: counted without numbers, and what a real one holds."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.training import fit, open_session
from allaprima.training.footprint import CPU_CODE_GB, CPU_COPIES, Expectation, Footprint, _Counter, expect, footprint
from allaprima.training.footprint import on_device as seen_on
from allaprima.training.recipe import decide
from allaprima.training.recipes import RECIPES
from allaprima.training.step import train_step
from tests.training.small import CPU, batch_for, small_run, tiny

META = torch.device("meta")
SIXTEEN = {"height": 16, "width": 16, "channels": 3, "c_dim": 0}


def counted(**fields: Any) -> Footprint:
    return footprint(small_run(shape=(3, 16, 16), **{"cbase": 512, "cmax": 32, **fields}).recipe, **SIXTEEN)


def test_the_peak_is_known_by_hand() -> None:
    """Four tensors of 4000 bytes live at a time: y dies before the products, and a view is no new memory."""
    with _Counter() as counter:
        x = torch.empty(1000, device=META)
        y = x * 2
        z = x.view(10, 100) + 1
        del y
        a, b = z * 2, z * 3
        del a, b
        torch.ones(5)  # on another device
    assert counter.peak == 4 * 4000
    assert counter.alive == 2 * 4000
    del x, z
    assert counter.alive == 0


@pytest.mark.parametrize("system", ["stylegan2", "stylegan3-t", "progan"])
def test_weights_are_counted(system: str) -> None:
    fields: dict[str, Any] = {"system": system, "pl_weight": 0.0, "growing": system == "progan"}
    run = small_run(shape=(3, 16, 16), **fields)
    found = footprint(run.recipe, **SIXTEEN)
    tensors = [x for n in (run.G, run.D, run.G_ema) for x in (*n.parameters(), *n.buffers())]
    assert found.weights == pytest.approx(sum(x.nbytes for x in tensors), abs=64)
    learning = sum(p.nbytes for network in (run.G, run.D) for p in network.parameters())
    assert found.averages == pytest.approx(2 * learning, abs=8)


CHANGES: list[dict[str, Any]] = [
    {"checkpointing": True},
    {"precision": "bf16"},
    {"aug": "diffaug"},
    {"aug": "apa"},
    {"aug": "fixed", "p": 0.5},
    {"batch_gpu": 4, "freezed": 2, "cond": True},
]


@pytest.mark.parametrize(
    ("name", "changes"),
    [(name, {}) for name in RECIPES if name.startswith("laptop")] + [("laptop", changes) for changes in CHANGES],
    ids=str,
)
def test_every_system_can_be_counted(name: str, changes: dict[str, Any]) -> None:
    small = {"precision": "fp32", "cbase": 64, "cmax": 8, "cardinality": 2}
    recipe = decide(dataclasses.replace(RECIPES[name], **{**small, **changes}), height=8, width=12)
    found = footprint(recipe, height=8, width=12, channels=4, c_dim=3 if recipe.cond else 0)
    assert all(found.phases.values())
    assert found.phases.keys() >= {"generator", "discriminator"}
    assert ("penalty" in found.phases) == recipe.has_lazy_penalty


def test_nothing_of_the_training_changes() -> None:
    run, other = small_run(), small_run()
    expect(run)
    for each in (run, other):
        train_step(each, *batch_for(each))
    assert all(torch.equal(a, b) for a, b in zip(run.G.parameters(), other.G.parameters(), strict=True))


def test_work_grows_with_the_images_at_once_and_shrinks_with_checkpointing() -> None:
    small, large = (counted(batch=n).phases["generator"] for n in (4, 8))
    assert 1.7 < large / small < 2.1
    assert counted(batch=4, checkpointing=True).phases["generator"] < 0.8 * small


def test_parts_of_a_batch_take_little_more_than_one_of_them() -> None:
    part, whole = counted(batch=4), counted(batch=16, batch_gpu=4)
    assert whole.at_once == 4
    assert part.phases["generator"] <= whole.phases["generator"] < 1.3 * part.phases["generator"]
    recipe = small_run(shape=(3, 16, 16), batch=16, batch_gpu=8, cbase=512, cmax=32).recipe
    halved = footprint(recipe, **SIXTEEN, halvings=1)
    assert halved == whole


def test_what_is_expected() -> None:
    found = Footprint(weights=2**30, averages=2**31, phases={"generator": 2**30, "penalty": 2**29}, at_once=8)
    on_gpu = seen_on(found, torch.device("cuda"), held=1.0)
    assert on_gpu.peak_gb == 4.0
    assert on_gpu.sentence() == (
        "memory: about 4.00 GB at most: 1.00 to begin with, 2.00 for Adam,"
        " 1.00 for the generator phase with 8 images at once"
    )
    on_cpu = seen_on(found, CPU, held=1.5, known=2**31)
    assert on_cpu.averages == 0
    assert on_cpu.peak_gb == 1.5 + CPU_CODE_GB + CPU_COPIES


def test_one_image_is_no_images() -> None:
    one = Expectation(held=0.1, averages=0.1, work=0.1, phase="penalty", at_once=1)
    assert one.sentence().endswith("0.10 for the penalty phase with 1 image at once")


def test_averages_that_a_resumed_run_has_are_not_expected_again() -> None:
    run = small_run()
    before = expect(run).averages
    train_step(run, *batch_for(run))
    assert before > 0
    assert expect(run).averages == pytest.approx(0, abs=1e-6)


def test_the_expectation_stands_beside_what_was_used(data: Path, tmp_path: Path) -> None:
    session = open_session(data, tmp_path / "run", tiny(kimg=0.008), device=CPU)
    reports = list(fit(session, expected_gb=expect(session.run).peak_gb))
    row = json.loads((tmp_path / "run/stats.jsonl").read_text().splitlines()[-1])
    expected, used = (row[f"Resources/{name}_mem_gb"]["mean"] for name in ("expected", "cpu"))
    assert used == pytest.approx(reports[-1].memory_gb[0], rel=0.1)
    assert expected > 0.05
