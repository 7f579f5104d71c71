"""Equivariance of small StyleGAN3 generators: T follows shifts, R turns too, and both are measured as such."""

from typing import Any

import pytest
import torch

from allaprima.errors import ConfigError
from allaprima.metrics.equivariance import Errors, decibels, interval, motion_errors
from allaprima.models import build
from tests.models.stylegan2.small import small_generator as stylegan2
from tests.models.stylegan3.small import CONFIGURATIONS, settled, small_generator

LAYERS: dict[str, Any] = {"num_layers": 9, "channel_max": 12, "channel_base": 10**6}


def stay(layer: Any, _inputs: Any) -> None:
    layer.transform.copy_(torch.eye(3))


def measure(G: Any, motion: Any, count: int = 3) -> float:
    return decibels(motion_errors(G, motion, seeds=range(count)))


@pytest.mark.parametrize(("height", "width"), [(32, 32), (24, 40)])
def test_shifts_are_followed(height: int, width: int) -> None:
    G = settled(small_generator(height, width, **LAYERS))
    assert measure(G, "eqt_int") > 45
    assert measure(G, "eqt_frac") > 30


def test_only_configuration_r_follows_turns() -> None:
    r, t = (settled(small_generator(32, 32, **LAYERS, **CONFIGURATIONS[name])) for name in ("R", "T"))
    assert measure(r, "eqr") > 35
    assert measure(t, "eqr") < measure(r, "eqr") - 10


def test_a_generator_that_stays_where_it_is_is_seen() -> None:
    G = settled(small_generator(32, 32, **LAYERS))
    good = measure(G, "eqt_int")
    G.synthesis.input.register_forward_pre_hook(stay)
    assert measure(G, "eqt_int") < good - 15


def test_the_generator_is_left_as_it_was_and_images_do_not_depend_on_their_batch() -> None:
    G = settled(small_generator(16, 16, c_dim=3))
    before = {name: tensor.clone() for name, tensor in G.state_dict().items()}
    c = torch.eye(3)
    whole = motion_errors(G, "eqt_frac", seeds=range(3), c=c)
    assert all(torch.equal(tensor, before[name]) for name, tensor in G.state_dict().items())
    alone = motion_errors(G, "eqt_frac", seeds=[2], c=c[2:])
    torch.testing.assert_close(whole.squares[2:], alone.squares)


def test_decibels_by_hand() -> None:
    errors = Errors(torch.tensor([0.0, 2.0]), torch.tensor([100.0, 100.0]))
    assert decibels(errors) == pytest.approx(10 * torch.log10(torch.tensor(400.0)).item())
    many = Errors(torch.rand(50) + 1, torch.full((50,), 100.0))
    low, high = interval(many)
    assert low < decibels(many) < high


def test_generators_that_cannot_move_images_say_so() -> None:
    with pytest.raises(ConfigError, match="only StyleGAN3"):
        motion_errors(build(stylegan2(16, 16)), "eqt_int", seeds=[0])
