"""Triton is a guest: not loaded before it is needed, not asked for what it cannot do."""

import os
import subprocess
import sys
from pathlib import Path

import torch

from allaprima.ops import kernels

SOURCE = Path(__file__).parents[3] / "src"
CODE = """
import sys, torch
import allaprima.ops, allaprima.models
from allaprima.ops.scaled_bias_act import scaled_bias_act
x = scaled_bias_act(allaprima.ops.upfirdn2d(torch.ones(1, 1, 4, 4), torch.ones(2, 2)), activation="lrelu")
print("triton" in sys.modules)
"""


def test_a_processor_never_loads_triton() -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False, env=environment)
    assert done.stdout.split() == ["False"], done.stderr


def test_a_processor_is_not_served() -> None:
    assert not kernels.serve(torch.zeros(1))


def test_double_precision_is_not_served(device: torch.device) -> None:
    assert not kernels.serve(torch.zeros(1, device=device, dtype=torch.float64))
