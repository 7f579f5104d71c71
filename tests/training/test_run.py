"""Laws of a new training."""

import dataclasses

import pytest
import torch

from allaprima.training.run import choose_precision, specs, start
from allaprima.training.state import same
from tests.training.small import CPU, small_run, tiny


def test_adam_is_slowed_down_for_its_lazy_steps() -> None:
    """StyleGAN2, appendix B: c = k / (k + 1), rate · c, β^c."""
    run = small_run(glr=0.002, dlr=0.003, pl_interval=4, r1_interval=16)
    for optimizer, rate, c in ((run.G_optimizer, 0.002, 4 / 5), (run.D_optimizer, 0.003, 16 / 17)):
        (group,) = optimizer.param_groups
        assert group["lr"] == pytest.approx(rate * c)
        assert group["betas"] == pytest.approx((0.0, 0.99**c))
        assert group["eps"] == 1e-8
        assert group["weight_decay"] == 0


def test_without_lazy_steps_adam_is_as_it_is() -> None:
    run = small_run(glr=0.002, dlr=0.003, pl_weight=0.0, gamma=0.0)
    for optimizer, rate in ((run.G_optimizer, 0.002), (run.D_optimizer, 0.003)):
        (group,) = optimizer.param_groups
        assert (group["lr"], group["betas"]) == (rate, (0.0, 0.99))


def test_the_seed_decides_the_weights() -> None:
    torch.manual_seed(1)
    first = small_run(seed=3)
    torch.manual_seed(2)
    assert same(first, small_run(seed=3))
    assert not same(first, small_run(seed=4))


def test_the_global_random_state_is_let_alone() -> None:
    before = torch.get_rng_state()
    small_run()
    assert torch.equal(before, torch.get_rng_state())


def test_the_average_begins_as_the_generator() -> None:
    run = small_run()
    assert all(torch.equal(a, run.G.state_dict()[name]) for name, a in run.G_ema.state_dict().items())
    assert not any(p.requires_grad for p in run.G_ema.parameters())
    assert not run.G_ema.training
    assert run.G.training


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", None), ("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_precision_is_that_of_the_finest_blocks_of_all_networks(precision: str, dtype: torch.dtype | None) -> None:
    run = small_run(shape=(1, 16, 16), precision=precision, num_fp16_res=1)
    for network in (run.G.synthesis, run.G_ema.synthesis, run.D):
        assert network.b16.half_dtype == dtype
        assert network.b8.half_dtype is None


def test_full_precision_needs_no_clamp() -> None:
    for precision, clamp, count in (("fp32", None, 0), ("bf16", 256.0, 4)):
        pair = specs(small_run(precision=precision).recipe, height=8, width=8, channels=3, c_dim=0)
        assert [(spec.conv_clamp, spec.num_fp16_res) for spec in pair] == [(clamp, count)] * 2


def test_specs_hold_what_the_recipe_says() -> None:
    recipe = tiny(mbstd_group=2, map_depth=5, noise=False, g_architecture="resnet", d_architecture="skip", cbase=256)
    G, D = specs(recipe, height=24, width=16, channels=4, c_dim=3)
    for spec in (G, D):
        assert (spec.height, spec.width, spec.img_channels, spec.c_dim) == (24, 16, 4, 3)
        assert (spec.channel_base, spec.channel_max) == (256, 8)
    assert (G.z_dim, G.w_dim, G.map_depth, G.architecture, G.use_noise) == (8, 8, 5, "resnet", False)
    assert (D.mbstd_group, D.architecture) == (2, "skip")


def test_precision_by_name_means_itself() -> None:
    assert [choose_precision(name, CPU) for name in ("fp32", "bf16", "fp16")] == ["fp32", "bf16", "fp16"]
    assert choose_precision("auto", CPU) in ("fp32", "bf16")


def test_the_networks_are_where_the_training_is() -> None:
    recipe = dataclasses.replace(tiny(), batch_gpu=4, mbstd_group=4)
    run = start(recipe, height=8, width=8, channels=1, label_table=torch.zeros(3, 0), device=torch.device("meta"))
    for network in (run.G, run.D, run.G_ema):
        assert {p.device.type for p in network.parameters()} == {"meta"}
