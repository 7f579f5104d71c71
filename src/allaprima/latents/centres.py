"""Where the styles of a generator lie: samples of W, their centre and spread, by class; truncation towards a centre.

StyleGAN (Karras et al. 2019), appendix B, truncates towards the mean of all w. The mean of a class keeps the class, and
the nearest of several cluster centres keeps the kind of image: see `allaprima.latents.clusters`.

Axes: n image or sample, s style (one for each layer), z d sizes of z and w, k centre, v vector, c label.
"""

from typing import Any

import torch
from einops import einsum
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import ConfigError, LatentError
from allaprima.generation.labels import labels

SAMPLES = 10_000
AT_ONCE = 4096  # latents that are mapped together


@torch.no_grad()
def sample_w(
    G: Any,
    count: int = SAMPLES,
    *,
    seed: int = 0,
    c: Float[Tensor, "m c"] | None = None,
    class_index: int | None = None,
) -> Float[Tensor, "n d"]:
    """``count`` random w, on the CPU; the same for the same seed.

    Args:
        G: The generator. Of Progressive GAN and R3GAN, which have no W, these are their normalised latents.
        count: How many.
        seed: Of the latents.
        c: Labels, taken in turn.
        class_index: A shorter way to say ``c``. Without either, a model with classes gives all of them in turn.

    Raises:
        LatentError: A class or a label that the model does not have.
    """
    if count < 1:
        raise ConfigError(f"the number of samples is {count}: it must be at least 1")
    if G.c_dim and c is None and class_index is None:
        c = torch.eye(G.c_dim)
    label = labels(G, 1 if c is None else len(c), c, class_index)
    z = torch.randn(count, G.z_dim, generator=torch.Generator().manual_seed(seed))
    device = next(G.parameters()).device
    parts = []
    for start in range(0, count, AT_ONCE):
        part = z[start : start + AT_ONCE].to(device)
        own = None if label is None else label[torch.arange(start, start + len(part)) % len(label)].to(device)
        parts.append(G.mapping(part, own)[:, 0].cpu())
    return torch.cat(parts)


def centre_of_class(
    G: Any, class_index: int | None = None, *, c: Float[Tensor, "m c"] | None = None, count: int = SAMPLES
) -> Float[Tensor, "d"]:
    """The mean w of a class, or of a label; of a model without classes, or without either argument, that of all.

    Args:
        G: The generator.
        class_index: From 0.
        c: Labels, taken in turn.
        count: Random latents that the mean is taken of.

    Raises:
        LatentError: The model has no such class or label.
        ConfigError: ``count`` is below 1.
    """
    return sample_w(G, count, c=c, class_index=class_index).double().mean(dim=0).float()


def spread_along(w: Float[Tensor, "n d"], vectors: Float[Tensor, "v d"]) -> Float[Tensor, "v"]:
    """Standard deviation of these w along each vector."""
    return einsum(w.double(), vectors.double(), "n d, v d -> n v").std(dim=0)


def nearest_centre(ws: Float[Tensor, "n s d"], centres: Float[Tensor, "k d"]) -> Float[Tensor, "n d"]:
    """For each image the centre that is nearest to the mean of its styles."""
    if centres.ndim != 2 or centres.shape[1] != ws.shape[2]:
        raise LatentError(f"centres must be [k, {ws.shape[2]}] for this model, got {list(centres.shape)}")
    middle, places = ws.cpu().double().mean(dim=1), centres.cpu().double()
    nearest = torch.cdist(middle, places, compute_mode="donot_use_mm_for_euclid_dist").argmin(dim=1)
    return centres[nearest.to(centres.device)]


def truncate(
    ws: Float[Tensor, "n s d"],
    centre: Float[Tensor, "d"] | Float[Tensor, "n d"],
    psi: float | Float[Tensor, "n"],
    cutoff: int | None = None,
) -> Float[Tensor, "n s d"]:
    """Move styles towards a centre: centre + ψ (w − centre), StyleGAN, appendix B, where it is the mean.

    Args:
        ws: Styles.
        centre: One for all images, or one for each.
        psi: 1 leaves styles as they are, 0 gives the centre, -1 its other side; one for all images, or one for each.
        cutoff: Number of leading layers that are truncated; None: all.
    """
    place = centre[:, None] if centre.ndim == 2 else centre
    share = psi[:, None, None].to(ws) if isinstance(psi, Tensor) else psi
    near = torch.lerp(place.expand_as(ws), ws, share)
    return near if cutoff is None else torch.cat([near[:, :cutoff], ws[:, cutoff:]], dim=1)
