"""Images that are the same, or nearly: what a discriminator learns by heart first.

Axes: n image, b bit of a hash, v value of a thumbnail.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HASH_BITS = 64
MAX_DISTANCE = 3
"""Bits in which the hashes of near-duplicates may differ; below the number of bands, so that no pair is missed."""

BANDS = 4
"""Parts of a hash. Of two hashes that differ in 3 bits at least one of 4 parts is the same."""

MAX_DIFFERENCE = 6.0
"""Root mean square difference of the thumbnails of near-duplicates, of 255."""

_DCT_SIDE = 32
_BLOCK = 1024


def perceptual_hash(image: Image.Image) -> int:
    """Hash what a gray picture (L) looks like to 64 bits: the signs of its lowest cosine waves about their median.

    Scaling, compression and slight changes of brightness flip few bits. (Known as pHash.)
    """
    small = np.asarray(image.resize((_DCT_SIDE, _DCT_SIDE), Image.Resampling.BOX), dtype=np.float64)
    waves = (_DCT @ small @ _DCT.T).ravel()
    waves[0] = 0  # the mean brightness says nothing
    return int.from_bytes(np.packbits(waves > np.median(waves)).tobytes(), "big")


def _dct_rows(count: int, size: int) -> NDArray[np.float64]:
    """Give the first ``count`` rows of the cosine transform of ``size`` values."""
    k, x = np.arange(count)[:, None], np.arange(size)[None, :]
    return np.cos(math.pi * k * (2 * x + 1) / (2 * size))


_DCT = _dct_rows(8, _DCT_SIDE)


def exact_groups(digests: list[bytes]) -> list[list[int]]:
    """Group images whose pixels' digests are equal; groups of one are left out."""
    groups: dict[bytes, list[int]] = {}
    for i, digest in enumerate(digests):
        groups.setdefault(digest, []).append(i)
    return [group for group in groups.values() if len(group) > 1]


def near_groups(hashes: NDArray[np.uint64], thumbnails: NDArray[np.uint8]) -> list[list[int]]:
    """Group images that look alike: hashes within 3 bits, and thumbnails within 6 of 255.

    Hashes are compared only where one of their four parts is the same, which misses no pair and makes 100,000 images
    a matter of seconds.

    Args:
        hashes: [n], of :func:`perceptual_hash`.
        thumbnails: [n, v].
    """
    parent = list(range(len(hashes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for band in range(BANDS):
        for i, j in _band_pairs(hashes, thumbnails, band):
            parent[max(root(i), root(j))] = min(root(i), root(j))
    groups: dict[int, list[int]] = {}
    for i in range(len(hashes)):
        groups.setdefault(root(i), []).append(i)
    return [group for group in groups.values() if len(group) > 1]


def _band_pairs(hashes: NDArray[np.uint64], thumbnails: NDArray[np.uint8], band: int) -> list[tuple[int, int]]:
    """Find the alike among images whose hashes share one part: every fourth bit, from ``band``."""
    mask = np.uint64(sum(1 << bit for bit in range(band, HASH_BITS, BANDS)))
    order = np.argsort(hashes & mask, kind="stable")
    keys = (hashes & mask)[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    pairs: list[tuple[int, int]] = []
    for start, end in zip(starts, np.r_[starts[1:], len(keys)], strict=True):
        if end - start > 1:
            pairs += _alike(order[start:end], hashes, thumbnails)
    return pairs


def _alike(
    members: NDArray[np.int64], hashes: NDArray[np.uint64], thumbnails: NDArray[np.uint8]
) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(members), _BLOCK):
        block = members[start : start + _BLOCK]
        close = count_bits(hashes[block][:, None] ^ hashes[members][None, :]) <= MAX_DISTANCE
        rows, columns = np.nonzero(close)
        i, j = block[rows], members[columns]
        i, j = i[i < j], j[i < j]
        for part in range(0, len(i), _BLOCK):
            a, b = i[part : part + _BLOCK], j[part : part + _BLOCK]
            difference = thumbnails[a].astype(np.float32) - thumbnails[b]
            same = np.sqrt((difference**2).mean(axis=1)) <= MAX_DIFFERENCE
            pairs += zip(a[same].tolist(), b[same].tolist(), strict=True)
    return pairs


def count_bits(values: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Count the ones of each number, halving the number of partial sums at each step."""
    x = values - ((values >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    ones: NDArray[np.uint8] = ((x * np.uint64(0x0101010101010101)) >> np.uint64(56)).astype(np.uint8)
    return ones
