"""The benchmark of a training's phases: both kinds take the same steps, and what it says is what it measured."""

import copy
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.training.run import Run
from tests.training.small import small_run

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SHORT = ["--rounds", "1", "--repeats", "1", "--seconds", "0", "--ceiling-seconds", "0", "--precision", "fp32"]
PHASES = ["generator", "path_length", "discriminator", "penalty"]


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setattr(import_module("ceiling"), "SIDE", 64)
    return import_module("training_phases_process")


@pytest.fixture
def bench(process: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The benchmark, its processes run within this one."""
    phases = import_module("training_phases")

    def here(job: Any, script: Path) -> Any:
        process.work(job)
        return json.loads(capsys.readouterr().out)

    monkeypatch.setattr(phases, "in_a_fresh_process", here)
    return phases


def job(process: Any, **fields: Any) -> Any:
    facts = {"network": "laptop", "kind": "ours", "size": 8, "channels": 3, "batch": 4, "precision": "fp32"}
    how = {"repeats": 1, "seconds": 0.0, "ceiling_seconds": 0.0, "device": "cpu"}
    return process.Job(**{**facts, **how, **fields})


def lively_run(*, step: int, **fields: Any) -> Run:
    """A training none of whose weights is left at 0: biases and the strengths of the noise count."""
    run = small_run(shape=(3, 16, 16), cbase=256, cmax=16, style_mixing=0.5, **fields)
    run.step = step
    with torch.no_grad():
        for network in (run.G, run.D):
            for parameter in network.parameters():
                if not parameter.any():
                    parameter.normal_(std=0.3)
    return run


@pytest.mark.parametrize("step", [1, 4], ids=["", "styles mixed"])
@pytest.mark.parametrize("phase", PHASES)
def test_both_kinds_have_the_same_gradients(process: Any, phase: str, step: int) -> None:
    ours = lively_run(step=step)
    plain = process.plain_run(copy.deepcopy(ours))
    reals = process.random_reals(ours, job(process, size=16))
    gradients = []
    for run in (ours, plain):
        process.phases_of(run, reals)[phase]()
        network = run.G if phase in ("generator", "path_length") else run.D
        gradients.append({n: torch.zeros(()) if p.grad is None else p.grad for n, p in network.named_parameters()})
    assert gradients[0].keys() == gradients[1].keys()
    largest = max(float(g.abs().max()) for g in gradients[0].values())
    assert largest > 0
    for name, wanted in gradients[0].items():
        allowed = 1e-4 * max(float(wanted.abs().max()), 1e-2 * largest)
        assert (gradients[1][name] - wanted).abs().max() <= allowed, name
    torch.testing.assert_close(plain.pl_mean, ours.pl_mean)
    torch.testing.assert_close(plain.G.twin.mapping.w_avg, ours.G.mapping.w_avg)


def test_phases_are_those_of_the_recipe(process: Any) -> None:
    run = small_run(pl_interval=3, r1_interval=5)
    assert process.intervals(run) == {"generator": 1, "path_length": 3, "discriminator": 1, "penalty": 5}
    assert process.intervals(small_run(pl_weight=0.0, r1_interval=1)) == {"generator": 1, "discriminator": 1}


def test_the_networks_are_those_of_the_target(process: Any) -> None:
    recipe = process.recipes()["stylegan2"]
    assert (recipe.cbase, recipe.cmax, recipe.batch, recipe.pl_interval, recipe.r1_interval) == (16384, 512, 8, 4, 16)
    assert (recipe.pl_weight, recipe.style_mixing, recipe.mbstd_group, recipe.map_depth) == (2.0, 0.9, 4, 8)


def test_operations_are_counted_forwards_and_backwards(process: Any) -> None:
    """One product of matrices is 2 · 4 · 5 · 3 operations; backwards, for both of its factors, twice as many."""
    a, b = torch.ones(4, 3, requires_grad=True), torch.ones(3, 5, requires_grad=True)
    counted = process.gflop({"forwards": lambda: a @ b, "both": lambda: (a @ b).sum().backward()})
    assert counted == {"forwards": 120e-9, "both": 360e-9}


def run_of(scale: float, memory: float) -> dict[str, Any]:
    """Figures of one process; an iteration takes 4.5 · scale seconds and 45 GFLOP."""
    seconds = {"generator": 2.0, "path_length": 2.0, "discriminator": 1.0, "penalty": 16.0}
    return {
        "seconds": {name: value * scale for name, value in seconds.items()},
        "gflop": {name: value * 10 for name, value in seconds.items()},
        "every": {"generator": 1, "path_length": 4, "discriminator": 1, "penalty": 16},
        "peak_memory_mb": memory,
        "ceiling_gflops": 100.0,
        "batch": 9,
        "parameters": {},
        "device": "cpu",
        "threads": 1,
        "precision": "fp32",
        "repeats": 1,
        "peak_gpu_memory_mb": None,
    }


def test_ratios_are_those_of_the_rounds(bench: Any) -> None:
    found = {
        "ours": [run_of(1, 100), run_of(2, 100), run_of(1, 130)],
        "plain": [run_of(3, 200), run_of(4, 200), run_of(5, 200)],
    }
    row = bench.summary(found)
    assert row["ours"]["seconds_per_iteration"] == 4.5
    assert row["ours"]["seconds_per_kimg"] == 500.0
    assert row["ours"]["fraction_of_ceiling"] == 0.1
    assert row["ours_to_plain"]["iteration_times_faster"] == {"median": 3.0, "all": [2.0, 3.0, 5.0]}
    assert row["ours_to_plain"]["times_faster"]["penalty"] == 3.0
    assert row["ours_to_plain"]["memory_ratio"] == 0.5


def test_ours_and_plain_are_measured(
    bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["training_phases.py", "laptop", "--size", "8", "--batch", "4", "--device", "cpu", *SHORT]
    monkeypatch.setattr(sys, "argv", command)
    monkeypatch.setattr(import_module("allaprima.allocator"), "keep_memory", lambda: None)
    bench.main()
    (row,) = json.loads(capsys.readouterr().out)["figures"]["networks"]
    assert row["every"] == {"generator": 1, "discriminator": 1, "penalty": 16}
    assert row["gflop"]["penalty"] > 0
    for kind in ("ours", "plain"):
        assert row[kind]["seconds"].keys() == row["every"].keys()
        assert row[kind]["seconds_per_kimg"] == pytest.approx(row[kind]["seconds_per_iteration"] * 250, rel=0.01)
        assert row[kind]["peak_memory_mb"] > 50
    assert row["ours_to_plain"]["iteration_times_faster"]["median"] > 0


@pytest.mark.slow
def test_the_command_runs() -> None:
    command = [sys.executable, str(BENCHMARKS / "training_phases.py"), "--size", "8", "--batch", "4", *SHORT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    networks = [row["network"] for row in json.loads(done.stdout)["figures"]["networks"]]
    assert networks == ["stylegan2", "laptop"]
