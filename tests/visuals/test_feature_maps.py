"""Feature maps as pictures."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from allaprima.errors import ConfigError
from allaprima.models import feature_layers
from allaprima.visuals.display import resized, shown_size
from allaprima.visuals.feature_maps import (
    REACH,
    channel_sheet,
    feature_maps,
    features_section,
    principal_colours,
    strongest_channels,
)
from tests.visuals.subjects import KINDS, subject


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_maps_of_three_uncorrelated_channels_become_their_own_colours() -> None:
    scales = torch.tensor([4.0, 2.0, 1.0])[None, :, None, None]
    flat = torch.linalg.qr(torch.cat([torch.ones(64, 1), draw(64, 3)], dim=1))[0][:, 1:]  # of mean 0, orthogonal
    maps = scales * flat.T.reshape(1, 3, 8, 8)
    pictures, share = principal_colours(maps)
    assert share == pytest.approx(1)
    for channel in range(3):
        seen = pictures[0, channel].float() - 127.5
        wanted = maps[0, channel] / maps[0, channel].std(correction=0) / REACH * 127.5
        assert_close(seen, wanted.clamp(-127.5, 127.5), rtol=0, atol=1.0)


def test_principal_colours_ignore_scale_offset_and_the_order_of_channels() -> None:
    maps = draw(2, 6, 5, 7)
    pictures, share = principal_colours(maps)
    others, other_share = principal_colours(3 * maps.flip(1) + 5)
    assert (pictures.int() - others.int()).abs().max() <= 1
    assert share == pytest.approx(other_share)
    assert 0.5 < share < 1


@pytest.mark.parametrize("channels", [1, 2])
def test_few_channels_are_gray(channels: int) -> None:
    pictures, share = principal_colours(draw(1, channels, 4, 4))
    assert torch.equal(pictures[:, 0], pictures[:, 1])
    assert torch.equal(pictures[:, 0], pictures[:, 2])
    assert share == pytest.approx(1)


def test_maps_without_variation_are_gray() -> None:
    pictures, share = principal_colours(torch.full((1, 4, 3, 3), 2.0))
    assert (pictures.int() - 127).abs().max() <= 1
    assert share == 0


def test_the_strongest_channels_vary_most_whatever_their_mean() -> None:
    maps = draw(2, 4, 16, 16) * torch.tensor([1.0, 5.0, 0.1, 3.0])[:, None, None] + torch.tensor([100.0, 0, 0, 0]).view(
        4, 1, 1
    )
    assert strongest_channels(maps, 3) == [1, 3, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_architecture_has_a_picture_of_every_layer(kind: str) -> None:
    one = subject(kind, *((24, 16, 4) if kind != "lucidrains" else (16, 16, 4)))
    section = features_section(one)
    layers = feature_layers(one.G)
    assert [row[0] for row in section.table[1:]] == layers
    height = shown_size(one.G.img_height, one.G.img_width)[0]
    for picture in section.pictures:
        assert picture.image is not None
        assert picture.image.shape[0] > height * len(layers)


def test_a_chosen_layer_and_channel() -> None:
    one = subject("skip", 16, 24, 1)
    layer = "synthesis.b8.conv0"
    maps = feature_maps(one.G, one.ws(), layer)
    assert maps.shape == (2, 8, 8, 12)
    sheet = channel_sheet(one.G, one.ws(), layer, [3])
    plane = maps[0, 3] - maps[0, 3].mean()
    gray = (127.5 + plane / (REACH * plane.square().mean().sqrt()) * 127.5).round().clamp(0, 255)
    size = shown_size(16, 24)
    tile = torch.from_numpy(np.ascontiguousarray(sheet[: size[0], : size[1], 0])).float()
    assert_close(tile, resized(gray[None, None], size)[0, 0], rtol=0, atol=1)


@pytest.mark.parametrize(("layer", "channels"), [("b9", None), ("synthesis.b8.conv0", [0, 8])])
def test_a_layer_or_channel_that_is_not_there(layer: str, channels: list[int] | None) -> None:
    one = subject("skip")
    with pytest.raises(ConfigError, match=r"there is no (layer 'b9'.*synthesis\.b8\.conv0|channel 8 in .* 0 to 7)"):
        channel_sheet(one.G, one.ws(), layer, channels)
