"""Laws of other channels: the image operation on the image, exactly."""

import itertools

import pytest
import torch

from allaprima.errors import ConfigError
from allaprima.models import LucidrainsGenerator, build
from allaprima.surgery import blend, recolour, with_channels
from allaprima.surgery.channels import recolouring
from tests.conftest import assert_near
from tests.surgery.small import DISCRIMINATORS, GENERATORS, discriminator, generator, paint, same_tensors, some_images

PAIRS = list(itertools.product((1, 2, 3, 4), repeat=2))


def gains_alpha(old: int, new: int) -> bool:
    return new % 2 == 0 and old % 2 == 1


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_recolouring_keeps_black_and_white(old: int, new: int) -> None:
    for value in (-1.0, 1.0):
        image = torch.full((1, old, 1, 1), value)
        if old % 2 == 0:
            image[:, -1] = 1
        wanted = torch.full((1, new, 1, 1), value)
        if new % 2 == 0:
            wanted[:, -1] = 1
        torch.testing.assert_close(recolour(image, new), wanted)


@pytest.mark.parametrize(("old", "over"), [(1, 2), (1, 3), (1, 4), (2, 4), (3, 4)])
def test_what_more_channels_add_fewer_take_away(old: int, over: int) -> None:
    there, back = recolouring(old, over), recolouring(over, old)
    torch.testing.assert_close(back.matrix @ there.matrix, torch.eye(old, dtype=torch.float64))
    torch.testing.assert_close(back.matrix @ there.offset + back.offset, torch.zeros(old, dtype=torch.float64))


def test_gray_is_luma() -> None:
    assert recolouring(3, 1).matrix.tolist() == [[0.299, 0.587, 0.114]]
    assert recolouring(4, 2).matrix.tolist() == [[0.299, 0.587, 0.114, 0], [0, 0, 0, 1]]


@pytest.mark.parametrize("old", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", GENERATORS)
def test_a_generator_paints_the_recoloured_image(kind: str, old: int) -> None:
    G = generator(kind, 8, 8, channels=old)
    images = paint(G)
    for new in (1, 2, 3, 4):
        if kind == "r3gan" and gains_alpha(old, new):
            with pytest.raises(ConfigError, match="cannot paint an opaque alpha: its layer of colours has no bias"):
                with_channels(G, new)
            continue
        H = with_channels(G, new)
        assert H.img_channels == H.spec.img_channels == new
        assert_near(paint(H), recolour(images, new), 1e-6)


@pytest.mark.parametrize("old", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_a_discriminator_judges_the_recoloured_image(kind: str, old: int) -> None:
    D = discriminator(kind, 8, 8, channels=old)
    for new in (1, 2, 3, 4):
        if kind == "r3gan" and gains_alpha(new, old):
            with pytest.raises(ConfigError, match="cannot take images without alpha for opaque"):
                with_channels(D, new)
            continue
        images = some_images(8, 8, new)
        judged = with_channels(D, new)(images)
        if kind == "skip" and gains_alpha(new, old):  # its filters let alpha fade out at the borders
            assert judged.isfinite().all()
        else:
            assert_near(judged, D(recolour(images, old)), 1e-5)


@pytest.mark.parametrize("kind", ["stylegan", "progan", "growing"])
def test_what_grows_is_recoloured_at_every_level(kind: str) -> None:
    G, D = generator(kind), discriminator(kind, channels=4)
    H, E = with_channels(G, 4), with_channels(D, 3)
    for lod in (0.5, 1.0):
        for network in (G, D, H, E):
            network.set_lod(lod)
        assert_near(paint(H), recolour(paint(G), 4), 1e-6)
        assert_near(E(some_images(16, 16)), D(recolour(some_images(16, 16), 4)), 1e-5)


def test_the_same_channels_are_a_copy() -> None:
    G = generator("skip")
    H = with_channels(G, 3)
    assert same_tensors(G, H)
    assert H.synthesis.b4.const.data_ptr() != G.synthesis.b4.const.data_ptr()


def test_the_original_is_not_touched() -> None:
    G = generator("stylegan3")
    before = {name: tensor.clone() for name, tensor in G.state_dict().items()}
    with_channels(G, 4)
    assert all(torch.equal(tensor, before[name]) for name, tensor in G.state_dict().items())


@pytest.mark.parametrize(("old", "new"), [(3, 5), (5, 3)])
def test_channels_without_a_meaning_are_refused(old: int, new: int) -> None:
    with pytest.raises(ConfigError, match="nobody knows what 5 channels mean"):
        with_channels(generator("skip", channels=old), new)


def test_a_lucidrains_network_is_refused() -> None:
    G = build(LucidrainsGenerator(height=16, width=16, img_channels=3))
    with pytest.raises(ConfigError, match="a lucidrains-generator that hold colours cannot be changed"):
        with_channels(G, 4)
    with pytest.raises(ConfigError, match="cannot be told apart by resolution"):
        blend(G, G, from_resolution=8)
