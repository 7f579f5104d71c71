"""Laws of the generator; those of growing are in `tests/models/test_growth.py`."""

from typing import Any

import pytest
import torch

from allaprima.models import set_half
from allaprima.models.stylegan import Generator, StyleGANGenerator
from tests.conftest import assert_near
from tests.models.stylegan.small import small_generator, trained

SWITCHES: list[dict[str, Any]] = [
    {"use_styles": False, "const_input": False},
    {"use_noise": False},
    {"const_input": False},
    {"use_instance_norm": False},
    {"use_pixel_norm": True, "use_instance_norm": False},
    {"blur_filter": ()},
    {"blur_filter": (1, 4, 6, 4, 1)},
    {"map_depth": 0},
    {  # configuration B of table 1
        "use_styles": False,
        "const_input": False,
        "use_noise": False,
        "use_instance_norm": False,
        "use_pixel_norm": True,
        "map_depth": 0,
    },
]


def test_begins_as_in_the_paper() -> None:
    G = Generator(small_generator(16, 16))
    for name, parameter in G.named_parameters():
        if name.endswith("const"):
            assert (parameter == 1).all(), name
        elif name.endswith(("bias", "noise_strength")):
            assert not parameter.any(), name
        elif "mapping" not in name:
            assert parameter.std().item() == pytest.approx(1, rel=0.5), name
    assert G.mapping.fc0.weight.std().item() == pytest.approx(100, rel=0.3)  # 1 / map_lr_multiplier
    assert G.mapping.w_avg_beta == 0.995


@pytest.mark.parametrize("fields", SWITCHES, ids=lambda fields: "-".join(fields))
def test_every_switch_changes_the_image_and_leaves_a_network_that_learns(fields: dict[str, Any]) -> None:
    G, H = Generator(small_generator(24, 16)), trained(Generator(small_generator(24, 16, **fields)))
    z = torch.randn(4, 8)
    (H(z, noise_mode="const") * torch.randn(4, 3, 24, 16)).sum().backward()
    for name, parameter in H.named_parameters():
        if "torgb" in name and "b16" not in name:
            assert parameter.grad is None, name
        else:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.abs().max() > 0, name
    own = [name for name in H.state_dict() if not name.endswith("blur_filter")]
    state = {name: value for name, value in trained(G).state_dict().items() if name in own}
    H.load_state_dict(state, strict=False)
    with torch.no_grad():
        assert not torch.allclose(H(z, noise_mode="const"), G(z, noise_mode="const"))


def test_without_noise_there_are_no_parameters_of_it() -> None:
    names = Generator(small_generator(16, 16, use_noise=False)).state_dict()
    assert not [name for name in names if "noise" in name]


def test_noise_has_a_strength_for_each_map_and_the_size_of_the_grid() -> None:
    G = Generator(small_generator(24, 16))
    sizes = [tuple(b.shape) for n, b in G.named_buffers() if n.endswith("noise_const")]
    assert sizes == [(6, 4)] * 2 + [(12, 8)] * 2 + [(24, 16)] * 2
    assert G.synthesis.b16.conv1.styled.noise_strength.shape == (8,)
    styled, x, w = G.synthesis.b16.conv1.styled, torch.zeros(2, 8, 24, 16), torch.zeros(2, 8)
    torch.nn.init.zeros_(styled.adain.affine.weight)
    styled.adain.normalize = False
    with torch.no_grad():
        styled.noise_strength[3] = 2
        y = styled(x, w, noise_mode="const", generators=None)
        assert_near(y[1, 3], torch.nn.functional.leaky_relu(2 * styled.noise_const, 0.2), 1e-6)
        assert not y[:, [0, 1, 2, 4, 5, 6, 7]].any()
        assert not styled(x, w, noise_mode="none", generators=None).any()


def test_the_latent_does_not_move_the_size_of_any_map_but_its_style() -> None:
    """Instance norm forgets what came before (section 2: a style is overridden by the next): only the style scales."""
    G, seen = trained(Generator(small_generator(16, 16))), []
    adain = G.synthesis.b16.conv1.styled.adain
    adain.register_forward_hook(lambda _, args, output: seen.append((args, output)))
    with torch.no_grad():
        G(torch.randn(4, 8), noise_mode="const")
        (_, w), y = seen[0]
        scale, shift = adain.affine(w).chunk(2, dim=1)
        assert_near(y.mean(dim=(2, 3)), shift, 1e-4)
        assert_near(y.std(dim=(2, 3), unbiased=False), (scale + 1).abs(), 1e-4)


def test_each_style_reaches_the_image_and_its_own_layer_alone() -> None:
    G, seen = trained(Generator(small_generator(16, 16))), {}
    for name, module in G.synthesis.named_modules():
        if name.endswith(".adain"):
            module.register_forward_pre_hook(lambda _, args, name=name: seen.update({name: args[1][0, 0].item()}))
    ws = torch.arange(6.0)[None, :, None].repeat(1, 1, 8).requires_grad_()
    G.synthesis(ws, noise_mode="none").square().sum().backward()
    layers = ["b4.input", "b4.conv1", "b8.conv0", "b8.conv1", "b16.conv0", "b16.conv1"]
    assert seen == {f"{layer}.styled.adain": float(i) for i, layer in enumerate(layers)}
    assert ws.grad is not None
    assert (ws.grad.abs().amax(dim=2) > 0).all()


def test_a_label_is_embedded_and_normalised_together_with_z() -> None:
    G, z, c = Generator(small_generator(8, 8, c_dim=3, map_depth=0, w_dim=16)), torch.randn(3, 8), torch.eye(3)
    together = torch.cat([z, G.mapping.label], dim=1)
    wanted = together / together.square().mean(dim=1, keepdim=True).sqrt()
    assert_near(G.mapping(z, c)[:, 0], wanted, 1e-6)
    with pytest.raises(ValueError, match=r"this model has labels: c must be \[n, 3\], got \[3, 2\]"):
        G.mapping(z, c[:, :2])
    G = Generator(small_generator(8, 8, c_dim=3))
    assert not torch.allclose(G(z, c, noise_mode="none"), G(z, c.roll(1, 0), noise_mode="none"))


def test_truncation_and_the_average() -> None:
    G, z = Generator(small_generator(16, 16)), torch.randn(4, 8)
    torch.nn.init.normal_(G.mapping.w_avg)
    before = G.mapping.w_avg.clone()
    with torch.no_grad():
        ws = G.mapping(z)
        assert torch.equal(G.mapping.w_avg, before)
        near = G.mapping(z, truncation_psi=0.7, truncation_cutoff=4)
        assert_near(near[:, :4], before + 0.7 * (ws[:, :4] - before), 1e-6)
        assert torch.equal(near[:, 4:], ws[:, 4:])
        G.mapping(z, update_emas=True)
    assert_near(G.mapping.w_avg, 0.995 * before + 0.005 * ws[:, 0].mean(dim=0), 1e-6)


def test_random_noise_comes_from_the_generators_of_the_images() -> None:
    G, z = trained(Generator(small_generator(16, 16))), torch.randn(1, 8).repeat(2, 1)

    def seeded(*seeds: int) -> list[torch.Generator]:
        return [torch.Generator().manual_seed(seed) for seed in seeds]

    with torch.no_grad():
        images = G(z, generators=seeded(1, 2))
        assert not torch.allclose(images[0], images[1])
        assert_near(G(z, generators=seeded(2, 1)), images.flip(0), 1e-5)


def test_bfloat16_is_near_float32_and_the_base_stays_float32() -> None:
    G, z = trained(Generator(small_generator(32, 24, num_fp16_res=4, conv_clamp=256))), torch.randn(4, 8)
    with torch.no_grad():
        for lod in (0, 0.5, 1):
            set_half(G, None)
            G.set_lod(lod)
            wanted = G(z, noise_mode="const")
            set_half(G, torch.bfloat16)
            assert [b.half_dtype for b in G.synthesis.children()] == [None, torch.bfloat16, torch.bfloat16]
            got = G(z, noise_mode="const")
            assert got.dtype == torch.float32
            assert not torch.equal(got, wanted), "nothing ran in half precision"
            assert_near(got, wanted, 0.05)
            assert torch.equal(G(z, noise_mode="const", force_fp32=True), wanted)


def test_wrong_styles_are_named() -> None:
    with pytest.raises(ValueError, match=r"ws must be \[n, 6, 8\], got \[2, 6, 512\]"):
        Generator(small_generator(16, 16)).synthesis(torch.zeros(2, 6, 512))


def test_the_published_size() -> None:
    with torch.device("meta"):
        G = Generator(StyleGANGenerator(height=1024, width=1024, img_channels=3))
    in_use = sum(p.numel() for n, p in G.named_parameters() if "torgb" not in n or "b1024" in n)
    assert round(in_use / 1e6, 1) == 26.2  # section 2
