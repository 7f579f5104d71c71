"""The centre of W for models whose file has none: StyleGAN (Karras et al. 2019), appendix B."""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.interchange.imported import assemble
from allaprima.models import GeneratorSpec

SAMPLES = 10_000
SEED = 123  # both as in the published projector
BATCH = 500
NOTE = f"the file has no average of w: it was computed from {SAMPLES:,} latents"


@torch.no_grad()
def average_w(spec: GeneratorSpec, weights: Mapping[str, Tensor]) -> Tensor:
    """Mean of w over latents, and over all classes alike where there are labels.

    Args:
        spec: A generator with a mapping network that keeps ``mapping.w_avg``.
        weights: Its state dict; ``mapping.w_avg`` may be missing.
    """
    blank = torch.zeros(spec.w_dim)
    mapping = assemble(spec, {**weights, "mapping.w_avg": blank}).get_submodule("mapping")
    z = torch.from_numpy(np.random.RandomState(SEED).randn(SAMPLES, spec.z_dim)).float()
    total = torch.zeros(spec.w_dim)
    for start in range(0, SAMPLES, BATCH):
        part = z[start : start + BATCH]
        classes = torch.arange(start, start + len(part)) % spec.c_dim if spec.c_dim else None
        c = None if classes is None else F.one_hot(classes, spec.c_dim).float()
        total += mapping(part, c)[:, 0].sum(dim=0)
    return total / SAMPLES
