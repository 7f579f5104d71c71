"""Shifted and turned images: exact for whole pixels, and near to the truth for band-limited signals."""

import math

import pytest
import torch
from torch import Tensor

from allaprima.metrics.reference_motion import as_if_turned, both_bands, shifted, shifted_by_pixels, turned


def waves(height: int, width: int, down: float = 0.0, right: float = 0.0, angle: float = 0.0) -> Tensor:
    """A smooth signal, sampled after it was turned clockwise about the centre and then shifted: [1, 2, h, w]."""
    rows = torch.arange(height, dtype=torch.float64) - (height - 1) / 2 - down
    columns = torch.arange(width, dtype=torch.float64) - (width - 1) / 2 - right
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    u = math.cos(angle) * x + math.sin(angle) * y
    v = -math.sin(angle) * x + math.cos(angle) * y
    first = torch.sin(0.5 * u + 0.3 * v) + torch.cos(0.7 * v)
    second = torch.cos(0.4 * u - 0.6 * v)
    return torch.stack([first, second])[None].float()


def psnr(got: Tensor, wanted: Tensor, mask: Tensor) -> float:
    squares = ((got - wanted).double().square() * mask).sum() / (mask.sum() * got.shape[1])
    return 20 * math.log10(2) - 10 * math.log10(float(squares.clamp(min=1e-20)))


@pytest.mark.parametrize(("down", "right"), [(0, 0), (3, -2), (-1, 5)])
def test_whole_pixels_are_moved_exactly(down: int, right: int) -> None:
    seen = shifted_by_pixels(waves(20, 24), down, right)
    wanted = waves(20, 24, down, right)
    torch.testing.assert_close(seen.images * seen.mask, wanted * seen.mask, rtol=0, atol=1e-5)
    assert int(seen.mask.sum()) == (20 - abs(down)) * (24 - abs(right))


def test_a_shift_out_of_sight_leaves_nothing() -> None:
    assert float(shifted_by_pixels(waves(8, 8), 9, 0).mask.sum()) == 0


@pytest.mark.parametrize(("down", "right"), [(0.5, 0.5), (2.3, -1.7), (-0.2, 0.9), (3.0, 1.0)])
def test_fractional_shifts_are_near_to_the_truth(down: float, right: float) -> None:
    seen = shifted(waves(32, 28), down, right)
    assert psnr(seen.images, waves(32, 28, down, right), seen.mask) > 40
    assert psnr(seen.images, waves(32, 28, down + 0.3, right), seen.mask) < 25
    assert 0.3 < float(seen.mask.mean()) < 0.8


def test_fractional_shifts_by_whole_pixels_are_exact() -> None:
    images = torch.randn(1, 1, 16, 16)
    a, b = shifted(images, 2.0, -1.0), shifted_by_pixels(images, 2, -1)
    torch.testing.assert_close(a.images * a.mask, b.images * a.mask)
    assert bool((a.mask <= b.mask).all())


@pytest.mark.parametrize("angle", [0.0, 0.3, -1.1, math.pi / 2, 2.5])
def test_turned_images_are_near_to_the_truth(angle: float) -> None:
    seen = turned(waves(48, 44), angle)
    assert seen.mask.mean() > 0.15
    assert psnr(seen.images, waves(48, 44, angle=angle), seen.mask) > 35
    if angle:
        assert psnr(seen.images, waves(48, 44, angle=-angle), seen.mask) < 20


def test_what_is_turned_and_what_is_as_if_turned_agree_even_for_noise_that_both_filters_cut() -> None:
    """A generator that is equivariant paints the turned signal: sampled from the band-limited truth here."""
    angle = 0.4
    wanted = turned(waves(48, 48), angle)
    own = as_if_turned(waves(48, 48, angle=angle), angle)
    assert psnr(wanted.images, own.images, wanted.mask * own.mask) > 40


@pytest.mark.parametrize("fine", [1, 4])
def test_the_filter_passes_constants_at_every_phase(fine: int) -> None:
    kernel = both_bands(0.7, fine)
    assert kernel.shape == (12 * fine - 1, 12 * fine - 1)
    for i in range(fine):
        for j in range(fine):
            assert float(kernel[i::fine, j::fine].sum()) == pytest.approx(1)


def test_the_filter_of_no_turn_is_that_of_the_square_and_that_of_a_turn_is_narrower() -> None:
    upright, turned_kernel = (torch.fft.fft2(both_bands(a, 4), (256, 256)).abs() / 16 for a in (0.0, math.pi / 4))
    corner = 25  # of 256 at 4 taps a pixel: a frequency of 0.39, within the square but beyond the turned one
    assert float(upright[corner, corner]) > 0.6
    assert float(turned_kernel[corner, corner]) < 0.45
    assert float(upright[0, 60]) < 0.1


def test_a_quarter_turn_keeps_the_middle_of_a_square_image() -> None:
    smooth = waves(32, 32)
    seen = turned(smooth, math.pi / 2)
    assert psnr(seen.images, smooth.rot90(-1, dims=(2, 3)), seen.mask) > 35


@pytest.mark.parametrize("angle", [math.pi / 4, -math.pi / 4])
def test_what_cannot_be_seen_both_before_and_after_is_taken_away(angle: float) -> None:
    """Waves of 0.45 cycles a pixel along both axes are within the square of frequencies, and beyond the turned one."""
    y, x = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")
    corner = torch.cos(2 * math.pi * 0.45 * (x + y))[None, None]
    middle = torch.cos(2 * math.pi * 0.1 * (x + y))[None, None]
    for seen_of in (turned, as_if_turned):
        lost, kept = (seen_of(images, angle) for images in (corner, middle))
        loudness = [float((s.images * s.mask).square().sum() / s.mask.sum()) ** 0.5 for s in (lost, kept)]
        assert loudness[0] < 0.1
        assert loudness[1] > 0.6
