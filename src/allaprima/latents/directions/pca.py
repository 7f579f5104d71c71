"""Directions in which a generator's own images vary most: GANSpace (Härkönen et al. 2020), section 2.

Axes: n sample, d size of w, v direction, f number of a feature map.
"""

from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from allaprima.latents.centres import SAMPLES, sample_w, spread_along
from allaprima.latents.directions.direction import Direction, upright
from allaprima.latents.directions.sefa import free_numbers, require_count
from allaprima.latents.layer_choice import Layers, rows_of
from allaprima.models import feature_layers, recording

FEATURE_SAMPLES = 2000
IMAGES_AT_ONCE = 64


def pca(
    G: Any,
    count: int = 8,
    *,
    layers: Layers = "all",
    samples: int = SAMPLES,
    seed: int = 0,
    class_index: int | None = None,
) -> list[Direction]:
    """Principal components of w, the strongest first.

    Progressive GAN and R3GAN have no W, and their z has no component before another: there the components are those of
    the first layer's feature maps, and each direction is the change of z that moves along one, as for BigGAN in the
    paper; these are not orthogonal.

    Args:
        G: The generator.
        count: How many.
        layers: Which the directions move.
        samples: Random w to learn from; of the models without W, at most 2,000 are taken.
        seed: Of the samples.
        class_index: Learn from one class alone; None: from all of them.

    Raises:
        LatentError: The generator has no such layers or class.
        ConfigError: It has fewer directions.
    """
    rows = tuple(rows_of(G, layers))
    free = free_numbers(G)
    require_count(count, min(free, samples - 1))
    if G.num_ws == 1:
        w = sample_w(G, min(samples, FEATURE_SAMPLES), seed=seed, class_index=class_index)
        vectors, shares = regressed_components(w[:, :free], first_features(G, w), count)
        vectors = torch.cat([vectors, vectors.new_zeros(count, G.w_dim - free)], dim=1)
    else:
        w = sample_w(G, samples, seed=seed, class_index=class_index)
        vectors, shares = principal_components(w, count)
    return [
        Direction(
            name=f"pca-{index}",
            method="pca",
            vector=vector.float(),
            unit=float(spread),
            rows=rows,
            figures={"share of variance": float(share)},
        )
        for index, (vector, share, spread) in enumerate(zip(vectors, shares, spread_along(w, vectors), strict=True))
    ]


def principal_components(points: Float[Tensor, "n d"], count: int) -> tuple[Float[Tensor, "v d"], Float[Tensor, "v"]]:
    """Directions of length 1 in which ``points`` vary most, and each one's share of the variance; in float64."""
    exact = points.double()
    exact = exact - exact.mean(dim=0)
    values, columns = torch.linalg.eigh(exact.T @ exact / (len(exact) - 1))
    shares = values.clamp(min=0) / values.clamp(min=0).sum().clamp(min=torch.finfo(torch.float64).tiny)
    return upright(columns.T.flip(0)[:count]), shares.flip(0)[:count]


def regressed_components(
    z: Float[Tensor, "n d"], features: Float[Tensor, "n f"], count: int
) -> tuple[Float[Tensor, "v d"], Float[Tensor, "v"]]:
    """For each principal component of ``features``, the direction of z that best predicts it."""
    exact = features.double()
    exact = exact - exact.mean(dim=0)
    values, along = _left_vectors(exact)  # coordinates of the samples, each component to its own scale: uncorrelated
    vectors = along[:, :count].T @ (z.double() - z.double().mean(dim=0))
    lengths = vectors.norm(dim=1, keepdim=True).clamp(min=torch.finfo(torch.float64).tiny)
    return upright(vectors / lengths), values[:count] / values.sum()


def _left_vectors(x: Float[Tensor, "n f"]) -> tuple[Float[Tensor, "v"], Float[Tensor, "n v"]]:
    """Squared singular values and left singular vectors, the largest first, by the smaller of the two products."""
    is_tall = len(x) > x.shape[1]
    values, columns = torch.linalg.eigh(x.T @ x if is_tall else x @ x.T)
    values, columns = values.flip(0).clamp(min=0), columns.flip(1)
    if not is_tall:
        return values, columns
    return values, x @ columns / values.sqrt().clamp(min=torch.finfo(x.dtype).tiny)


@torch.no_grad()
def first_features(G: Any, w: Float[Tensor, "n d"]) -> Float[Tensor, "n f"]:
    """What the first layer makes of these latents."""
    name = feature_layers(G)[0]
    device = next(G.parameters()).device
    parts = []
    with recording(G, [name]) as kept:
        for start in range(0, len(w), IMAGES_AT_ONCE):
            part = w[start : start + IMAGES_AT_ONCE]
            G.synthesis(part[:, None].to(device), noise_mode="const")
            parts.append(rearrange(kept[name].float().cpu(), "n c h w -> n (c h w)"))
    return torch.cat(parts)
