"""The benchmark of generation: what it measures is what it says."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SHORT = ["--batches", "1", "--rounds", "1", "--repeats", "1", "--ceiling-seconds", "0"]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The benchmark, its processes run within this one, its ceiling that of small matrices."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    generation, process = import_module("generation"), import_module("generation_process")
    monkeypatch.setattr(import_module("ceiling"), "SIDE", 64)

    def here(job: Any) -> Any:
        process.work(job)
        return json.loads(capsys.readouterr().out)

    monkeypatch.setattr(generation, "in_a_fresh_process", here)
    return generation


def test_ours_and_plain_are_measured_and_alike(
    bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["generation.py", "dress-24", *SHORT])
    bench.main()
    (row,) = json.loads(capsys.readouterr().out)["figures"]["networks"]
    assert (row["network"], row["batch"], row["shape"]) == ("dress-24", 1, [1, 24, 24])
    assert row["difference_of_images"] < 1e-4
    for kind in ("ours", "plain"):
        assert row[kind]["images_per_second"] > 0
        assert row[kind]["fraction_of_ceiling"] > 0
        assert row[kind]["peak_memory_mb"] > 50
    assert row["times_faster"]["median"] > 0


def run(seconds: float, memory: float) -> dict[str, Any]:
    facts = {"shape": [3, 4, 4], "parameters": 1, "device": "cpu", "threads": 2, "repeats": 1}
    rest = {"gflop_per_image": 6.0, "ceiling_gflops": 100.0, "peak_gpu_memory_mb": None}
    return {"seconds": seconds, "peak_memory_mb": memory, **facts, **rest}


def test_ratios_are_those_of_the_rounds(bench: Any) -> None:
    found = {
        "ours": [run(1.0, 100), run(2.0, 100), run(1.0, 130)],
        "plain": [run(3.0, 200), run(4.0, 200), run(5.0, 200)],
    }
    row = bench.summary(found, 4)
    assert row["times_faster"] == {"median": 3.0, "all": [2.0, 3.0, 5.0]}
    assert row["memory_ratio"] == 0.5
    assert row["ours"]["images_per_second"] == 4.0
    assert row["ours"]["fraction_of_ceiling"] == 0.24  # 4 images of 6 GFLOP in a second, of 100
    assert row["plain"]["seconds_per_batch"] == 4.0


@pytest.mark.parametrize(
    ("network", "size", "gflop"), [("stylegan2", 256, 90.75), ("stylegan2", 1024, 150.77), ("stylegan3-t", 256, 508.9)]
)
def test_counts_the_operations_of_the_published_networks(bench: Any, network: str, size: int, gflop: float) -> None:
    process = import_module("generation_process")
    fields = {"batch": 1, "kind": "plain", "image": "", "repeats": 1, "seconds": 0, "ceiling_seconds": 0, "device": ""}
    with torch.device("meta"):
        G = import_module("allaprima.models").build(process.spec_of(process.Job(network=network, size=size, **fields)))
    assert process.gflop_per_image(G) == pytest.approx(gflop, rel=1e-4)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count differently")
def test_peak_memory_is_seen(bench: Any) -> None:
    process = import_module("generation_process")
    before = process.peak_memory_mb()
    block = torch.ones(2**18 * (int(before) + 64))  # of more megabytes than there ever were
    assert process.peak_memory_mb() > block.nbytes / 2**20 > before


@pytest.mark.slow
@pytest.mark.parametrize("what", [["emoji-64", "--start-up"], ["--stylegan2", "64"], ["--stylegan3", "16"]], ids=str)
def test_the_command_runs(what: list[str]) -> None:
    command = [sys.executable, str(BENCHMARKS / "generation.py"), *what, *SHORT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout)["figures"]
    assert figures["networks"][0]["difference_of_images"] < 1e-4
    if "--start-up" in what:
        assert figures["start_up"]["first_image_seconds"] > figures["start_up"]["import_torch_seconds"]
