"""Laws of the generator. The numbers of the published package are in ``tests/interchange/test_lucidrains.py``."""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.models import build
from allaprima.models.lucidrains.layers import StyledConv2d
from tests.conftest import assert_near
from tests.models.lucidrains.small import small_generator, trained

each_start = pytest.mark.parametrize("const_input", [True, False])


@each_start
@pytest.mark.parametrize(("side", "channels"), [(4, 3), (8, 1), (16, 4), (32, 3)])
def test_paints_images_of_the_shape(side: int, channels: int, const_input: bool) -> None:
    G = build(small_generator(side, channels, const_input=const_input))
    assert G(torch.randn(2, 8)).shape == (2, channels, side, side)
    assert (G.img_channels, G.img_height, G.img_width, G.img_resolution) == (channels, side, side, side)
    assert (G.z_dim, G.c_dim, G.w_dim) == (8, 0, 8)
    assert G.mapping(torch.randn(1, 8), torch.zeros(1, 0)).shape == (1, G.num_ws, 8)


def test_one_style_for_each_resolution() -> None:
    G, calls = trained(build(small_generator(16))), {}
    for name, module in G.synthesis.named_modules():
        if name.endswith(("conv0", "conv1", "torgb")):
            where = 2 if name.endswith("torgb") else 1
            module.register_forward_pre_hook(
                lambda _, args, name=name, where=where: calls.update({name: args[where][0, 0].item()})
            )
    ws = torch.arange(3.0)[None, :, None].expand(1, 3, 8)
    G.synthesis(ws)
    assert calls == {f"b{4 << i}.{layer}": i for i in range(3) for layer in ("conv0", "conv1", "torgb")}


def test_z_is_one_long() -> None:
    mapping, z = trained(build(small_generator())).mapping, torch.randn(3, 8)
    assert_near(mapping.inputs(z, None).norm(dim=1), torch.ones(3), 1e-6)
    assert_near(mapping(7 * z), mapping(z), 1e-5)
    with pytest.raises(ValueError, match=r"z must be \[n, 8\], got \[3, 9\]"):
        mapping(torch.randn(3, 9))


def test_truncation_is_towards_the_average_and_stops_at_the_cutoff() -> None:
    G, z = trained(build(small_generator())), torch.randn(2, 8)
    torch.nn.init.normal_(G.mapping.w_avg)
    full, near = G.mapping(z), G.mapping(z, truncation_psi=0.5, truncation_cutoff=1)
    assert_near(near[:, 0], (full[:, 0] + G.mapping.w_avg) / 2, 1e-6)
    assert torch.equal(near[:, 1:], full[:, 1:])


def test_all_layers_see_the_turned_upper_left_part_of_one_noise_image() -> None:
    G, seen = trained(build(small_generator(16))), []
    for module in G.modules():
        if isinstance(module, StyledConv2d):
            module.register_forward_pre_hook(lambda _, args: seen.append(args[2]))
    G.synthesis(torch.randn(2, 3, 8), noise_mode="const")
    assert len(seen) == 6
    for noise, side in zip(seen, (4, 4, 8, 8, 16, 16), strict=True):
        assert torch.equal(noise[0, 0], G.synthesis.noise_const.T[:side, :side])


def test_noise_is_between_0_and_1_and_belongs_to_its_image() -> None:
    G = build(small_generator(16)).synthesis
    seeds = [torch.Generator().manual_seed(seed) for seed in (5, 6)]
    both = G.noise(2, mode="random", generators=seeds)
    assert both.min() >= 0
    assert both.max() < 1
    assert 0.45 < both.mean() < 0.55
    (alone,) = G.noise(1, mode="random", generators=[torch.Generator().manual_seed(6)])
    assert torch.equal(both[1], alone)
    shared = [G.noise(2, mode="random", generators=torch.Generator().manual_seed(1)) for _ in range(2)]
    assert torch.equal(*shared)
    assert not torch.equal(G.noise(2, mode="random", generators=None), G.noise(2, mode="random", generators=None))


def test_no_noise_is_noise_of_zero() -> None:
    G, ws = trained(build(small_generator(16))).synthesis, torch.randn(2, 3, 8)
    without, const = G(ws, noise_mode="none"), G(ws, noise_mode="const")
    G.noise_const.zero_()
    assert_near(G(ws, noise_mode="const"), without, 1e-6)
    assert not torch.allclose(const, without, atol=1e-3)


@each_start
def test_an_image_does_not_depend_on_its_batch(const_input: bool) -> None:
    G, z = trained(build(small_generator(const_input=const_input))), torch.randn(4, 8)

    def paint(z: Tensor, seeds: range) -> Tensor:
        images: Tensor = G(z, generators=[torch.Generator().manual_seed(seed) for seed in seeds])
        return images

    with torch.no_grad():
        alone = torch.cat([paint(z[i : i + 1], range(i, i + 1)) for i in range(4)])
        assert_near(paint(z, range(4)), alone, 1e-5)
        assert_near(G(z, noise_mode="const")[:1], G(z[:1], noise_mode="const"), 1e-5)


@each_start
@pytest.mark.parametrize("channels", [3, 4])
def test_a_gradient_reaches_every_parameter(const_input: bool, channels: int) -> None:
    G = trained(build(small_generator(16, channels, const_input=const_input)))
    (G(torch.randn(4, 8)) * torch.randn(4, channels, 16, 16)).sum().backward()
    for name, parameter in G.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name


@each_start
def test_is_made_of_its_state_dict_alone(const_input: bool) -> None:
    spec = small_generator(const_input=const_input)
    G, z = trained(build(spec)), torch.randn(2, 8)
    with torch.device("meta"):
        again: Any = build(spec)
    again.load_state_dict(G.state_dict(), assign=True)
    assert torch.equal(again(z, noise_mode="const"), G(z, noise_mode="const"))


def test_wrong_styles_are_named() -> None:
    with pytest.raises(ValueError, match=r"ws must be \[n, 3, 8\], got \[2, 4, 8\]"):
        build(small_generator(16)).synthesis(torch.zeros(2, 4, 8))
