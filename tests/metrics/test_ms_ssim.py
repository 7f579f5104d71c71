"""MS-SSIM: equation 7 written out, its bounds, and what makes images unlike."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.errors import DataError
from allaprima.metrics.ms_ssim import ms_ssim

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang et al., section 3.2


def pictures(count: int, channels: int = 3, height: int = 48, width: int = 64, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    small = torch.rand(count, channels, 6, 8, generator=random)
    return F.interpolate(small, (height, width), mode="bilinear") * 255


def slow(a: Tensor, b: Tensor) -> float:
    """Of two images of one channel, window by window."""
    a, b = a.double(), b.double()
    result = 1.0
    for scale, weight in enumerate(WEIGHTS):
        size = min(11, *a.shape)
        offsets = torch.arange(size).double() - (size - 1) / 2
        taps = torch.exp(-(offsets**2) / (2 * (1.5 * size / 11) ** 2))
        kernel = torch.outer(taps, taps) / taps.sum() ** 2
        values = []
        for i in range(a.shape[0] - size + 1):
            for j in range(a.shape[1] - size + 1):
                p, q = a[i : i + size, j : j + size], b[i : i + size, j : j + size]
                mp, mq = (kernel * p).sum(), (kernel * q).sum()
                vp, vq = (kernel * (p - mp) ** 2).sum(), (kernel * (q - mq) ** 2).sum()
                cov = (kernel * (p - mp) * (q - mq)).sum()
                contrast = (2 * cov + (0.03 * 255) ** 2) / (vp + vq + (0.03 * 255) ** 2)
                light = (2 * mp * mq + 2.55**2) / (mp**2 + mq**2 + 2.55**2)
                values.append(float(contrast * light if scale == 4 else contrast))
        result *= max(0.0, sum(values) / len(values)) ** weight
        if scale < 4:
            a, b = (F.avg_pool2d(x[None], 2)[0] for x in (a, b))
    return result


def test_it_is_the_definition() -> None:
    a = pictures(1, 1, 24, 32)
    b = 0.7 * a + 0.3 * pictures(1, 1, 24, 32, seed=1)
    assert 0.3 < float(ms_ssim(a, b)) < 0.95
    assert float(ms_ssim(a, b)) == pytest.approx(slow(a[0, 0], b[0, 0]), rel=1e-8)


@pytest.mark.parametrize("channels", [1, 3])
def test_equal_images_are_1_and_others_less(channels: int) -> None:
    a, b = pictures(2, channels), pictures(2, channels, seed=1)
    torch.testing.assert_close(ms_ssim(a, a), torch.ones(2, dtype=torch.float64))
    assert bool((ms_ssim(a, b) < 0.9).all())
    torch.testing.assert_close(ms_ssim(a, b), ms_ssim(b, a))


def test_an_image_does_not_depend_on_its_batch() -> None:
    a, b = pictures(3), pictures(3, seed=1)
    torch.testing.assert_close(ms_ssim(a, b)[1:2], ms_ssim(a[1:2], b[1:2]))


def test_more_noise_is_less_alike() -> None:
    a = pictures(4)
    noise = torch.randn(a.shape, generator=torch.Generator().manual_seed(2))
    likeness = [float(ms_ssim(a, a + amount * noise).mean()) for amount in (0, 5, 20, 80)]
    assert likeness == sorted(likeness, reverse=True)


def test_opposite_contrast_is_no_likeness() -> None:
    a = pictures(1)
    assert 0 <= float(ms_ssim(a, 255 - a)) < 0.3


def test_images_that_are_too_small_or_unlike_in_shape_are_errors() -> None:
    with pytest.raises(DataError, match="16 pixels"):
        ms_ssim(torch.zeros(1, 3, 12, 40), torch.zeros(1, 3, 12, 40))
    with pytest.raises(DataError, match="make them alike"):
        ms_ssim(torch.zeros(1, 3, 16, 16), torch.zeros(1, 1, 16, 16))
