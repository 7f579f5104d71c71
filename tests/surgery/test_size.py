"""Laws of other sizes: the same image, enlarged, or the coarser part of it."""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.errors import ConfigError
from allaprima.models import Geometry, LucidrainsGenerator
from allaprima.ops import downsample2d, downsample_mean, upsample2d, upsample_nearest
from allaprima.surgery import keeps_colours, with_size
from allaprima.surgery.size import nearest_doublings, resized
from tests.conftest import assert_near
from tests.surgery.small import DISCRIMINATORS, GENERATORS, discriminator, generator, paint, same_tensors, some_images

GROWS = ["growing", "stylegan", "progan"]
SIZES = [(24, 24), (48, 40), (33, 17), (4, 4), (9, 3)]  # from 24×16


@pytest.mark.parametrize("kind", GENERATORS)
def test_the_same_size_is_a_copy(kind: str) -> None:
    G = generator(kind)
    H = with_size(G, 16, 16)
    assert same_tensors(G, H)
    mine, its = G.state_dict(), H.state_dict()
    assert all(mine[name].data_ptr() != its[name].data_ptr() for name in mine)


@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_the_same_size_judges_alike(kind: str) -> None:
    D = discriminator(kind)
    assert same_tensors(D, with_size(D, 16, 16))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", [kind for kind in GENERATORS if kind != "stylegan3"])
def test_every_size_paints(kind: str, size: tuple[int, int]) -> None:
    G = generator(kind, 24, 16)
    H = with_size(G, *size)
    images = paint(H)
    assert images.shape == (2, 3, *size)
    assert images.isfinite().all()
    assert (H.img_height, H.img_width) == size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_every_size_is_judged(kind: str, size: tuple[int, int]) -> None:
    D = with_size(discriminator(kind, 24, 16), *size)
    assert D(some_images(*size)).isfinite().all()


@pytest.mark.parametrize(("height", "width"), [(16, 16), (24, 24), (24, 16)])
@pytest.mark.parametrize("times", [1, 2])
def test_a_larger_skip_generator_paints_the_image_upsampled(height: int, width: int, times: int) -> None:
    G = generator("skip", height, width)
    wanted = paint(G)
    for _ in range(times):
        wanted = upsample2d(wanted, G.synthesis.b4.resample_filter)
    assert torch.equal(paint(with_size(G, height * 2**times, width * 2**times)), wanted)


def test_the_new_blocks_of_a_skip_generator_can_learn() -> None:
    G = with_size(generator("skip"), 32, 32).requires_grad_()
    paint(G).square().sum().backward()
    block = G.synthesis.b32
    assert block.torgb.weight.grad.abs().max() > 0
    assert block.conv0.noise_strength == 0


def test_a_smaller_skip_generator_paints_the_partial_sum() -> None:
    G = generator("skip", 32, 32)
    H = with_size(G, 16, 16)
    torch.nn.init.zeros_(G.synthesis.b32.torgb.weight)
    torch.nn.init.zeros_(G.synthesis.b32.torgb.bias)
    assert_near(upsample2d(paint(H), G.synthesis.b4.resample_filter), paint(G), 1e-6)


@pytest.mark.parametrize("kind", GROWS)
def test_what_grows_paints_the_image_in_squares(kind: str) -> None:
    G = generator(kind)
    H = with_size(G, 64, 64)
    assert H.lod == 2
    assert_near(paint(H), upsample_nearest(paint(G), 4), 1e-6)
    back = with_size(H, 16, 16)
    assert same_tensors(G, back)
    G.set_lod(1)
    assert_near(upsample_nearest(paint(with_size(G, 8, 8))), paint(G), 1e-6)


def test_a_larger_r3gan_paints_the_image_upsampled() -> None:
    G = generator("r3gan", channel_base=256)  # 8 feature maps, from 64×64 on 4
    for side, times in ((32, 1), (64, 2)):
        wanted = paint(G)
        for _ in range(times):
            wanted = upsample2d(wanted, G.MainLayers[1].Layers[0].Resampler.Kernel)
        H = with_size(G, side, side)
        assert_near(paint(H), wanted, 1e-5)
        assert_near(paint(with_size(H, 16, 16)), paint(G), 1e-5)


def test_r3gan_with_listed_widths_goes_on_halving() -> None:
    spec = generator("r3gan", widths=(12, 8, 6), cardinalities=(6, 4, 3)).spec
    larger = resized(spec, 64, 64)
    assert (larger.widths, larger.cardinalities) == ((12, 8, 6, 3, 1), (6, 4, 3, 3, 1))
    assert resized(larger, 16, 16) == spec


def halved(images: Tensor, D: Any, kind: str) -> Tensor:
    if kind in GROWS:
        return downsample_mean(images)
    return downsample2d(
        images, D.MainLayers[0].Layers[-1].Resampler.Kernel if kind == "r3gan" else D.b8.resample_filter
    )


@pytest.mark.parametrize("kind", [*GROWS, "skip", "r3gan"])
def test_a_larger_discriminator_judges_the_image_halved(kind: str) -> None:
    D = discriminator(kind, channel_base=256)
    images = some_images(64, 64)
    half = halved(images, D, kind)
    assert_near(with_size(D, 32, 32)(half), D(halved(half, D, kind)), 1e-5)
    assert_near(with_size(D, 64, 64)(images), D(halved(half, D, kind)), 1e-5)
    assert_near(with_size(with_size(D, 64, 64), 16, 16)(half[:, :, :16, :16]), D(half[:, :, :16, :16]), 1e-5)


def test_the_first_new_block_of_a_skip_discriminator_can_learn() -> None:
    D = with_size(discriminator("skip"), 64, 64).requires_grad_()
    D(some_images(64, 64)).sum().backward()
    assert D.b32.conv1.weight.grad.abs().max() > 0


@pytest.mark.parametrize("kind", ["resnet", "orig"])
def test_where_only_the_finest_block_has_colours_it_is_told_that_they_are_new(kind: str) -> None:
    G = generator(kind)
    H = with_size(G, 32, 32)
    assert torch.equal(H.synthesis.b16.conv1.weight, G.synthesis.b16.conv1.weight)
    assert not keeps_colours(G.spec, H.spec)
    assert keeps_colours(G.spec, with_size(G, 16, 24).spec)
    D = discriminator("resnet")
    assert not keeps_colours(D.spec, with_size(D, 8, 8).spec)
    for other in ("skip", "growing", "r3gan"):
        small = generator(other)
        assert keeps_colours(small.spec, with_size(small, 32, 32).spec)


@pytest.mark.parametrize(
    ("old", "new", "doublings"),
    [
        ((64, 64), (128, 128), 5),
        ((64, 64), (64, 48), 4),
        ((64, 64), (128, 64), 4),
        ((64, 64), (32, 64), 3),
        ((64, 64), (128, 96), 5),
        ((64, 64), (72, 72), 4),
        ((64, 64), (24, 24), 3),
        ((24, 24), (48, 48), 3),
        ((64, 64), (1, 1), 0),
    ],
)
def test_things_keep_their_size_as_nearly_as_doublings_can(
    old: tuple[int, int], new: tuple[int, int], doublings: int
) -> None:
    assert nearest_doublings(Geometry(*old), *new) == doublings


def test_another_aspect_keeps_all_blocks_and_cuts_nothing() -> None:
    G = generator("skip")
    H = with_size(G, 16, 12)
    assert H.spec.doublings == 2
    assert H.synthesis.b4.const.shape[1:] == (4, 3)
    assert torch.equal(H.synthesis.b16.conv1.noise_const, G.synthesis.b16.conv1.noise_const[:, :12])
    assert torch.equal(H.synthesis.b16.torgb.weight, G.synthesis.b16.torgb.weight)
    assert with_size(G, 16, 12, doublings=1).synthesis.b4.const.shape[1:] == (8, 6)
    assert with_size(G, 32, 16).spec.doublings is None


@pytest.mark.parametrize("size", [(16, 32), (32, 24)])
def test_a_stylegan3_of_another_shorter_side_paints_a_part_of_the_plane(size: tuple[int, int]) -> None:
    G = generator("stylegan3", 32, 32)
    top, left = (32 - size[0]) // 2, (32 - size[1]) // 2
    wanted = paint(G)[:, :, top : top + size[0], left : left + size[1]]
    assert_near(paint(with_size(G, *size)), wanted, 0.02)


@pytest.mark.parametrize("size", [(64, 64), (16, 16), (0, 32)])
def test_a_stylegan3_of_another_longer_side_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match="longer side of 32 pixels"):
        with_size(generator("stylegan3", 32, 32), *size)


def test_sizes_and_doublings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="has no pixels"):
        with_size(generator("skip"), 0, 16)
    with pytest.raises(ConfigError, match="leave the choice, here it is 2"):
        with_size(generator("progan"), 16, 16, doublings=1)
    with pytest.raises(ConfigError, match="no doublings"):
        with_size(generator("stylegan3"), 16, 16, doublings=1)


def test_new_weights_depend_on_the_seed_alone() -> None:
    G = generator("skip")
    state = torch.get_rng_state()
    H = with_size(G, 32, 32, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(3)
    assert same_tensors(H, with_size(G, 32, 32, seed=1))
    assert not same_tensors(H, with_size(G, 32, 32, seed=2))


def test_a_lucidrains_network_is_refused() -> None:
    spec = LucidrainsGenerator(height=16, width=16, img_channels=3)
    with pytest.raises(ConfigError, match="a lucidrains-generator cannot get another size"):
        resized(spec, 32, 32)
