"""Laws of the low-pass filters, and the reference's."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from allaprima.ops import jinc_lowpass, kaiser_lowpass
from allaprima.ops.filter_design import kaiser_beta
from tests.conftest import REFERENCE, read_reference

PLANS = json.loads((REFERENCE / "stylegan3_layer_plans.json").read_text())
each_kind = pytest.mark.parametrize("lowpass", [kaiser_lowpass, jinc_lowpass])
each_length = pytest.mark.parametrize("num_taps", [1, 2, 11, 12, 24])


@pytest.mark.parametrize("network", ["stylegan3-t-64", "stylegan3-t-256", "stylegan3-r-64", "stylegan3-r-256"])
def test_equals_the_reference(network: str) -> None:
    stored = read_reference("stylegan3_filters").part(network.removeprefix("stylegan3-").replace("-", "") + ".")
    for layer in PLANS[network][:-1]:
        rate, lowpass = layer["tmp_sampling_rate"], jinc_lowpass if layer["down_radial"] else kaiser_lowpass
        up = kaiser_lowpass(layer["up_taps"], cutoff=layer["in_cutoff"], half_width=layer["in_half_width"], rate=rate)
        down = lowpass(layer["down_taps"], cutoff=layer["out_cutoff"], half_width=layer["out_half_width"], rate=rate)
        torch.testing.assert_close(up, stored.pop(f"{layer['name']}.up_filter"), atol=1e-7, rtol=0)
        torch.testing.assert_close(down, stored.pop(f"{layer['name']}.down_filter"), atol=1e-7, rtol=0)
    assert not stored


@each_kind
@each_length
def test_a_constant_keeps_its_value(lowpass: Any, num_taps: int) -> None:
    f = lowpass(num_taps, cutoff=3.0, half_width=2.5, rate=16.0)
    assert f.dtype == torch.float32
    assert f.shape == (num_taps,) * f.ndim
    assert abs(f.double().sum().item() - 1) < 1e-6


@each_kind
@each_length
def test_symmetric(lowpass: Any, num_taps: int) -> None:
    f = lowpass(num_taps, cutoff=3.0, half_width=2.5, rate=16.0)
    torch.testing.assert_close(f, f.flip(*range(f.ndim)), atol=1e-7, rtol=0)


@each_length
def test_a_radial_filter_may_be_turned_and_mirrored(num_taps: int) -> None:
    f = jinc_lowpass(num_taps, cutoff=3.0, half_width=2.5, rate=16.0)
    for other in (f.rot90(), f.T, f.flip(0)):
        torch.testing.assert_close(other, f, atol=1e-7, rtol=0)


def spectrum(f: Tensor, frequency: float, angle: float, rate: float) -> float:
    """Gain of a 2-D filter for a wave of this frequency and direction."""
    times = (np.arange(len(f)) - (len(f) - 1) / 2) / rate
    phase = frequency * (np.cos(angle) * times[:, None] + np.sin(angle) * times[None, :])
    return float(abs((f.double().numpy() * np.exp(2j * np.pi * phase)).sum()))


def test_a_radial_filter_damps_all_directions_alike_a_separable_one_does_not() -> None:
    arguments = {"cutoff": 4.0, "half_width": 2.0, "rate": 16.0}
    radial, separable = jinc_lowpass(24, **arguments), kaiser_lowpass(24, **arguments)
    for f, least, most in ((radial, 0, 0.02), (torch.outer(separable, separable), 0.3, 1)):
        gains = [spectrum(f, 4.0, angle, 16.0) for angle in np.linspace(0, np.pi / 4, 7)]
        assert least <= max(gains) - min(gains) <= most


def test_passes_low_frequencies_halves_the_cutoff_stops_high_ones() -> None:
    h = kaiser_lowpass(24, cutoff=4.0, half_width=2.0, rate=16.0)
    f = torch.outer(h, h)
    assert abs(spectrum(f, 1.5, 0, 16.0) - 1) < 0.01
    assert abs(spectrum(f, 4.0, 0, 16.0) - 0.5) < 0.01
    assert spectrum(f, 6.5, 0, 16.0) < 0.01


def test_the_centre_of_an_odd_radial_filter_is_the_limit() -> None:
    with np.errstate(all="raise"):
        f = jinc_lowpass(5, cutoff=0.01, half_width=4.0, rate=16.0)
    window = torch.from_numpy(np.kaiser(5, kaiser_beta(5, half_width=4.0, rate=16.0)))
    flat = torch.outer(window, window)  # so low a cutoff leaves no more than the window
    torch.testing.assert_close(f.double(), flat / flat.sum(), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("half_width", "beta"), [(0.1, 0.0), (2.0, 4.249), (8.0, 17.32)])
def test_a_wider_transition_gives_a_narrower_window(half_width: float, beta: float) -> None:
    assert abs(kaiser_beta(12, half_width=half_width, rate=16.0) - beta) < 0.01


def test_filters_are_numbers_also_while_a_network_is_built_on_the_meta_device() -> None:
    with torch.device("meta"):
        f = jinc_lowpass(12, cutoff=3.0, half_width=2.5, rate=16.0)
    assert f.device.type == "cpu"
