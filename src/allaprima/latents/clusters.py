"""Several centres of W instead of one: Self-Distilled StyleGAN (Mokady et al. 2022), section 4.

A model of images of many kinds has no meaningful average: truncation towards it makes all of them alike. Truncation
towards the nearest cluster centre keeps the kinds apart.

Deviation: the paper's nearest centre is the one whose image looks most alike, by LPIPS; ours is the nearest in W, which
needs no other network and no images.

Axes: n point, k centre, d size of w.
"""

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from allaprima.checkpoint import read_tensors, write_tensors
from allaprima.errors import ConfigError, LatentError, ModelFileError
from allaprima.latents.centres import sample_w
from allaprima.latents.likeness import Likeness

SAMPLES, CLUSTERS = 60_000, 64  # as in the paper
MOST_ROUNDS = 300
GAIN = 1e-4  # of a round, relative: fewer is not worth another
FORMAT_VERSION = 1
KIND = "file of centres"


def cluster_centres(
    G: Any, count: int = CLUSTERS, *, samples: int = SAMPLES, seed: int = 0, class_index: int | None = None
) -> Float[Tensor, "k d"]:
    """``count`` centres of w, the largest cluster's first; a class, if one is given, has its own.

    Args:
        G: The generator.
        count: Clusters, at most as many as ``samples``.
        samples: Random latents that are parted.
        seed: Of these latents, and of where the search begins.
        class_index: From 0; None: latents of all classes.

    Raises:
        ConfigError: ``count`` is no number of clusters of so many latents.
        LatentError: The model has no such class.
    """
    w = sample_w(G, samples, seed=seed, class_index=class_index)
    centres, owner = k_means(w, count, seed=seed)
    return centres[torch.bincount(owner, minlength=count).argsort(descending=True, stable=True)]


def k_means(
    points: Float[Tensor, "n d"], count: int, *, seed: int = 0, least_gain: float = GAIN
) -> tuple[Float[Tensor, "k d"], Int[Tensor, "n"]]:
    """Lloyd's algorithm (1982) from the seeds of k-means++ (Arthur & Vassilvitskii 2007).

    Args:
        points: To be parted.
        count: Of centres.
        seed: Of the first centres.
        least_gain: Stop when a round makes the mean squared distance to the nearest centre smaller by no more than this
            share of it. With 0, each centre is the mean of its points in the end.

    Returns:
        Centres, and for each point the one that is nearest to it.
    """
    if not 1 <= count <= len(points):
        raise ConfigError(f"there cannot be {count} clusters of {len(points)} points: ask for 1 to {len(points)}")
    middle = points.mean(dim=0)
    near_zero = points - middle  # squared distances by products lose digits far from it
    centres = _first_centres(near_zero, count, torch.Generator().manual_seed(seed))
    distance, owner = _squared_distances(near_zero, centres).min(dim=1)
    for _ in range(MOST_ROUNDS):
        before = distance.double().mean()
        centres = _means(near_zero, owner, centres)
        distance, owner = _squared_distances(near_zero, centres).min(dim=1)
        if before - distance.double().mean() <= least_gain * before:
            break
    return centres + middle, owner


def write_centres(path: Path, centres: Float[Tensor, "k d"], G: Any) -> None:
    """Keep the centres of ``G`` in a file at ``path``. Raises `OutputError`."""
    header = {"kind": KIND, "format_version": FORMAT_VERSION, "model": Likeness.of(G).to_dict()}
    write_tensors(path, {"centres": centres.float()}, header)


def read_centres(path: Path, G: Any) -> Float[Tensor, "k d"]:
    """What `write_centres` wrote.

    Raises:
        ModelFileError: The file is missing, damaged or of another kind.
        LatentError: It was made for another kind of model.
    """
    tensors, header = read_tensors(path, kind=KIND, version=FORMAT_VERSION)
    Likeness.from_dict(header.get("model"), path).require(G, path)
    centres = tensors.get("centres")
    if centres is None or centres.ndim != 2 or not centres.is_floating_point() or not len(centres):
        raise ModelFileError(f"{path} holds no centres")
    if centres.shape[1] != G.w_dim or not torch.isfinite(centres).all():
        raise LatentError(f"the centres in {path} must be finite numbers [k, {G.w_dim}], got {list(centres.shape)}")
    return centres


def _first_centres(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """k-means++: each next centre is a point drawn with a chance as its squared distance to those that are there."""
    picked = [int(torch.randint(len(points), (), generator=generator))]
    distance = _squared_distances(points, points[picked])[:, 0]
    while len(picked) < count:
        chance = distance if distance.any() else torch.ones_like(distance)  # fewer places than centres
        reach = chance.double().cumsum(dim=0)
        drawn = torch.rand((), generator=generator, dtype=torch.float64) * reach[-1]
        picked.append(min(int(torch.searchsorted(reach, drawn, right=True)), len(points) - 1))
        distance = distance.minimum(_squared_distances(points, points[picked[-1:]])[:, 0])
    return points[picked]


def _means(points: Tensor, owner: Tensor, centres: Tensor) -> Tensor:
    """The mean of the points of each centre; one that has none goes to the point that is farthest from its own."""
    members = torch.bincount(owner, minlength=len(centres))
    sums = torch.zeros_like(centres, dtype=torch.float64).index_add_(0, owner, points.double())
    means = (sums / members.clamp(min=1)[:, None]).to(points.dtype)
    empty = (members == 0).nonzero()[:, 0]
    if len(empty):
        far = (points - centres[owner]).square().sum(dim=1).topk(len(empty)).indices
        means[empty] = points[far]
    return means


def _squared_distances(points: Tensor, centres: Tensor) -> Float[Tensor, "n k"]:
    """Never negative, and exact enough to find the nearest."""
    squares = points.square().sum(dim=1, keepdim=True) + centres.square().sum(dim=1)
    return (squares - 2 * points @ centres.T).clamp(min=0)
