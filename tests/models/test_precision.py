"""Laws of half precision."""

import torch

from allaprima.models import StyleGAN2Generator, build, fast_half, set_half
from allaprima.models.precision import enter_block
from tests.models.stylegan2.small import small_discriminator, small_generator


def test_set_half_marks_the_blocks_that_may_and_none_takes_it_back() -> None:
    for spec in (small_generator(32, 32, num_fp16_res=2), small_discriminator(32, 32, num_fp16_res=2)):
        network = build(spec)
        blocks = {name.rpartition(".")[2]: m for name, m in network.named_modules() if hasattr(m, "may_be_half")}
        for dtype in (torch.bfloat16, torch.float16):
            set_half(network, dtype)
            assert {name for name, m in blocks.items() if m.half_dtype is dtype} == {"b16", "b32"}
        set_half(network, None)
        assert {m.half_dtype for m in blocks.values()} == {None}


def test_parameters_stay_in_float32() -> None:
    G = build(small_generator(16, 16, num_fp16_res=4))
    set_half(G, torch.bfloat16)
    assert {p.dtype for p in G.parameters()} == {torch.float32}


def test_a_block_in_half_precision_works_channels_last() -> None:
    x = enter_block(torch.randn(2, 3, 4, 5), torch.bfloat16)
    assert x.dtype == torch.bfloat16
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert enter_block(x, None).dtype == torch.float32


def test_fast_half_is_a_half_precision_or_none() -> None:
    assert fast_half(torch.device("cpu")) in {None, torch.bfloat16}
    assert fast_half(torch.device("meta")) is None


def test_force_fp32_of_the_reference_undoes_half_precision() -> None:
    spec = StyleGAN2Generator(
        height=16, width=16, img_channels=3, z_dim=8, w_dim=8, map_depth=1, channel_base=128, num_fp16_res=2
    )
    G = build(spec).eval()
    z = torch.randn(2, 8)
    exact = G(z, noise_mode="const")
    set_half(G, torch.bfloat16)
    assert not torch.equal(G(z, noise_mode="const"), exact)
    assert torch.equal(G(z, noise_mode="const", force_fp32=True), exact)
    assert torch.equal(G.synthesis(G.mapping(z), noise_mode="const", force_fp32=True), exact)
