"""One small recipe for each thing that a step can do, and how far two runs are from one another."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from allaprima.images import to_network
from allaprima.training import run, step
from allaprima.training.run import Run
from allaprima.training.state import COUNTERS, _tensors

SYSTEMS: dict[str, dict[str, Any]] = {
    "stylegan2": {"aug": "ada", "p": 0.5, "ada_interval": 2, "ada_kimg": 0.1, "augpipe": "bgcfnc", "style_mixing": 0.5},
    "relativistic": {"loss": "relativistic", "penalty": "r1+r2", "aug": "diffaug", "pl_batch_shrink": 4},
    "pseudo": {"aug": "apa", "p": 0.5, "ada_interval": 1, "ada_kimg": 0.1},
    "growing": {
        "g_architecture": "orig",
        "d_architecture": "orig",
        "growing": True,
        "lod_training_kimg": 0.008,
        "lod_transition_kimg": 0.008,
    },
    "stylegan": {"system": "stylegan", "style_mixing": 0.9},
    "progan": {
        "system": "progan",
        "aug": "fixed",
        "p": 0.5,
        "loss": "wasserstein",
        "penalty": "wgan-gp",
        "r1_interval": 1,
        "pl_weight": 0.0,
        "drift": 0.001,
    },
    "stylegan3-t": {"system": "stylegan3-t", "num_layers": 4},
    "stylegan3-r": {"system": "stylegan3-r", "num_layers": 4, "blur_init_sigma": 2.0, "blur_fade_kimg": 1.0},
    "r3gan": {"system": "r3gan", "loss": "relativistic", "penalty": "r1+r2", "pl_weight": 0.0, "cardinality": 2},
}


@contextmanager
def in_float64() -> Iterator[None]:
    """Make networks and images in float64, so that what differs is more than rounding.

    Where a gradient is nothing but rounding, as that of a bias in front of a normalisation, Adam divides it by itself
    and by ε: with a large ε it stays rounding.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "ADAM_EPS", 1e-2)
        patch.setattr(step, "to_network", lambda pixels: to_network(pixels).double())
        torch.set_default_dtype(torch.float64)
        try:
            yield
        finally:
            torch.set_default_dtype(torch.float32)


def differences(a: Run, b: Run) -> dict[str, float]:
    """The largest difference in each tensor and counter, relative to the tensor's largest number, but at least 1."""
    mine, its = dict(_tensors(a)), dict(_tensors(b))
    assert mine.keys() == its.keys()
    found = {
        name: float((x.double() - its[name].double()).abs().max() / x.double().abs().max().clamp(min=1))
        for name, x in mine.items()
        if x.numel()
    }
    return found | {name: abs(float(getattr(a, name)) - float(getattr(b, name))) for name in COUNTERS}


def as_numbers(a: Run) -> dict[str, torch.Tensor]:
    """All of a run, to be compared in another process."""
    return dict(_tensors(a)) | {name: torch.tensor(float(getattr(a, name))) for name in COUNTERS}
