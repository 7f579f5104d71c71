"""Pixel normalisation."""

import torch

from allaprima.layers import pixel_norm


def test_each_pixel_gets_unit_mean_square_and_keeps_its_direction() -> None:
    x = torch.randn(2, 6, 3, 5, dtype=torch.float64) * 7
    y = pixel_norm(x)
    torch.testing.assert_close(y.square().mean(dim=1), torch.ones(2, 3, 5, dtype=torch.float64))
    torch.testing.assert_close(torch.cosine_similarity(x, y), torch.ones(2, 3, 5, dtype=torch.float64))


def test_the_scale_of_the_input_does_not_matter() -> None:
    x = torch.randn(2, 6, 3, 5, dtype=torch.float64)
    torch.testing.assert_close(pixel_norm(x * 5), pixel_norm(x), rtol=1e-7, atol=1e-7)


def test_zero_stays_zero() -> None:
    assert torch.equal(pixel_norm(torch.zeros(1, 4, 2, 2)), torch.zeros(1, 4, 2, 2))


def test_half_precision_overflows_nowhere() -> None:
    y = pixel_norm(torch.full((1, 4, 2, 2), 3000.0, dtype=torch.float16))  # its square is past the end of float16
    assert y.dtype == torch.float16
    torch.testing.assert_close(y.float(), torch.ones(1, 4, 2, 2), rtol=1e-3, atol=1e-3)
