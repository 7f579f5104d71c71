"""Perceptual path length: Karras et al. (2019), section 4.1; without the crop, Karras et al. (2020), section 3.2.

Axes: n pair, s style (one for each layer), d size of w, z size of z, c channel, h w rows and columns.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import ConfigError, DataError
from allaprima.generation import latents_of_seeds
from allaprima.images import has_alpha
from allaprima.models import noise_maps, paint_with_noise
from allaprima.models.lpips import LPIPS

EPSILON = 1e-4
LOW, HIGH = 1, 99  # percentiles beyond which distances are dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class PathLength:
    """A variant.

    Attributes:
        space: Where the path runs: straight in w, on the sphere in z.
        sampling: ``full``: anywhere on the path between two latents, ``end``: at its beginning.
        crop: Show the network where faces are, as the paper does for FFHQ.
    """

    space: Literal["z", "w"]
    sampling: Literal["full", "end"]
    crop: bool


VARIANTS = {
    "2_wend": PathLength(space="w", sampling="end", crop=False),
    "_zfull": PathLength(space="z", sampling="full", crop=True),
    "_wfull": PathLength(space="w", sampling="full", crop=True),
    "_zend": PathLength(space="z", sampling="end", crop=True),
    "_wend": PathLength(space="w", sampling="end", crop=True),
}
"""By what stands behind ``ppl`` in their names."""

Distance = Callable[[Tensor, Tensor], Tensor]
"""Of two batches of images in [-1, 1], gray or RGB: `LPIPS`, or one in its place for a test."""


@torch.no_grad()
def path_distances(
    G: Any,
    variant: PathLength,
    distance: LPIPS | Distance,
    *,
    seeds: Sequence[int],
    c: Float[Tensor, "n c"] | None = None,
    epsilon: float = EPSILON,
) -> Float[Tensor, " n"]:
    """Distances of images a step ``epsilon`` apart, over ``epsilon``²: one for each seed.

    Both images of a pair have the same noise, of its own seed. Images larger than 256 pixels are averaged down, by
    `LPIPS` itself. Of images with alpha the premultiplied colours are compared.

    Raises:
        ConfigError: A generator without a space of styles.
    """
    device = next(G.parameters()).device
    first, second, step, noise = _draw(G, variant, seeds, device)
    c = None if c is None else c.to(device)
    if variant.space == "w":
        w0, w1 = G.mapping(first, c), G.mapping(second, c)
        places = [torch.lerp(w0, w1, (step + shift).view(-1, 1, 1).to(w0)) for shift in (0, epsilon)]
    else:
        places = [G.mapping(slerp(first, second, step[:, None] + shift), c) for shift in (0, epsilon)]
    images = [paint_with_noise(G, ws, noise, force_fp32=True).float() for ws in places]
    shown = [face(x) if variant.crop else x for x in (_colours(x) for x in images)]
    return distance(*shown).double() / epsilon**2


def path_length(distances: Float[Tensor, " n"]) -> float:
    """Mean of the distances without those below the 1st and above the 99th percentile. Raises `DataError` for none."""
    if not len(distances):
        raise DataError("there are no distances to take the mean of")
    values = distances.double().cpu().numpy()
    low, high = np.percentile(values, LOW, method="lower"), np.percentile(values, HIGH, method="higher")
    return float(values[(values >= low) & (values <= high)].mean())


def slerp(a: Float[Tensor, "n z"], b: Float[Tensor, "n z"], t: Float[Tensor, "n 1"]) -> Float[Tensor, "n z"]:
    """Where one is after the share ``t`` of the great circle from ``a`` to ``b``; of length 1 (Shoemake 1985)."""
    a, b = (x / x.norm(dim=1, keepdim=True) for x in (a, b))
    cosine = (a * b).sum(dim=1, keepdim=True)
    across = b - cosine * a
    across = across / across.norm(dim=1, keepdim=True)
    angle = t * cosine.clamp(-1, 1).acos()
    place = a * angle.cos() + across * angle.sin()
    unit: Tensor = place / place.norm(dim=1, keepdim=True)
    return unit


def face(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
    """Where faces are in FFHQ: rows 3/8 to 7/8, columns 2/8 to 6/8."""
    rows, columns = images.shape[2] // 8, images.shape[3] // 8
    return images[:, :, 3 * rows : 7 * rows, 2 * columns : 6 * columns]


def _draw(
    G: Any, variant: PathLength, seeds: Sequence[int], device: torch.device
) -> tuple[Tensor, Tensor, Tensor, dict[str, Tensor]]:
    """Two latents, a place between them and noise, for each seed."""
    if not hasattr(G, "mapping"):
        raise ConfigError("this generator has no mapping network, and so no path length")
    first = latents_of_seeds(list(seeds), G.z_dim)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    second = torch.stack([torch.randn(G.z_dim, generator=g) for g in generators])
    places = torch.stack([torch.rand((), generator=g) for g in generators])
    step = places if variant.sampling == "full" else torch.zeros_like(places)
    noise = {}
    for name, own in noise_maps(G).items():
        maps = torch.stack([torch.randn(own.shape[-2:], generator=g) for g in generators])
        noise[name] = (maps if name == "" else maps[:, None]).to(device)
    return first.to(device), second.to(device), step.to(device), noise


def _colours(images: Tensor) -> Tensor:
    return images[:, :-1] if has_alpha(images.shape[1]) else images
