"""How different the images of a dataset are from one another, as one number between 0 and 1.

Axes: n image, q image asked about, v value of a thumbnail.
"""

import torch
from jaxtyping import UInt8
from torch import Tensor

ASKED = 1000
"""Images whose nearest neighbour is looked for."""

SEARCHED = 20_000
"""Images among which it is looked for."""

DIVERSE = 0.45
"""From here on a dataset is called diverse: most images have nothing like them, and a small network will blur them."""

UNIFORM = 0.35
"""Below this it is called uniform."""


def diversity(thumbnails: UInt8[Tensor, "n v"], seed: int = 0) -> float:
    """Measure how alone an image is: the distance to its nearest neighbour over that to any image, the median of many.

    1 means that an image's nearest neighbour is as far from it as all others are: every image is of its own kind, and
    nothing learned from one helps with another. 0 means that every image has a twin. Distances are Euclidean between
    thumbnails, so it is about layout and colour, not about texture. More images of the same kind lower it: they do make
    the kind easier to learn. With fewer than 3 images it is 0.
    """
    if len(thumbnails) < 3:
        return 0.0
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(thumbnails), generator=generator)[:SEARCHED]
    searched = thumbnails[order].to(torch.float32)
    asked = searched[:ASKED]
    distances = torch.cdist(asked, searched)
    own = torch.arange(len(asked))
    mean = distances.sum(dim=1) / (len(searched) - 1)
    distances[own, own] = torch.inf
    alone = distances.min(dim=1).values / mean.clamp(min=1e-6)
    return float(alone.median())


def in_words(value: float) -> str:
    """Say what a diversity means."""
    if value >= DIVERSE:
        return "very diverse: every image is of its own kind, so expect a long training, and blur from a small network"
    return "diverse" if value >= UNIFORM else "of one kind: well suited"
