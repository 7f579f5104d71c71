"""Spectra: Parseval's law, waves at their own frequency, the plan of StyleGAN3."""

import math

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from allaprima.models import feature_layers
from allaprima.models.stylegan3.plan import Signal
from allaprima.visuals.spectra import (
    Spectrum,
    layer_spectra,
    power_spectrum,
    radial_average,
    spectra_section,
    spectrum_picture,
)
from tests.visuals.subjects import KINDS, subject

SIZES = [(16, 16), (12, 20), (9, 15)]


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def wave(height: int, width: int, down: float, across: float) -> Tensor:
    y, x = torch.arange(height)[:, None] / height, torch.arange(width)[None, :] / width
    return torch.cos(2 * math.pi * (down * y + across * x) + 0.3)[None, None].double()


@pytest.mark.parametrize("size", SIZES)
def test_parseval(size: tuple[int, int]) -> None:
    maps = draw(2, 3, *size)
    assert_close(power_spectrum(maps).sum(), maps.double().square().mean())


@pytest.mark.parametrize("size", SIZES)
def test_fading_keeps_the_power_of_white_noise(size: tuple[int, int]) -> None:
    maps = draw(400, 1, *size)
    assert power_spectrum(maps, fade=True).sum().item() == pytest.approx(maps.square().mean().item(), rel=0.05)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("fade", [False, True])
def test_a_wave_has_its_power_at_its_own_frequency(size: tuple[int, int], fade: bool) -> None:
    height, width = size
    power = power_spectrum(wave(height, width, 2, 3), fade=fade)
    brightest = power.flatten().topk(2).indices.tolist()
    places = {divmod(index, width) for index in brightest}
    middle = (height // 2, width // 2)
    assert places == {(middle[0] + 2, middle[1] + 3), (middle[0] - 2, middle[1] - 3)}
    if not fade:
        assert power[tuple(zip(*places, strict=True))].tolist() == pytest.approx([0.25, 0.25])


@pytest.mark.parametrize(("down", "across"), [(5, 0), (0, 5), (3, 4)])
@pytest.mark.parametrize("longer", [16, 24])
def test_the_ring_of_a_wave_is_at_its_cycles_along_the_longer_side(down: int, across: int, longer: int) -> None:
    # 16 rows and so many columns of square pixels: `down` cycles in 16 pixels are 1.5 times as many in 24
    power = power_spectrum(wave(16, longer, down, across))
    frequency, rings = radial_average(power, float(longer))
    assert frequency.tolist() == list(range(1, longer // 2 + 1))
    wanted = math.hypot(down * longer / 16, across)
    assert abs(frequency[rings.argmax()].item() - wanted) <= 0.5


def test_the_rate_says_what_a_cycle_is() -> None:
    power = power_spectrum(wave(32, 32, 0, 7))
    frequency, rings = radial_average(power, 12.0)  # 32 samples of 12 to the image: a grid with margins
    assert frequency[rings.argmax()].item() == pytest.approx(7 * 12 / 32)


def test_the_average_of_white_noise_is_flat() -> None:
    _, rings = radial_average(power_spectrum(draw(300, 1, 16, 16)), 16.0)
    assert_close(rings, torch.full_like(rings, 1 / 256), rtol=0.1, atol=0)


@pytest.mark.parametrize("circle", [False, True])
def test_the_cutoff_is_outlined_where_it_is(circle: bool) -> None:
    signal = Signal(cutoff=4, stopband=20, rate=16, size=(32, 32), channels=1)
    spectrum = Spectrum(name="", power=torch.ones(32, 32), rate=16.0, signal=signal, radial=circle)
    picture = spectrum_picture(spectrum, (64, 64))
    plain = spectrum_picture(
        Spectrum(name="", power=torch.ones(32, 32), rate=16.0, signal=None, radial=circle), (64, 64)
    )
    row = (picture != plain).any(dim=0)[32].nonzero()[:, 0].tolist()
    assert row == [15, 48], "half of the way from the middle to the border"
    corner = (picture != plain).any(dim=0)[15, 15]
    assert bool(corner) is not circle


def test_a_layer_of_stylegan3_holds_little_above_its_stopband() -> None:
    one = subject("stylegan3", 32, 32, 3)
    found = layer_spectra(one.G, one.ws())
    assert [each.name.split()[0] for each in found] == [name.split(".")[-1] for name in feature_layers(one.G)]
    for each in found[:-2]:
        assert each.signal is not None
        frequency, power = radial_average(each.power, each.rate)
        outside = power[frequency > each.signal.stopband * 1.5]
        assert len(outside) == 0 or outside.max() < 1e-2 * power.max(), each.name


@pytest.mark.parametrize("kind", KINDS)
def test_every_architecture_has_spectra(kind: str) -> None:
    one = subject(kind, *((24, 16, 1) if kind != "lucidrains" else (16, 16, 1)))
    section = spectra_section(one)
    names = [picture.name for picture in section.pictures]
    assert names == ["spectra-layers", "spectra-curves", "spectra-images"]
    assert ("StyleGAN3" in section.text[0]) == (kind == "stylegan3")
    for spectrum in layer_spectra(one.G, one.ws()):
        assert spectrum.power.sum().item() == pytest.approx(1)


def test_real_images_are_drawn_beside_the_painted_ones() -> None:
    images = torch.randint(0, 256, (3, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    picture = spectra_section(subject("skip"), images).pictures[-1]
    assert picture.svg is not None
    assert "data set" in picture.svg
    assert "Where the two lines part" in picture.caption
