"""Laws of all networks that grow, and of how real images fade."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from einops import reduce, repeat
from torch import Tensor

from allaprima.models import stylegan2
from allaprima.models.geometry import Geometry
from allaprima.models.growth import Growing, fade, split_lod
from allaprima.models.progan import Discriminator as ProGANDiscriminator
from allaprima.models.progan import Generator as ProGANGenerator
from allaprima.models.stylegan import Discriminator as StyleGANDiscriminator
from allaprima.models.stylegan import Generator as StyleGANGenerator
from tests.conftest import assert_near
from tests.models.progan import small as progan
from tests.models.stylegan import small as stylegan
from tests.models.stylegan2 import small as revised

Make = Callable[..., Any]
GENERATORS: dict[str, Make] = {
    "progan": lambda *a, **k: progan.trained(ProGANGenerator(progan.small_generator(*a, **k))),
    "stylegan": lambda *a, **k: stylegan.trained(StyleGANGenerator(stylegan.small_generator(*a, **k))),
    "stylegan2": lambda *a, **k: stylegan.trained(
        stylegan2.Generator(revised.small_generator(*a, architecture="orig", growing=True, **k))
    ),
}
DISCRIMINATORS: dict[str, Make] = {
    "progan": lambda *a, **k: progan.trained(ProGANDiscriminator(progan.small_discriminator(*a, **k))),
    "stylegan": lambda *a, **k: progan.trained(StyleGANDiscriminator(stylegan.small_discriminator(*a, **k))),
    "stylegan2": lambda *a, **k: progan.trained(
        stylegan2.Discriminator(revised.small_discriminator(*a, architecture="orig", growing=True, **k))
    ),
}
SHAPES = [(24, 24, 1), (64, 48, 3), (101, 67, 4), (4, 4, 3)]
LODS = [0.0, 0.4, 1.0, 1.75, 2.0, 3.0]
each_generator = pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS)
each_discriminator = pytest.mark.parametrize("make", DISCRIMINATORS.values(), ids=DISCRIMINATORS)
each_network = pytest.mark.parametrize(
    "make", [*GENERATORS.values(), *DISCRIMINATORS.values()], ids=[f"G-{n}" for n in GENERATORS] + list(DISCRIMINATORS)
)


def outputs(network: Any, seed: int = 0) -> Tensor:
    """What a network makes of the same inputs each time: images or logits."""
    generator = torch.Generator().manual_seed(seed)
    if hasattr(network, "synthesis"):
        y: Tensor = network(torch.randn(4, network.z_dim, generator=generator), noise_mode="const")
        return y
    shape = (4, network.img_channels, network.img_height, network.img_width)
    logits: Tensor = network(torch.randn(shape, generator=generator))
    return logits


def at(lod: float, network: Any) -> Any:
    network.set_lod(lod)
    return network


def resolutions_in_use(lod: float, finest: int) -> set[int]:
    whole, _ = split_lod(lod)
    return {4 * 2**i for i in range(20) if 4 * 2**i <= finest >> whole}


def colour_resolutions(lod: float, finest: int) -> set[int]:
    whole, rest = split_lod(lod)
    return {finest >> whole} | ({finest >> whole + 1} if rest else set())


def is_used(name: str, lod: float, finest: int) -> bool:
    """Whether a parameter has a part in the output at this level of detail."""
    blocks = [int(part[1:]) for part in name.split(".") if part[:1] == "b" and part[1:].isdigit()]
    if not blocks:
        return True
    if "torgb" in name or "fromrgb" in name:
        return blocks[0] in colour_resolutions(lod, finest)
    return blocks[0] in resolutions_in_use(lod, finest)


@pytest.mark.parametrize(("height", "width", "channels"), SHAPES)
@each_generator
def test_images_have_their_full_size_at_any_lod(make: Make, height: int, width: int, channels: int) -> None:
    G = make(height, width, channels)
    for lod in [0.0, *range(1, G.spec.geometry.doublings + 1), G.spec.geometry.doublings / 2]:
        with torch.no_grad():
            assert outputs(at(lod, G)).shape == (4, channels, height, width)
    assert (G.img_channels, G.img_height, G.img_width) == (channels, height, width)
    assert G.img_resolution == max(height, width)
    assert G.mapping(torch.randn(2, G.z_dim)).shape == (2, G.num_ws, G.w_dim)


@pytest.mark.parametrize(("height", "width", "channels"), SHAPES)
@each_discriminator
def test_images_of_full_size_are_judged_at_any_lod(make: Make, height: int, width: int, channels: int) -> None:
    D = make(height, width, channels)
    for lod in [0.0, *range(1, D.spec.geometry.doublings + 1), D.spec.geometry.doublings / 2]:
        with torch.no_grad():
            assert outputs(at(lod, D)).shape == (4, 1)


@pytest.mark.parametrize("lod", [1, 2, 3])
@each_generator
def test_an_image_at_a_coarse_lod_has_coarse_pixels(make: Make, lod: int) -> None:
    with torch.no_grad():
        image = outputs(at(lod, make(32, 32)))
    step = 2**lod
    coarse = image[:, :, ::step, ::step]
    assert torch.equal(repeat(coarse, "n c h w -> n c (h a) (w b)", a=step, b=step), image)
    assert coarse.std() > 0.01


@pytest.mark.parametrize("lod", [1, 2, 3])
@each_discriminator
def test_a_discriminator_at_a_coarse_lod_sees_only_means(make: Make, lod: int) -> None:
    D, images = at(lod, make(32, 32)), torch.randn(4, 3, 32, 32)
    means = reduce(images, "n c (h a) (w b) -> n c h w", "mean", a=2**lod, b=2**lod)
    with torch.no_grad():
        wanted = D(images)
        got = D(repeat(means, "n c h w -> n c (h a) (w b)", a=2**lod, b=2**lod))
    assert_near(got, wanted, 1e-5)


@pytest.mark.parametrize("lod", [1.0, 1.75, 2.0, 3.0])
@each_network
def test_finer_layers_do_not_run_and_do_not_matter(make: Make, lod: float) -> None:
    network = at(lod, make(32, 32))
    with torch.no_grad():
        wanted = outputs(network)
        for name, parameter in network.named_parameters():
            if not is_used(name, lod, 32):
                parameter.fill_(float("nan"))
        assert torch.equal(outputs(network), wanted)


@pytest.mark.parametrize("lod", LODS)
@each_network
def test_gradients_reach_exactly_the_parameters_in_use(make: Make, lod: float) -> None:
    network = at(lod, make(32, 32))
    (outputs(network) * torch.randn(4, *outputs(network).shape[1:])).sum().backward()
    for name, parameter in network.named_parameters():
        if is_used(name, lod, 32):
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.abs().max() > 0, name
        else:
            assert parameter.grad is None, name


@pytest.mark.parametrize("lod", [1, 2])
@each_network
def test_nothing_jumps_where_a_resolution_is_complete(make: Make, lod: int) -> None:
    network = make(32, 32)
    with torch.no_grad():
        here, below, above = (outputs(at(lod + step, network)) for step in (0, -1e-4, 1e-4))
        away = outputs(at(lod - 0.5, network))
    assert_near(below, here, 1e-3)
    assert_near(above, here, 1e-3)
    assert (away - here).abs().max() > 0.01 * here.abs().max()


@each_generator
def test_a_fraction_mixes_two_resolutions(make: Make) -> None:
    G = make(32, 32)
    with torch.no_grad():
        images = {lod: outputs(at(lod, G)) for lod in (1, 1.25, 2)}
    assert_near(images[1.25], 0.75 * images[1] + 0.25 * images[2], 1e-5)


@pytest.mark.parametrize("lod", [0.0, 0.5, 2.0])
@each_generator
def test_an_image_does_not_depend_on_its_batch(make: Make, lod: float) -> None:
    G, z = at(lod, make(24, 16)), torch.randn(5, 8)
    seeds = [torch.Generator().manual_seed(seed) for seed in range(5)]
    again = [torch.Generator().manual_seed(seed) for seed in range(5)]
    with torch.no_grad():
        alone = torch.cat([G(z[i : i + 1], generators=seeds[i : i + 1]) for i in range(5)])
        assert_near(G(z, generators=again), alone, 1e-5)


@pytest.mark.parametrize("lod", [0.0, 0.5, 1.0])
@each_discriminator
def test_without_minibatch_std_a_judgement_does_not_depend_on_the_batch(make: Make, lod: float) -> None:
    D, images = at(lod, make(24, 16, mbstd_num_channels=0)), torch.randn(4, 3, 24, 16)
    with torch.no_grad():
        assert_near(torch.cat([D(image[None]) for image in images]), D(images), 1e-5)
        other = at(lod, make(24, 16))
        assert not torch.allclose(torch.cat([other(image[None]) for image in images]), other(images))


@pytest.mark.parametrize("lod", [0.0, 0.5, 1.0])
@each_discriminator
def test_the_gradient_of_r1_is_right(make: Make, lod: float) -> None:
    D = at(lod, make(8, 8))
    images = torch.randn(2, 3, 8, 8, requires_grad=True)

    def penalty() -> Tensor:
        (gradient,) = torch.autograd.grad(D(images).sum(), images, create_graph=True)
        return gradient.square().sum()

    parameter = D.b4.conv.weight
    (got,) = torch.autograd.grad(penalty(), parameter)
    direction, step = torch.randn_like(parameter), 1e-3
    values = []
    for sign in (1, -1):
        with torch.no_grad():
            parameter.add_(direction, alpha=sign * step)
        values.append(penalty().item())
        with torch.no_grad():
            parameter.sub_(direction, alpha=sign * step)
    assert (got * direction).sum().item() == pytest.approx((values[0] - values[1]) / (2 * step), rel=0.01)


@pytest.mark.parametrize(("height", "width"), [(13, 18), (101, 67)])
@each_discriminator
def test_every_pixel_is_seen_at_any_lod(make: Make, height: int, width: int) -> None:
    D = make(height, width)
    for lod in (0.0, 0.5, 1.0):
        images = torch.randn(2, 3, height, width, requires_grad=True)
        at(lod, D)(images).sum().backward()
        assert images.grad is not None
        assert (images.grad.abs().amax(dim=(0, 1)) > 0).all()


@each_network
def test_lod_is_data_of_the_state_dict_and_survives_the_meta_device(make: Make) -> None:
    network = at(1.5, make(16, 16))
    state = network.state_dict()
    (name,) = (key for key in state if key.split(".")[-1] == "lod")
    assert state[name].dtype == torch.float32
    assert state[name].shape == ()
    with torch.device("meta"):
        empty = type(network)(network.spec)
    empty.load_state_dict(state, assign=True)
    assert empty.lod.item() == 1.5
    with torch.no_grad():
        assert torch.equal(outputs(empty), outputs(network))


@each_network
def test_an_impossible_lod_is_named(make: Make) -> None:
    network = make(32, 32)
    network.set_lod(3)
    for value in (-0.1, 3.1, float("nan")):
        with pytest.raises(ValueError, match=f"lod is {value}: it must be between 0 and 3 for images"):
            network.set_lod(value)
    assert network.lod.item() == 3


def test_what_does_not_grow_says_so_and_has_no_buffer() -> None:
    network = Growing(Geometry(32, 32), grows=False)
    assert network.missing() == (0, 0.0)
    assert not network.state_dict()
    with pytest.raises(ValueError, match="this network does not grow"):
        network.set_lod(1)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (24, 24), (101, 67), (13, 18)])
def test_real_images_fade_like_painted_ones(height: int, width: int) -> None:
    geometry, images = Geometry(height, width), torch.randn(2, 3, height, width)
    assert fade(images, geometry, 0.0) is images
    assert fade(images, geometry, 1.0).shape == images.shape
    coarse = [fade(images, geometry, lod) for lod in range(min(geometry.doublings, 2) + 1)]
    assert_near(fade(images, geometry, 0.25), 0.75 * coarse[0] + 0.25 * coarse[1], 1e-5)
    with pytest.raises(ValueError, match=f"between 0 and {geometry.doublings} for images of {height}×{width}"):
        fade(images, geometry, geometry.doublings + 0.5)
    if geometry.doublings >= 2:
        assert_near(fade(images, geometry, 1.25), 0.75 * coarse[1] + 0.25 * coarse[2], 1e-5)


def test_fading_is_averaging_where_nothing_is_cut() -> None:
    images = torch.randn(2, 3, 32, 16)
    means = reduce(images, "n c (h a) (w b) -> n c h w", "mean", a=4, b=4)
    wanted = repeat(means, "n c h w -> n c (h a) (w b)", a=4, b=4)
    assert_near(fade(images, Geometry(32, 16), 2.0), wanted, 1e-6)
    assert_near(fade(wanted, Geometry(32, 16), 2.0), wanted, 1e-6)


@each_discriminator
def test_a_faded_image_is_judged_like_the_image_itself_at_a_whole_lod(make: Make) -> None:
    D, images = at(1.0, make(32, 32)), torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        assert_near(D(fade(images, D.geometry, 1.0)), D(images), 1e-5)
