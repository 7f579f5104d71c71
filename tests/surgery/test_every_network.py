"""Every kind of network can be changed in size, channels and layers, or says in a sentence that it cannot."""

import pytest
import torch

from allaprima.errors import ConfigError
from allaprima.models.spec import NETWORKS
from allaprima.ops import downsample_mean
from allaprima.surgery import channels, with_channels, with_size
from allaprima.surgery.depth import depths
from allaprima.surgery.size import keeps_colours
from tests.models.every import GENERATORS, inputs, small


@pytest.mark.parametrize("name", NETWORKS)
def test_other_channels(name: str) -> None:
    network = small(name, 16, 16, 3).eval()
    try:
        gray = with_channels(network, 1).eval()
    except ConfigError:
        return
    assert gray.img_channels == 1
    assert gray(*inputs(gray, 2)).isfinite().all()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size", [(32, 32), (16, 12), (8, 8)])
def test_other_sizes(name: str, size: tuple[int, int]) -> None:
    network = small(name, 16, 16, 3).eval()
    try:
        other = with_size(network, *size).eval()
    except ConfigError:
        return
    assert (other.img_height, other.img_width) == size
    assert other(*inputs(other, 2)).isfinite().all()


@pytest.mark.parametrize("name", GENERATORS)
def test_a_larger_size_goes_on_where_the_smaller_one_was(name: str) -> None:
    """Unless `keeps_colours` says that the layer of colours is left to chance."""
    G = small(name, 16, 16, 3, channel_base=256).eval()
    try:
        larger = with_size(G, 32, 32).eval()
    except ConfigError:
        return
    z, c = inputs(G, 4)
    before, after = G(z, c, noise_mode="none"), downsample_mean(larger(z, c, noise_mode="none"))
    own = [images - images.mean(dim=0) for images in (before, after)]  # without what all images have in common
    likeness = torch.corrcoef(torch.stack([images.flatten() for images in own]))[0, 1]
    assert likeness > 0.9 or not keeps_colours(G.spec, larger.spec), "allaprima.surgery.growth sets new blocks"


@pytest.mark.parametrize("name", GENERATORS)
def test_layers_have_depths(name: str) -> None:
    G = small(name)
    try:
        found = depths(G)
    except ConfigError:
        return
    assert found.keys() == G.state_dict().keys()
    assert any(depth is not None for depth in found.values())
    assert all(torch.isfinite(torch.tensor(depth.resolution)) for depth in found.values() if depth is not None)


def test_channels_of_unknown_layers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "colour_layers", lambda network, spec: [])
    with pytest.raises(ConfigError, match="nobody knows which layers of a stylegan2-generator hold colours"):
        with_channels(small("stylegan2-generator"), 1)
