"""The doctor: what is there is named, what is measured is a number, and no table of Linux is needed."""

import json
import math
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from allaprima import doctor
from allaprima.cli.doctor import doctor as command

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ROUNDS", 1)
    monkeypatch.setattr(doctor, "SHAPE", {"cpu": (2, 4, 8, 8)})
    monkeypatch.setattr(doctor, "SIDE", {"cpu": 16})
    monkeypatch.setattr(doctor, "BLOCK", {"cpu": 64})
    monkeypatch.setattr("allaprima.cli.doctor.keep_memory", lambda: False)


def test_ours_and_plain_compute_the_same() -> None:
    """Else a ratio of their times would say nothing."""
    ours = doctor._calls(doctor.ops, CPU)
    plain = doctor._calls(doctor.plain, CPU)
    assert ours.keys() == plain.keys()
    for name, (function, inputs) in ours.items():
        torch.testing.assert_close(function(*inputs), plain[name][0](*inputs), rtol=1e-3, atol=1e-3)


def test_speeds_are_measured() -> None:
    speed = doctor.measure(CPU)
    operations = ["conv2d", "upsampling_conv2d", "modulated_conv2d", "upfirdn2d", "bias_act", "filtered_lrelu"]
    assert [o.name for o in speed.operations] == operations
    numbers = [speed.matrix_gflops, speed.copy_gb, speed.images_per_second]
    numbers += [n for o in speed.operations for n in (o.forward, o.training)]
    assert all(n > 0 and math.isfinite(n) for n in numbers)
    assert speed.operations[-1].runs_on == "PyTorch (filtered_lrelu)"


def test_a_machine_without_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "CPUINFO", tmp_path / "none")
    monkeypatch.delattr("os.sysconf")  # as on Windows
    machine = doctor.look(CPU)
    assert machine.processor
    assert machine.instructions == ()
    assert machine.memory_gb is None


def test_a_table_of_the_processor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "cpuinfo"
    table.write_text("processor : 0\nmodel name\t: Fast 9000\nflags\t\t: fpu avx2 amx_bf16\n\n")
    monkeypatch.setattr(doctor, "CPUINFO", table)
    machine = doctor.look(CPU)
    assert (machine.processor, machine.instructions) == ("Fast 9000", ("avx2", "amx_bf16"))


def test_the_command_for_people_and_for_programs() -> None:
    outcome = CliRunner().invoke(command, ["--device", "cpu"])
    assert outcome.exit_code == 0
    assert "times faster than the plain form" in outcome.output
    assert "cannot be told to keep it" in outcome.output
    report = json.loads(CliRunner().invoke(command, ["--device", "cpu", "--json"]).output)
    assert report["machine"]["keeps_memory"] is False
    assert report["machine"]["torch"] == torch.__version__
    assert report["speed"]["model"] == "emoji-64"
