"""Power spectra: of noise, of waves, and of their sums."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from allaprima.errors import DataError
from allaprima.metrics.power_spectrum import PowerSpectrum, difference, slices, window


def noise(count: int = 200, channels: int = 3, height: int = 16, width: int = 24, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return (torch.randn(count, channels, height, width, generator=random) * 30 + 128).round().clamp(0, 255).byte()


def spectrum(images: Tensor, mean: float = 128.0, deviation: float = 30.0) -> PowerSpectrum:
    made = PowerSpectrum(mean, deviation)
    made.add(images)
    return made


def test_white_noise_is_at_0_db_everywhere() -> None:
    decibels = spectrum(noise(2000)).decibels()
    assert decibels.shape == (64, 96)
    assert float(decibels.abs().max()) < 0.6


def test_it_is_the_definition() -> None:
    images = noise(3, channels=2)
    rows, columns = np.kaiser(16, 8.0), np.kaiser(24, 8.0)
    kaiser = np.outer(rows, columns)
    kaiser /= np.sqrt((kaiser**2).sum())
    whitened = (images.double().numpy() - 128) / 30 * kaiser
    padded = np.zeros((3, 2, 64, 96))
    padded[:, :, :16, :24] = whitened
    wanted = np.fft.fftshift((np.abs(np.fft.fft2(padded)) ** 2).mean(axis=(0, 1)))
    np.testing.assert_allclose(spectrum(images).decibels().numpy(), 10 * np.log10(wanted), rtol=1e-6, atol=1e-6)


def test_a_wave_is_a_peak_at_its_frequency() -> None:
    x = torch.arange(24).expand(16, 24) / 24
    images = (128 + 100 * torch.sin(2 * math.pi * 6 * x)).round().byte()[None, None]
    decibels = spectrum(images).decibels()
    row, column = divmod(int(decibels.argmax()), 96)
    assert (row, abs(column - 48)) == (32, 24)


def test_parts_add_up_to_the_whole() -> None:
    images = noise(50)
    parts = spectrum(images[:20])
    parts.add(images[20:])
    torch.testing.assert_close(parts.decibels(), spectrum(images).decibels())


def test_slices_begin_at_frequency_0() -> None:
    decibels = spectrum(noise(5)).decibels()
    along, diagonal = slices(decibels)
    assert len(along) == 48
    assert len(diagonal) == 32
    assert along[0] == diagonal[0] == decibels[32, 48]


def test_differences() -> None:
    a, b = spectrum(noise(300)), spectrum(noise(300, seed=1))
    assert difference(a, a) == 0
    assert difference(a, b) == pytest.approx(difference(b, a))
    louder = spectrum(noise(300), deviation=15.0)
    assert difference(a, louder) == pytest.approx(20 * math.log10(2), rel=1e-6)
    assert difference(a, b) < 1


def test_the_window_keeps_the_power() -> None:
    assert float(window(9, 14).square().sum()) == pytest.approx(1)


def test_of_nothing_there_is_no_spectrum() -> None:
    with pytest.raises(DataError, match="no images"):
        PowerSpectrum(0, 1).decibels()
