"""The reference numbers of every augmentation, and the laws of the whole pipeline."""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.augment import PIPES, AugmentSpec, FixedDraws, RandomDraws, augment
from tests.conftest import assert_near, read_reference

SHAPES = [(1, 1, 3), (4, 4, 4), (7, 7, 1), (1, 9, 3), (9, 1, 2), (2, 3, 5), (24, 16, 4), (31, 48, 3)]
each_shape = pytest.mark.parametrize(("height", "width", "channels"), SHAPES)
each_pipe = pytest.mark.parametrize("pipe", sorted(PIPES))


def random_draws(seed: int = 0) -> RandomDraws:
    return RandomDraws(torch.Generator().manual_seed(seed))


REFERENCE = read_reference("ada_augmentations")
CASES = [name for name in REFERENCE.tensors if "." in name]


@pytest.mark.parametrize("case", CASES)
def test_equals_the_reference(case: str) -> None:
    name, quantile = case.replace(".gray", "").split(".", 1)
    images = REFERENCE.tensors["images_gray" if ".gray" in case else "images"]
    spec = AugmentSpec(**REFERENCE.metadata["sets"][name])
    assert_near(augment(images, 1, spec, FixedDraws(float(quantile))), REFERENCE.tensors[case], 1e-5)


def test_the_reference_has_all_that_it_should() -> None:
    assert len(CASES) == 66


@pytest.mark.parametrize("pipe", ["blit", "geom", "color", "filter", "cutout"])
def test_the_named_pipes_are_those_of_the_reference(pipe: str) -> None:
    sets = REFERENCE.metadata["sets"]
    assert PIPES[pipe] == AugmentSpec(**sets.get(pipe) or {"filter": {"imgfilter": 1}}[pipe])


@each_pipe
def test_nothing_happens_at_p_0(pipe: str) -> None:
    images = torch.randn(2, 3, 8, 8)
    assert augment(images, 0.0, PIPES[pipe], random_draws()) is images


def test_nothing_happens_where_no_augmentation_is_likely() -> None:
    images = torch.randn(2, 3, 8, 8)
    draws = random_draws()
    assert augment(images, 1.0, AugmentSpec(), draws) is images
    assert torch.equal(draws.uniform(3), random_draws().uniform(3)), "drew numbers for nothing"


@each_shape
@each_pipe
def test_any_shape(pipe: str, height: int, width: int, channels: int) -> None:
    images = torch.rand(3, channels, height, width) * 2 - 1
    for p in (0.4, 1.0, 7.0):
        got = augment(images, p, PIPES[pipe], random_draws())
        assert got.shape == images.shape
        assert got.dtype == torch.float32
        assert got.isfinite().all()
        assert pipe == "color" or not torch.equal(got, images) or p < 1
    assert augment(images[:0], 1.0, PIPES[pipe], random_draws()).shape == (0, channels, height, width)


@each_pipe
def test_the_generator_alone_decides(pipe: str) -> None:
    images = torch.randn(4, 3, 12, 10)
    once = augment(images, 0.7, PIPES[pipe], random_draws(5))
    assert torch.equal(once, augment(images, 0.7, PIPES[pipe], random_draws(5)))
    assert not torch.equal(once, augment(images, 0.7, PIPES[pipe], random_draws(6)))


@pytest.mark.parametrize("pipe", ["bgc", "bgcfnc"])
def test_images_do_not_mix(pipe: str) -> None:
    images = torch.randn(5, 4, 16, 16)
    changed = images.clone()
    changed[2] = torch.randn(4, 16, 16)
    a, b = (augment(x, 1.0, PIPES[pipe], random_draws()) for x in (images, changed))
    differs = [not torch.equal(x, y) for x, y in zip(a, b, strict=True)]
    assert differs == [False, False, True, False, False]


@pytest.mark.parametrize("pipe", ["bgc", "bgcfnc"])
def test_images_are_augmented_in_different_ways(pipe: str) -> None:
    got = augment(torch.randn(1, 3, 16, 16).expand(6, -1, -1, -1), 1.0, PIPES[pipe], random_draws())
    assert len({tuple(image.flatten().tolist()) for image in got}) == 6


@pytest.mark.parametrize("name", ["brightness", "xint", "scale", "rotate", "xflip", "imgfilter", "cutout", "noise"])
def test_p_is_how_many_images_are_changed(name: str) -> None:
    images = torch.randn(1, 3, 8, 8).expand(1500, -1, -1, -1)
    fields: dict[str, Any] = {name: 0.5, "imgfilter_bands": (1.0, 0.0, 0.0, 0.0)}
    got = augment(images, 0.6, AugmentSpec(**fields), random_draws())
    expected = 0.3 * {"xflip": 1 / 2, "xint": 3 / 4}.get(name, 1)  # the rest of the draws leave the image as it is
    assert abs(count_changed(got, images) / len(images) - expected) < 0.04


def count_changed(a: Tensor, b: Tensor) -> int:
    return int((a - b).abs().amax(dim=(1, 2, 3)).gt(1e-4).sum())


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("p", [0.4, 1.0])
def test_gradient_and_second_gradient(p: float, channels: int) -> None:
    images = torch.randn(3, channels, 5, 4, dtype=torch.float64, requires_grad=True)

    def operation(x: Tensor) -> Tensor:
        return augment(x, p, PIPES["bgcfnc"], random_draws())

    assert torch.autograd.gradcheck(operation, (images,), fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda x: operation(x).pow(3), (images,), fast_mode=True)


def test_the_gradient_of_a_penalty_reaches_a_discriminator() -> None:
    images = torch.randn(3, 4, 12, 12, requires_grad=True)
    weight = torch.randn(4, 12, 12, requires_grad=True)
    logits = (augment(images, 0.8, PIPES["bgc"], random_draws()) * weight).square().sum()
    (gradient,) = torch.autograd.grad(logits, images, create_graph=True)
    torch.autograd.backward(gradient.square().sum())
    assert weight.grad is not None
    assert weight.grad.abs().max() > 0


@pytest.mark.parametrize(("colours", "channels"), [(1, 2), (3, 4)])
@pytest.mark.parametrize("pipe", ["bgc", "noise"])
def test_an_opaque_image_is_as_one_without_alpha(pipe: str, colours: int, channels: int) -> None:
    images = torch.rand(6, channels, 16, 16, dtype=torch.float64) * 2 - 1
    images[:, -1] = 1
    a = augment(images, 1.0, PIPES[pipe], random_draws())
    b = augment(images[:, :-1], 1.0, PIPES[pipe], random_draws())
    inside = (a[:, -1:] - 1).abs() < 1e-4  # what comes from beyond the reflections is nothing
    assert inside.float().mean() > 0.9
    assert_near(a[:, :-1] * inside, b * inside, 1e-5)


@each_pipe
def test_a_transparent_image_stays_transparent(pipe: str) -> None:
    images = torch.full((8, 4, 16, 12), -1.0)
    assert_near(augment(images, 1.0, PIPES[pipe], random_draws()), images, 1e-5)


def test_colours_of_other_numbers_of_channels_are_let_alone() -> None:
    images = torch.randn(4, 5, 8, 8)
    assert augment(images, 1.0, PIPES["color"], random_draws()) is images
    assert torch.equal(
        augment(images, 1.0, PIPES["bg"], random_draws()), augment(images, 1.0, PIPES["bgc"], random_draws())
    )


@pytest.mark.parametrize("shape", [(16, 16), (12, 20)])
def test_an_image_that_is_not_moved_is_not_touched(shape: tuple[int, int]) -> None:
    images = torch.randn(40, 3, *shape)
    got = augment(images, 0.1, PIPES["bg"], random_draws())
    same = [torch.equal(x, y) for x, y in zip(got, images, strict=True)]
    assert 5 < sum(same) < 35


def smooth_images(height: int, width: int) -> Tensor:
    """Slow waves, which reflect without a kink."""
    waves = [torch.cos(torch.pi * torch.arange(3)[:, None] * torch.linspace(0, 1, n)) for n in (height, width)]
    return waves[0].mT @ torch.randn(2, 3, 3, 3) @ waves[1]


@pytest.mark.parametrize("shape", [(16, 16), (12, 20), (9, 9)])
def test_flipping_twice_is_flipping_not_at_all(shape: tuple[int, int]) -> None:
    smooth = smooth_images(*shape)
    once = augment(smooth, 1.0, AugmentSpec(xflip=1), FixedDraws(0.9))
    assert_near(once, smooth.flip(3), 0.03)  # the wavelet is not quite symmetric
    assert_near(augment(once, 1.0, AugmentSpec(xflip=1), FixedDraws(0.9)), smooth, 0.05)


@pytest.mark.parametrize(("height", "width"), [(24, 24), (16, 24), (5, 9)])
def test_whole_pixel_moves_are_exact_and_reflect(height: int, width: int) -> None:
    images = torch.randint(0, 256, (2, 3, height, width)) / 127.5 - 1
    got = augment(images, 1.0, AugmentSpec(xint=1), FixedDraws(0.9))
    dy, dx = round(0.1 * height), round(0.1 * width)
    padded = torch.nn.functional.pad(images, (dx, 0, dy, 0), mode="reflect")
    assert_near(got, padded[:, :, :height, :width], 1e-5)


@pytest.mark.parametrize(("quantile", "quarters"), [(0.1, 0), (0.3, 1), (0.6, 2), (0.8, 3)])
def test_quarter_turns_of_a_square(quantile: float, quarters: int) -> None:
    smooth = smooth_images(24, 24)
    got = augment(smooth, 1.0, AugmentSpec(rotate90=1), FixedDraws(quantile))
    assert_near(got, smooth.rot90(quarters, (2, 3)), 0.03)


@pytest.mark.parametrize(("quantile", "quarters"), [(0.3, 0), (0.8, 2)])
def test_only_half_turns_of_what_is_not_square(quantile: float, quarters: int) -> None:
    smooth = smooth_images(12, 24)
    got = augment(smooth, 1.0, AugmentSpec(rotate90=1), FixedDraws(quantile))
    assert_near(got, smooth.rot90(quarters, (2, 3)), 0.05)
