"""Laws of the generator, and the reference numbers."""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.layers import NoiseMode
from allaprima.models import StyleGAN2Generator, build, count_parameters, set_half
from allaprima.models.stylegan2 import generator
from tests.conftest import assert_near, read_reference
from tests.models.stylegan2.small import ARCHITECTURES, GENERATOR_FILES, SHAPES, reference_generator, small_generator

each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)
each_shape = pytest.mark.parametrize(("height", "width", "channels"), SHAPES)


def noisy(spec: StyleGAN2Generator) -> Any:
    """A new generator whose noise is as strong as after a training."""
    G = build(spec)
    for name, parameter in G.named_parameters():
        if name.endswith("noise_strength"):
            torch.nn.init.constant_(parameter, 0.3)
    return G


@pytest.mark.parametrize("name", GENERATOR_FILES)
def test_equals_the_reference(name: str) -> None:
    reference = read_reference(name)
    G, t = reference_generator(reference), reference.tensors
    with torch.no_grad():
        ws = G.mapping(t["z"], t["c"])
        mixed = torch.cat([ws[:, :3], ws.roll(-1, dims=0)[:, 3:]], dim=1)
        assert_near(G(t["z"], t["c"], noise_mode="const"), t["image_noise_const"], 1e-5)
        assert_near(G.synthesis(ws, noise_mode="none"), t["image_noise_none"], 1e-5)
        assert_near(G.synthesis(mixed, noise_mode="const"), t["image_mixed_from_layer3_roll"], 1e-5)


@each_architecture
def test_large_feature_maps_image_by_image(architecture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    G = noisy(small_generator(32, 48, 3, architecture=architecture))
    z, batches = torch.randn(3, G.z_dim), []
    G.synthesis.b16.conv1.register_forward_pre_hook(lambda _, arguments: batches.append(len(arguments[0])))

    def paint(mode: NoiseMode, *, shared: bool = False) -> Tensor:
        own = [torch.Generator().manual_seed(n) for n in range(3)]
        return G(z, noise_mode=mode, generators=own[0] if shared else own)

    modes: tuple[NoiseMode, ...] = ("const", "none", "random")
    with torch.no_grad():
        together = [paint(mode) for mode in modes]
        shared = paint("random", shared=True)
        assert set(batches) == {3}
        monkeypatch.setattr(generator, "LARGE", 1)
        batches.clear()
        for mode, expected in zip(modes, together, strict=True):
            assert_near(paint(mode), expected, 1e-5)
        assert batches == [1] * 9
        assert_near(paint("random", shared=True), shared, 1e-6)  # whose noise is drawn for all images at once
    paint("const")
    assert batches[9:] == [3, 3]  # so it stays where gradients are wanted


@pytest.mark.parametrize("name", GENERATOR_FILES)
def test_parameters_come_in_the_published_order(name: str) -> None:
    G = reference_generator(read_reference(name))
    modules = [name.partition(".")[0] for name, _ in G.named_parameters()]
    assert modules == sorted(modules, reverse=True), "synthesis before mapping"


@each_shape
@each_architecture
def test_paints_images_of_the_shape(architecture: str, height: int, width: int, channels: int) -> None:
    G = build(small_generator(height, width, channels, architecture=architecture))
    assert G(torch.randn(2, 8)).shape == (2, channels, height, width)
    assert (G.img_channels, G.img_height, G.img_width) == (channels, height, width)
    assert G.img_resolution == max(height, width)
    assert G.mapping(torch.randn(1, 8)).shape == (1, G.num_ws, 8)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_any_batch_size(count: int) -> None:
    G = build(small_generator(24, 16, c_dim=3))
    assert G(torch.randn(count, 8), torch.eye(3)[[0] * count]).shape == (count, 3, 24, 16)


@each_architecture
def test_an_image_does_not_depend_on_its_batch(architecture: str) -> None:
    G, z = noisy(small_generator(24, 16, architecture=architecture)), torch.randn(8, 8)

    def paint(z: Tensor, seeds: range) -> Tensor:
        images: Tensor = G(z, generators=[torch.Generator().manual_seed(seed) for seed in seeds])
        return images

    with torch.no_grad():
        alone = torch.cat([paint(z[i : i + 1], range(i, i + 1)) for i in range(8)])
        assert_near(paint(z, range(8)), alone, 1e-5)
        assert_near(torch.cat([paint(z[i : i + 3], range(i, min(i + 3, 8))) for i in range(0, 8, 3)]), alone, 1e-5)
        assert_near(G(z, noise_mode="const")[:1], G(z[:1], noise_mode="const"), 1e-5)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (13, 18), (3, 9)])
@each_architecture
def test_a_gradient_reaches_every_parameter(architecture: str, height: int, width: int) -> None:
    G = build(small_generator(height, width, architecture=architecture, c_dim=3))
    (G(torch.randn(4, 8), torch.eye(3)[[0, 1, 2, 0]]) * torch.randn(4, 3, height, width)).sum().backward()
    for name, parameter in G.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name


@each_architecture
def test_bfloat16_is_near_float32(architecture: str) -> None:
    G = noisy(small_generator(32, 24, architecture=architecture, num_fp16_res=4, conv_clamp=256))
    z = torch.randn(4, 8)
    with torch.no_grad():
        wanted = G(z, noise_mode="const")
        set_half(G, torch.bfloat16)
        got = G(z, noise_mode="const")
        assert got.dtype == torch.float32
        assert not torch.equal(got, wanted), "nothing ran in half precision"
        assert_near(got, wanted, 0.03)
        set_half(G, None)
        assert torch.equal(G(z, noise_mode="const"), wanted)


def test_each_style_reaches_the_image_and_coarse_ones_more_layers() -> None:
    G = build(small_generator(32, 32))
    ws = torch.randn(1, G.num_ws, 8, requires_grad=True)
    G.synthesis(ws, noise_mode="none").square().sum().backward()
    assert ws.grad is not None
    assert (ws.grad.abs().amax(dim=2) > 0).all()


def test_torgb_shares_the_style_of_the_next_blocks_first_layer() -> None:
    G, calls = build(small_generator(16, 16)), {}
    ws = torch.arange(6.0)[None, :, None].expand(1, 6, 8)
    for name, module in G.synthesis.named_modules():
        if name.endswith(("conv0", "conv1", "torgb")):
            module.register_forward_pre_hook(lambda _, args, name=name: calls.update({name: args[1][0, 0].item()}))
    G.synthesis(ws)
    assert calls == {
        "b4.conv1": 0,
        "b4.torgb": 1,
        "b8.conv0": 1,
        "b8.conv1": 2,
        "b8.torgb": 3,
        "b16.conv0": 3,
        "b16.conv1": 4,
        "b16.torgb": 5,
    }


def test_truncation_and_the_average_pass_through() -> None:
    G, z = build(small_generator(16, 16)), torch.randn(2, 8)
    torch.nn.init.normal_(G.mapping.w_avg)
    before = G.mapping.w_avg.clone()
    with torch.no_grad():
        average = G(z, truncation_psi=0, noise_mode="none")
        torch.testing.assert_close(average[0], average[1])
        G(z, update_emas=True)
    assert not torch.equal(G.mapping.w_avg, before)


def test_a_filter_of_many_taps_works_too() -> None:
    G = build(small_generator(16, 16, resample_filter=(1, 2, 4, 6, 6, 4, 2, 1)))
    assert G(torch.randn(2, 8)).shape == (2, 3, 16, 16)


def test_wrong_styles_are_named() -> None:
    G = build(small_generator(16, 16))
    with pytest.raises(ValueError, match=r"ws must be \[n, 6, 8\], got \[2, 6, 512\]"):
        G.synthesis(torch.zeros(2, 6, 512))
    with pytest.raises(ValueError, match=r"ws must be \[n, 6, 8\], got \[2, 14, 8\]"):
        G.synthesis(torch.zeros(2, 14, 8))


@pytest.mark.parametrize(("channel_base", "millions"), [(32768, 30.03), (16384, 24.77)])
def test_the_published_size(channel_base: int, millions: float) -> None:
    with torch.device("meta"):
        G = build(StyleGAN2Generator(height=256, width=256, img_channels=3, channel_base=channel_base))
    assert round(count_parameters(G) / 1e6, 2) == millions
