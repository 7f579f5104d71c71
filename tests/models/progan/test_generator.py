"""Laws of the generator; those of growing are in `tests/models/test_growth.py`."""

import pytest
import torch
from torch import Tensor

from allaprima.models import set_half
from allaprima.models.progan import Generator, ProGANGenerator
from tests.conftest import assert_near
from tests.models.progan.small import small_generator, trained


def features_of(spec: ProGANGenerator) -> list[Tensor]:
    """What comes out of each block."""
    G, seen = trained(Generator(spec)), []
    for resolution in spec.geometry.resolutions:
        colours = G.get_submodule(f"synthesis.b{resolution}.torgb")
        colours.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        for lod in range(spec.geometry.doublings + 1):
            G.set_lod(lod)
            G(torch.randn(2, 8))
    return seen


def test_pixel_norm_is_a_switch() -> None:
    for x in features_of(small_generator(16, 16)):
        torch.testing.assert_close(x.square().mean(dim=1), torch.ones_like(x[:, 0]), rtol=1e-4, atol=1e-4)
    for x in features_of(small_generator(16, 16, pixel_norm=False)):
        assert x.square().mean(dim=1).std() > 0.1 * x.square().mean()


def test_leaky_is_a_switch() -> None:
    assert all((x < 0).any() for x in features_of(small_generator(16, 16)))
    assert all((x >= 0).all() for x in features_of(small_generator(16, 16, leaky=False)))


def test_equalized_is_a_switch_that_changes_the_scale_of_the_weights_alone() -> None:
    G = Generator(small_generator(8, 8, channel_max=64, channel_base=2048))
    H = Generator(small_generator(8, 8, channel_max=64, channel_base=2048, equalized=False))
    for name in ("b4.dense", "b4.conv1", "b8.conv0", "b8.torgb"):
        ours, theirs = G.get_submodule(f"synthesis.{name}"), H.get_submodule(f"synthesis.{name}")
        assert ours.weight.std().item() == pytest.approx(1, rel=0.15)
        assert theirs.weight.std().item() == pytest.approx(ours.weight_gain, rel=0.15)
        assert theirs.weight_gain == 1


def test_z_and_label_are_normalised_together() -> None:
    G = Generator(small_generator(8, 8, c_dim=3))
    z, c = torch.randn(4, 8), torch.eye(3)[[0, 1, 2, 0]]
    ws = G.mapping(z, c)
    assert ws.shape == (4, 1, 11)
    together = torch.cat([z, c], dim=1)
    assert_near(ws[:, 0], together / together.square().mean(dim=1, keepdim=True).sqrt(), 1e-6)
    with pytest.raises(ValueError, match=r"this model has labels: c must be \[n, 3\], got None"):
        G(z)
    with pytest.raises(ValueError, match=r"z must be \[n, 8\], got \[4, 11\]"):
        G(together, c)


def test_truncation_shrinks_towards_zero() -> None:
    G, z = Generator(small_generator(8, 8)), torch.randn(4, 8)
    ws = G.mapping(z, update_emas=True)
    assert not G.mapping.w_avg.any()
    assert_near(G.mapping(z, truncation_psi=0.3), 0.3 * ws, 1e-6)
    assert torch.equal(G.mapping(z, truncation_psi=0.3, truncation_cutoff=0), ws)
    assert_near(G(z, truncation_psi=0.3), G.synthesis(0.3 * ws), 1e-6)


def test_arguments_of_other_systems_are_ignored() -> None:
    G, z = trained(Generator(small_generator(8, 8))), torch.randn(2, 8)
    wanted = G(z)
    for mode in ("random", "const", "none"):
        assert torch.equal(G(z, noise_mode=mode, generators=torch.Generator(), update_emas=True), wanted)
    assert torch.equal(G(z, torch.zeros(2, 0)), wanted)


@pytest.mark.parametrize(("half", "tolerance"), [(torch.bfloat16, 0.08), (torch.float16, 0.01)])  # 8 times finer
def test_half_precision_is_near_float32_and_the_base_stays_float32(half: torch.dtype, tolerance: float) -> None:
    G, z = trained(Generator(small_generator(32, 24, num_fp16_res=4, conv_clamp=256))), torch.randn(4, 8)
    with torch.no_grad():
        wanted = G(z)
        set_half(G, half)
        assert [b.half_dtype for b in G.synthesis.children()] == [None, half, half]
        got = G(z)
        assert got.dtype == torch.float32
        assert not torch.equal(got, wanted), "nothing ran in half precision"
        assert_near(got, wanted, tolerance)
        assert torch.equal(G(z, force_fp32=True), wanted)


def test_wrong_styles_are_named() -> None:
    with pytest.raises(ValueError, match=r"ws must be \[n, 1, 8\], got \[2, 2, 8\]"):
        Generator(small_generator(8, 8)).synthesis(torch.zeros(2, 2, 8))


def test_the_published_size() -> None:
    with torch.device("meta"):
        G = Generator(ProGANGenerator(height=1024, width=1024, img_channels=3))
    in_use = sum(p.numel() for n, p in G.named_parameters() if "torgb" not in n or "b1024" in n)
    assert round(in_use / 1e6, 1) == 23.1  # table 2
