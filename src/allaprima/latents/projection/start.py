"""Where a search begins: at the mean of W, at a seed, or at the best of many.

Axes: n target, k candidate, s style (one for each layer), d size of w, c channel, h w rows and columns.
"""

from typing import Any

import torch
from einops import repeat
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import LatentError
from allaprima.latents.centres import sample_w
from allaprima.latents.projection.distance import Measure

AT_ONCE = 16  # candidates that are painted together


def mean_and_deviation(G: Any, **label: Any) -> tuple[Float[Tensor, "1 s d"], float]:
    """The mean of W as styles, and the standard deviation of one number of w; of 10,000 samples.

    Args:
        G: The generator.
        label: Class or label, as `allaprima.latents.centres.sample_w` takes them; none: of all classes.
    """
    w = sample_w(G, **label).double()
    mean = w.mean(dim=0)
    device = next(G.parameters()).device
    styles = repeat(mean.float().to(device), "d -> 1 s d", s=G.num_ws)
    return styles, float((w - mean).square().mean().sqrt())


@torch.no_grad()
def best_of(G: Any, measure: Measure, count: int, *, seed: int = 0, **label: Any) -> Float[Tensor, "n s d"]:
    """For each target of ``measure`` the nearest of ``count`` random images."""
    if count < 1:
        raise LatentError(f"the best of {count} random starts: there must be at least 1")
    device = next(G.parameters()).device
    ws = repeat(sample_w(G, count, seed=seed, **label).to(device), "k d -> k s d", s=G.num_ws)
    distances = []
    for start in range(0, count, AT_ONCE):
        images = G.synthesis(ws[start : start + AT_ONCE], noise_mode="const")
        distances += [measure(image[None]) for image in images]
    return ws[torch.stack(distances).argmin(dim=0)]


def for_each(ws: Float[Tensor, "k s d"], targets: int) -> Float[Tensor, "n s d"]:
    """Given styles as a start for so many targets: one for each, or one for all. Raises `LatentError`."""
    if len(ws) not in (1, targets):
        raise LatentError(f"there are {len(ws)} latents to start from and {targets} targets: give one for each, or one")
    return ws.expand(targets, -1, -1)
