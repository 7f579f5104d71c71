"""The kernels' tests run on a GPU where there is one, elsewhere in Triton's interpreter, on the processor."""

import os

import pytest
import torch

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
if DEVICE.type == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"  # read when the kernels are imported

pytest.importorskip("triton", reason="NOT SHOWN: there is no Triton on this machine")


@pytest.fixture
def device() -> torch.device:
    return DEVICE


@pytest.fixture
def on_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operations take the kernels for every tensor."""
    monkeypatch.setattr("allaprima.ops.kernels.serve", lambda x: True)
