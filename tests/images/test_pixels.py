import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from allaprima.images import composite, has_alpha, to_network, to_pixels


def every_pixel(channels: int) -> Tensor:
    """All 65,536 pairs of (gray, alpha), or all grays, in every channel."""
    if not has_alpha(channels):
        return torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).expand(1, channels, 16, 16).contiguous()
    gray, alpha = torch.meshgrid(torch.arange(256), torch.arange(256), indexing="ij")
    return torch.stack([gray] * (channels - 1) + [alpha])[None].to(torch.uint8)


def test_only_two_and_four_channels_have_alpha() -> None:
    assert [has_alpha(n) for n in range(1, 7)] == [False, True, False, True, False, False]


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_there_and_back_changes_nothing_but_what_nobody_sees(channels: int) -> None:
    pixels = every_pixel(channels)
    wanted = pixels.clone()
    if has_alpha(channels):
        wanted[:, :-1] *= pixels[:, -1:] > 0
    assert torch.equal(to_pixels(to_network(pixels)), wanted)


@pytest.mark.parametrize("channels", [2, 4])
def test_full_transparency_is_minus_one_everywhere(channels: int) -> None:
    pixels = torch.full((1, channels, 2, 2), 200, dtype=torch.uint8)
    pixels[:, -1] = 0
    assert (to_network(pixels) == -1).all()


def test_opaque_rgba_is_rgb_and_ones() -> None:
    rgb = torch.randint(0, 256, (2, 3, 5, 4), dtype=torch.uint8)
    rgba = torch.cat([rgb, torch.full((2, 1, 5, 4), 255, dtype=torch.uint8)], 1)
    torch.testing.assert_close(to_network(rgba), torch.cat([to_network(rgb), torch.ones(2, 1, 5, 4)], 1))


def test_to_pixels_truncates_as_the_reference_tools_do() -> None:
    x = torch.linspace(-1.2, 1.2, 1001).view(1, 1, 1, -1)
    assert torch.equal(to_pixels(x), (x * 127.5 + 128).clamp(0, 255).to(torch.uint8))
    assert torch.equal(to_pixels(x.expand(1, 3, 1, -1)), to_pixels(x).expand(1, 3, 1, -1))


def test_colours_stronger_than_their_alpha_are_clamped() -> None:
    x = torch.tensor([0.9, 0.9, 0.9, -0.9]).view(1, 4, 1, 1)
    assert to_pixels(x).flatten().tolist() == [255, 255, 255, 13]


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_composite_is_the_weighted_mean(colour: int, alpha: int, under: int) -> None:
    pixels = torch.tensor([colour, colour, colour, alpha], dtype=torch.uint8).view(1, 4, 1, 1)
    got = composite(pixels, (under, under, under))
    assert got.shape == (1, 3, 1, 1)
    assert abs(int(got[0, 0, 0, 0]) - (colour * alpha + under * (255 - alpha)) / 255) <= 0.51


def test_composite_leaves_pixels_without_alpha_alone() -> None:
    pixels = every_pixel(3)
    assert composite(pixels) is pixels


def test_composite_of_gray_and_alpha_is_gray() -> None:
    pixels = torch.zeros(2, 2, 20, 30, dtype=torch.uint8)
    assert composite(pixels, (10, 20, 30)).unique().tolist() == [20]
    assert composite(pixels, "checker").unique().tolist() == [204, 255]


def test_composite_refuses_unknown_backgrounds() -> None:
    with pytest.raises(ValueError, match="'plaid'"):
        composite(torch.zeros(1, 4, 2, 2, dtype=torch.uint8), "plaid")
