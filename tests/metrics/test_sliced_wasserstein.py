"""Sliced Wasserstein distance: what a distance must do, what its levels mean, and its definition done slowly."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.errors import ConfigError, DataError
from allaprima.metrics import SlicedWasserstein, sliced_wasserstein
from allaprima.metrics.sliced_wasserstein import choose_directions, choose_places, sliced_distance
from allaprima.metrics.subset import Images
from allaprima.ops.laplacian_pyramid import laplacian_pyramid

QUICK: dict[str, Any] = {"patches_per_image": 16, "projections": 16}


def drawings(count: int, channels: int = 3, height: int = 64, width: int = 64, seed: int = 0) -> Tensor:
    """Blobs of colour under fine stripes, of one distribution: something at every level."""
    g = torch.Generator().manual_seed(seed)
    colours = torch.rand(count, channels, 6, 6, generator=g)
    blobs = F.interpolate(colours, (height, width), mode="bilinear") * 200
    grain = (torch.rand(count, 1, height, width, generator=g) < 0.1) * 55.0
    return (blobs + grain).to(torch.uint8)


def distance(a: Images, b: Images, **options: Any) -> SlicedWasserstein:
    return sliced_wasserstein(a, b, **{**QUICK, **options})


def blurred(images: Tensor, sigma: float) -> Tensor:
    offsets = torch.arange(-4, 5)
    taps = (-(offsets**2) / (2 * sigma**2)).exp()
    kernel = (torch.outer(taps, taps) / taps.sum() ** 2).expand(images.shape[1], 1, 9, 9)
    padded = F.pad(images.float(), (4, 4, 4, 4), mode="reflect")
    return F.conv2d(padded, kernel, groups=images.shape[1]).round().to(torch.uint8)


def noisy(images: Tensor, amount: float) -> Tensor:
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(1)) * amount
    return (images.float() + noise).round().clamp(0, 255).to(torch.uint8)


def tinted(images: Tensor, amount: float) -> Tensor:
    shift = torch.tensor([amount, 0, -amount])[:, None, None]
    return (images * 0.5 + 64 + shift).round().to(torch.uint8)


def mixed(images: Tensor, amount: float) -> Tensor:
    """Colours that bleed into one another."""
    return torch.lerp(images.float(), images.float().mean(dim=1, keepdim=True), amount).round().to(torch.uint8)


def slow(reals: Tensor, fakes: Tensor, *, seed: int, patches: int, directions: int, together: bool) -> float:
    """The definition, for images of one level: float64, one patch and one direction at a time."""
    generator = torch.Generator().manual_seed(seed)
    places = choose_places(len(reals), patches, (reals.shape[2], reals.shape[3]), generator).tolist()
    ways = choose_directions(directions, reals.shape[1], (reals.shape[2], reals.shape[3]), generator).double().numpy()
    sets = []
    for images in (reals, fakes):
        x = images.double().numpy() / 127.5 - 1
        sets.append(
            np.array(
                [
                    x[n, :, y : y + 7, z : z + 7]
                    for n in range(len(x))
                    for y, z in zip(places[0][n], places[1][n], strict=True)
                ]
            )
        )
    statistics = [np.concatenate(sets)] * 2 if together else sets
    points = [
        ((s - all_.mean((0, 2, 3), keepdims=True)) / all_.std((0, 2, 3), keepdims=True)).reshape(len(s), -1)
        for s, all_ in zip(sets, statistics, strict=True)
    ]
    return 1000 * float(np.mean([on_a_line(points[0] @ way, points[1] @ way) for way in ways]))


def on_a_line(a: np.ndarray, b: np.ndarray) -> float:
    """Wasserstein-1 as the area between two distribution functions."""
    steps = np.sort(np.concatenate([a, b]))
    below = [np.searchsorted(np.sort(x), steps[:-1], side="right") / len(x) for x in (a, b)]
    return float((np.abs(below[0] - below[1]) * np.diff(steps)).sum())


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_equals_the_definition(channels: int, together: bool) -> None:
    reals, fakes = drawings(5, channels, 9, 11), blurred(drawings(5, channels, 9, 11, seed=1), 1.0)
    got = sliced_wasserstein(reals, fakes, seed=3, patches_per_image=6, repeats=2, projections=5, together=together)
    wanted = slow(reals, fakes, seed=3, patches=6, directions=10, together=together)
    assert got.by_level == {11: pytest.approx(wanted, rel=1e-5)}
    assert got.mean == got.by_level[11]


def test_a_shift_along_a_direction_is_its_length() -> None:
    points = torch.randn(50, 1, 4)
    ways = torch.eye(4)
    assert sliced_distance(points, points + torch.tensor([0.0, 0, 3, 1]), ways) == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("together", [False, True])
def test_equal_sets_are_at_distance_zero(together: bool) -> None:
    images = drawings(20)
    assert distance(images, images.clone(), together=together) == SlicedWasserstein({64: 0.0, 32: 0.0, 16: 0.0}, 0.0)
    assert distance(images, images, max_images=8).mean == 0


def test_which_set_is_which_is_no_matter() -> None:
    a, b = drawings(20), noisy(drawings(30, seed=1), 20)
    assert distance(a, b) == distance(b, a)
    assert distance(a, b, together=True).mean == pytest.approx(distance(b, a, together=True).mean)


def test_halves_of_one_distribution_are_near_and_nearer_the_more_images() -> None:
    small = {"height": 16, "width": 16}
    few, more, many = (distance(drawings(n, **small), drawings(n, seed=1, **small)).mean for n in (20, 200, 2000))
    far = distance(drawings(2000, **small), blurred(drawings(2000, seed=1, **small), 1.0)).mean
    assert few > 2 * more > 4 * many
    assert many < min(far / 3, 15)


@pytest.mark.parametrize(
    ("worsen", "amounts"), [(blurred, [0.4, 0.6, 1.0, 2.0]), (noisy, [4, 8, 16, 32]), (mixed, [0.2, 0.4, 0.7, 1.0])]
)
def test_the_worse_the_images_the_farther_they_are(
    worsen: Callable[[Tensor, float], Tensor], amounts: list[float]
) -> None:
    images = drawings(40)
    distances = [distance(images, worsen(images, amount)).mean for amount in amounts]
    assert distances[0] > 0
    assert all(nearer < farther for nearer, farther in itertools.pairwise(distances)), distances


def test_a_tint_of_all_images_is_seen_by_normalising_together_alone() -> None:
    reals, fakes = tinted(drawings(60), 0), drawings(60, seed=1)
    together = [distance(reals, tinted(fakes, amount), together=True).by_level[16] for amount in (0, 10, 25, 50)]
    assert all(nearer + 50 < farther for nearer, farther in itertools.pairwise(together)), together
    apart = [distance(reals, tinted(fakes, amount)).by_level[16] for amount in (0, 50)]
    assert apart[0] == pytest.approx(apart[1], rel=1e-4)
    assert distance(drawings(60), tinted(drawings(60), 30)).by_level[16] < 5  # nor is half the contrast


def test_blur_hurts_the_finest_level_most_and_large_shapes_the_coarsest() -> None:
    reals, fakes = drawings(60), drawings(60, seed=1)
    floor, soft = distance(reals, fakes).by_level, distance(reals, blurred(fakes, 0.8)).by_level
    assert list(soft) == [64, 32, 16]
    assert soft[64] - floor[64] > 3 * (soft[32] - floor[32]) > 0
    assert soft[16] < 1.2 * floor[16] + 2
    g = torch.Generator().manual_seed(2)
    fields = torch.rand(60, 3, 2, 2, generator=g) * 200
    other = F.interpolate(fields, (64, 64), mode="bilinear") + (torch.rand(60, 1, 64, 64, generator=g) < 0.1) * 55
    coarse = distance(reals, other.to(torch.uint8)).by_level
    assert coarse[16] > 3 * coarse[64]


def test_every_draw_comes_from_the_seed() -> None:
    a, b = drawings(30), drawings(30, seed=1)
    state = torch.get_rng_state()
    once = distance(a, b, seed=7, max_images=20)
    assert torch.equal(torch.get_rng_state(), state)
    assert distance(a, b, seed=7, max_images=20) == once
    assert distance(a, b, seed=8, max_images=20) != once


def test_batches_are_no_matter() -> None:
    a, b = drawings(70), drawings(70, seed=1)
    assert distance(iter(torch.split(a, 9)), list(torch.split(b, 32)), max_images=66) == distance(a, b, max_images=66)


@pytest.mark.parametrize(
    ("channels", "height", "width", "levels"),
    [
        (1, 24, 24, [24]),
        (4, 64, 48, [64, 32]),
        (3, 101, 67, [101, 51, 26]),
        (2, 4, 4, [4]),
        (5, 33, 40, [40, 20]),
        (3, 1, 9, [9]),
    ],
)
def test_any_shape_and_channels(channels: int, height: int, width: int, levels: list[int]) -> None:
    a, b = drawings(4, channels, height, width), drawings(6, channels, height, width, seed=1)
    got = distance(a, b)
    assert list(got.by_level) == levels
    assert got.mean == pytest.approx(sum(got.by_level.values()) / len(levels))
    assert got.mean > 0


def test_colours_that_nobody_sees_do_not_count() -> None:
    images = drawings(20, 4)
    images[:, 3] = (images[:, 3] > 100) * 255
    other = torch.where(images[:, 3:] == 0, 99, images)
    other[:, 3] = images[:, 3]
    assert distance(images, other).mean == 0
    assert distance(images[:, :3], other[:, :3]).mean > 10


def test_a_channel_that_is_constant_makes_no_nonsense() -> None:
    a, b = drawings(20, 4), drawings(20, 4, seed=1)
    a[:, 3] = b[:, 3] = 255
    assert distance(a, b).mean < distance(a[:, :3], b[:, :3]).mean


def test_a_constant_is_no_detail_whatever_its_value() -> None:
    images = torch.full((4, 3, 32, 32), 77, dtype=torch.uint8)  # a number that halving and doubling round
    assert distance(images, drawings(4, height=32, width=32) // 255 + 78).mean < 1


def test_patches_begin_anywhere_that_they_fit() -> None:
    rows, columns = choose_places(50, 50, (9, 20), torch.Generator().manual_seed(0))
    assert torch.equal(rows.unique(), torch.arange(3))
    assert torch.equal(columns.unique(), torch.arange(14))


def test_levels_are_those_of_the_pyramid() -> None:
    """The 32-pixel level of 64-pixel images is what the pyramid says: cut out, it is nearer than any other."""
    band = laplacian_pyramid(drawings(3).float(), 16)[1]
    assert band.shape[2:] == (32, 32)
    assert list(distance(drawings(3), drawings(3, seed=1), smallest=32).by_level) == [64, 32]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patches_per_image": 0}, "patches_per_image is 0: it must be at least 1"),
        ({"smallest": 1}, "smallest is 1: it must be at least 2"),
        ({"max_images": -1}, "max_images is -1"),
    ],
)
def test_arguments_out_of_range_are_named(options: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        distance(drawings(2), drawings(2), **options)


def test_sets_of_different_shapes_are_named() -> None:
    with pytest.raises(DataError, match=r"the reals are \[3, 64, 64\], but the fakes \[1, 64, 64\]"):
        distance(drawings(2), drawings(2, 1))
