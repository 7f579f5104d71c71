"""Images that are the same, or nearly: what a discriminator learns by heart first.

Axes: n image, v value of a thumbnail, d principal direction.
"""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

MAX_DIFFERENCE = 6.0
"""Root mean square difference, of 255, up to which two thumbnails are alike …"""

MAX_SHARE_OF_CONTRAST = 0.2
"""… if it is also at most this share of the contrast of the flatter one, so that fog is not all one picture."""

DIRECTIONS = 32
"""Principal directions in which images are compared first."""

_BLOCK = 1024


def exact_groups(digests: list[bytes]) -> list[list[int]]:
    """Group images whose pixels' digests are equal; groups of one are left out."""
    groups: dict[bytes, list[int]] = {}
    for i, digest in enumerate(digests):
        groups.setdefault(digest, []).append(i)
    return [group for group in groups.values() if len(group) > 1]


def near_groups(thumbnails: UInt8[Tensor, "n v"]) -> list[list[int]]:
    """Group images that look alike, directly or through others; groups of one are left out.

    Instead of all pairs in all values, images are sorted along their first principal direction, and compared in a few
    directions with those within reach. A projection never makes a distance longer, so no pair is missed; what is left
    is compared in full. 100,000 images take well under a minute.
    """
    parent = list(range(len(thumbnails)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in alike_pairs(thumbnails):
        parent[max(root(i), root(j))] = min(root(i), root(j))
    groups: dict[int, list[int]] = {}
    for i in range(len(thumbnails)):
        groups.setdefault(root(i), []).append(i)
    return [group for group in groups.values() if len(group) > 1]


def alike_pairs(thumbnails: UInt8[Tensor, "n v"]) -> list[tuple[int, int]]:
    """Find all pairs that are :func:`alike`."""
    places = _principal_places(thumbnails)
    order = places[:, 0].argsort()
    places = places[order]
    first = places[:, 0].contiguous()
    reach = MAX_DIFFERENCE * thumbnails.shape[1] ** 0.5 * 1.01  # a little more, for rounding
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(places), _BLOCK):
        block = places[start : start + _BLOCK]
        end = int(torch.searchsorted(first, block[-1:, 0] + reach, right=True))
        rows, columns = (torch.cdist(block, places[start:end]) <= reach).nonzero(as_tuple=True)
        later = columns > rows
        pairs += _alike_among(thumbnails, order[start + rows[later]], order[start + columns[later]])
    return pairs


def alike(a: UInt8[Tensor, "n v"], b: UInt8[Tensor, "n v"]) -> Tensor:
    """Tell which thumbnails look the same, row by row: bool [n]."""
    x, y = a.to(torch.float32), b.to(torch.float32)
    difference = (x - y).square().mean(dim=1).sqrt()
    contrast = torch.minimum(x.std(dim=1, correction=0), y.std(dim=1, correction=0))
    return (difference <= MAX_DIFFERENCE) & (difference <= MAX_SHARE_OF_CONTRAST * contrast)


def _alike_among(thumbnails: Tensor, i: Tensor, j: Tensor) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(i), _BLOCK):
        a, b = i[start : start + _BLOCK], j[start : start + _BLOCK]
        same = alike(thumbnails[a], thumbnails[b])
        pairs += zip(a[same].tolist(), b[same].tolist(), strict=True)
    return pairs


def _principal_places(thumbnails: Tensor) -> Float[Tensor, "n d"]:
    """Project onto the directions in which the thumbnails differ most."""
    mean = torch.zeros(thumbnails.shape[1])
    covariance = torch.zeros(thumbnails.shape[1], thumbnails.shape[1])
    parts = [thumbnails[start : start + _BLOCK] for start in range(0, len(thumbnails), _BLOCK)]
    for part in parts:
        mean += part.to(torch.float32).sum(dim=0) / len(thumbnails)
    for part in parts:
        centred = part - mean
        covariance += centred.T @ centred
    directions = torch.linalg.eigh(covariance).eigenvectors.flip(1)[:, :DIRECTIONS]
    return torch.cat([(part - mean) @ directions for part in parts])
