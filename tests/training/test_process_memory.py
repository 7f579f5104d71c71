"""Memory of a process: peaks stay, what is held comes and goes."""

import sys
from pathlib import Path

import pytest
import torch

from allaprima.training import process_memory
from allaprima.training.process_memory import GIGABYTE, held_gb, memory_gb
from tests.training.small import CPU


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count differently")
def test_a_peak_stays() -> None:
    (before,) = memory_gb(CPU)
    held = held_gb(CPU)
    assert 0.05 < held <= before + 0.01
    block = torch.ones(round((before - held + 0.1) * GIGABYTE / 4))
    assert held_gb(CPU) >= held + block.nbytes / GIGABYTE - 0.02
    del block
    (after,) = memory_gb(CPU)
    assert after > before + 0.05
    assert held_gb(CPU) < after - 0.05


def test_systems_without_a_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(process_memory, "STATUS", tmp_path / "none")
    assert memory_gb(CPU) == (held_gb(CPU),)
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    assert memory_gb(CPU) == (0.0,)
