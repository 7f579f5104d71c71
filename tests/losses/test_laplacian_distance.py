"""Laws of the multi-scale distance."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.losses.laplacian_distance import banded_distance, laplacian_bands, laplacian_distance

float64 = torch.float64
TAPS = torch.tensor([1, 4, 6, 4, 1], dtype=float64) / 16


def some(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=float64, generator=torch.Generator().manual_seed(seed))


def slow_bands(image: Tensor) -> list[Tensor]:
    """Of one image [c, h, w], with the filter applied tap by tap."""

    def smooth(x: Tensor, gain: float) -> Tensor:
        padded = F.pad(x[None], (2, 2, 2, 2), mode="reflect")[0]
        h, w = x.shape[1:]
        terms = [gain * TAPS[i] * TAPS[j] * padded[:, i : i + h, j : j + w] for i in range(5) for j in range(5)]
        return torch.stack(terms).sum(dim=0)

    bands = []
    while min(-(-side // 2) for side in image.shape[1:]) >= 4:
        coarse = smooth(image, 1)[:, ::2, ::2]
        sparse = torch.zeros_like(image)
        sparse[:, ::2, ::2] = coarse
        bands.append(image - smooth(sparse, 4))
        image = coarse
    return [*bands, image]


@pytest.mark.parametrize(("channels", "height", "width"), [(1, 24, 24), (3, 16, 8), (4, 13, 22), (2, 5, 5)])
def test_it_is_the_sum_over_bands_of_mean_absolute_differences(channels: int, height: int, width: int) -> None:
    a, b = some(2, channels, height, width), some(2, channels, height, width, seed=1)
    slow = [
        sum(float((x - y).abs().mean()) for x, y in zip(slow_bands(a[i]), slow_bands(b[i]), strict=True))
        for i in range(2)
    ]
    torch.testing.assert_close(laplacian_distance(a, b), torch.tensor(slow, dtype=float64))


def test_equal_images_have_none_and_it_is_symmetric() -> None:
    a, b = some(3, 3, 16, 16), some(3, 3, 16, 16, seed=1)
    assert torch.equal(laplacian_distance(a, a), torch.zeros(3, dtype=float64))
    torch.testing.assert_close(laplacian_distance(a, b), laplacian_distance(b, a))


def test_a_distance_does_not_depend_on_the_other_images() -> None:
    a, b = some(4, 3, 16, 12), some(4, 3, 16, 12, seed=1)
    alone = torch.cat([laplacian_distance(a[i : i + 1], b[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(laplacian_distance(a, b), alone)


def test_one_image_may_be_compared_with_many() -> None:
    a, b = some(1, 3, 16, 16), some(5, 3, 16, 16, seed=1)
    torch.testing.assert_close(
        banded_distance(laplacian_bands(a), laplacian_bands(b)), laplacian_distance(a.expand(5, -1, -1, -1), b)
    )


def test_its_gradient_equals_finite_differences() -> None:
    a, b = some(2, 1, 9, 8).requires_grad_(), some(2, 1, 9, 8, seed=1)
    assert torch.autograd.gradcheck(lambda x: laplacian_distance(x, b), a)


def test_a_shift_of_colour_weighs_more_than_a_pattern_of_the_same_size() -> None:
    flat = torch.zeros(1, 3, 32, 32)
    shifted = flat + 0.5
    checked = flat + 0.5 * (torch.arange(32)[:, None] + torch.arange(32)).remainder(2).mul(2).sub(1)
    assert laplacian_distance(shifted, flat) < laplacian_distance(checked, flat) * 2
    assert laplacian_bands(shifted)[-1].abs().mean() == pytest.approx(0.5)
