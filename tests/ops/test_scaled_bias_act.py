"""On a processor the one step is its parts, in place or not; on a GPU see `tests/ops/kernels`."""

import pytest
import torch

from allaprima.ops import ACTIVATIONS, bias_act, scaled_bias_act, scaled_bias_act_
from tests.conftest import assert_near


def test_equals_its_parts_bit_for_bit() -> None:
    x, scale, noise, bias = torch.randn(2, 3, 5, 7), torch.randn(2, 3), torch.randn(1, 1, 5, 7), torch.randn(3)
    got = scaled_bias_act(x, scale, noise, bias, activation="lrelu", gain=1.7, clamp=0.9)
    wanted = bias_act(x * scale[:, :, None, None] + noise, bias, activation="lrelu", gain=1.7, clamp=0.9)
    assert torch.equal(got, wanted)


def test_every_part_may_be_absent() -> None:
    x = torch.randn(2, 3, 5, 7)
    assert torch.equal(scaled_bias_act(x), x)
    assert torch.equal(scaled_bias_act(x, activation="swish"), bias_act(x, activation="swish"))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("last", [False, True], ids=["channels first", "channels last"])
@pytest.mark.parametrize("given", [(1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0), (1, 0, 1)], ids=str)
def test_in_place_equals_the_pure_function(activation: str, last: bool, given: tuple[int, ...]) -> None:
    x = torch.randn(3, 4, 6, 5)
    x = x.contiguous(memory_format=torch.channels_last) if last else x
    for noises in (1, 3):
        parts = [torch.rand(3, 4) + 0.5, torch.randn(noises, 1, 6, 5), torch.randn(4)]
        arguments = [part if there else None for part, there in zip(parts, given, strict=True)]
        for gain, clamp in ((None, None), (0.7, 0.5), (-1.0, None)):
            expected = scaled_bias_act(x, *arguments, activation=activation, gain=gain, clamp=clamp)
            with torch.no_grad():
                y = scaled_bias_act_(x.clone(), *arguments, activation=activation, gain=gain, clamp=clamp)
            assert_near(y, expected, tolerance=1e-6)


def test_what_is_to_be_differentiated_is_not_overwritten() -> None:
    x = torch.randn(1, 2, 3, 3, requires_grad=True)
    before = x.detach().clone()
    scaled_bias_act_(x, torch.full((1, 2), 2.0), activation="lrelu").sum().backward()
    assert torch.equal(x.detach(), before)
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_in_place() -> None:
    x = torch.randn(1, 2, 3, 3)
    with torch.no_grad():
        assert scaled_bias_act_(x, torch.full((1, 2), 2.0), activation="lrelu") is x
