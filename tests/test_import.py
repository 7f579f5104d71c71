"""Importing allaprima is quick, quiet and light; shapes are checked while tests run."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jaxtyping
import pytest
import torch

from allaprima.layers.noise import draw_noise
from allaprima.losses import r1_penalty
from allaprima.models import fast_half
from allaprima.ops import conv2d, minibatch_std

SOURCE = Path(__file__).parents[1] / "src"
HEAVY = [
    "pydantic",
    "fastapi",
    "uvicorn",
    "av",
    "gradio",
    "torchvision",
    "matplotlib",
    "tensorboard",
    "jax",
    "tensorflow",
]
HEAVY += ["onnx", "onnxscript", "onnxruntime", "huggingface_hub", "datasets", "pyarrow", "aiohttp", "fsspec"]
PACKAGES = [
    "allaprima",
    *sorted(f"allaprima.{init.parent.name}" for init in (SOURCE / "allaprima").glob("*/__init__.py")),
]


def run_python(code: str) -> str:
    """Everything that a new Python, which takes warnings for errors, prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_importing_every_package_is_quiet_and_loads_nothing_heavy() -> None:
    code = f"import sys, {', '.join(PACKAGES)}; print(*(name for name in {HEAVY} if name in sys.modules))"
    assert run_python(code).split() == []


def test_importing_allaprima_alone_does_not_load_torch() -> None:
    assert run_python("import sys, allaprima; print('torch' in sys.modules)").split() == ["False"]


def test_every_public_name_exists() -> None:
    code = "import allaprima; print(*(name for name in allaprima.__all__ if not hasattr(allaprima, name)))"
    assert run_python(code).split() == []


def test_importing_leaves_the_global_state_of_torch_alone() -> None:
    state = (
        "(torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads(), torch.backends.cudnn.benchmark)"
    )
    code = f"import torch; before = {state}; import {', '.join(PACKAGES)}; print(before == {state})"
    assert run_python(code).split() == ["True"]


def test_shapes_are_checked_while_tests_run() -> None:
    with pytest.raises(jaxtyping.TypeCheckError):
        minibatch_std(torch.zeros(2, 3), group_size=1)
    with pytest.raises(jaxtyping.TypeCheckError):
        conv2d(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 3, 1))


@pytest.mark.parametrize("function", [conv2d, minibatch_std, draw_noise, fast_half, r1_penalty])
def test_every_package_of_tensors_is_checked(function: Callable[..., object]) -> None:
    assert hasattr(function, "__wrapped__")
