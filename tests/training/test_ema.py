"""Laws of the averaged generator."""

import copy

import pytest
import torch

from allaprima.training.ema import ema_beta, update_average
from allaprima.training.step import train_step
from tests.conftest import assert_near
from tests.training.small import batch_for, small_run, tiny


@pytest.mark.parametrize(("batch", "ema_kimg"), [(32, 10.0), (64, 20.0), (4, 500.0)])
def test_half_of_the_average_is_left_after_its_half_life(batch: int, ema_kimg: float) -> None:
    recipe = tiny(batch=batch, ema_kimg=ema_kimg)
    steps = ema_kimg * 1000 / batch
    assert ema_beta(recipe, 10**9, recipe.batch) ** steps == pytest.approx(0.5)
    assert ema_beta(recipe, 0, recipe.batch) == ema_beta(recipe, 10**9, recipe.batch), (
        "without a ramp it does not depend on the images seen"
    )


def test_the_ramp_limits_the_half_life_to_a_share_of_the_images_seen() -> None:
    recipe = tiny(batch=32, ema_kimg=10.0, ema_rampup=0.05)
    assert ema_beta(recipe, 0, recipe.batch) == 0.0, "the first average is the generator"
    assert ema_beta(recipe, 20_000, 32) == pytest.approx(0.5 ** (32 / 1000))
    assert ema_beta(recipe, 200_000, 32) == pytest.approx(0.5 ** (32 / 10_000))
    assert ema_beta(recipe, 10**9, recipe.batch) == ema_beta(recipe, 200_000, 32)


def test_a_half_life_of_zero_copies() -> None:
    assert ema_beta(tiny(ema_kimg=0.0), 1000, 4) == 0.0


def test_parameters_are_averaged_and_buffers_copied() -> None:
    run = small_run(ema_kimg=0.01)
    for tensor in run.G.state_dict().values():
        tensor.add_(1.0)
    before = copy.deepcopy(run.G_ema.state_dict())
    beta = ema_beta(run.recipe, 100, 4)
    assert 0.1 < beta < 0.9
    update_average(run.G_ema, run.G, images_seen=100, batch=4, recipe=run.recipe)
    parameters = {name for name, _ in run.G.named_parameters()}
    for name, tensor in run.G_ema.state_dict().items():
        its = run.G.state_dict()[name]
        if name in parameters:
            assert_near(tensor, beta * before[name] + (1 - beta) * its, 1e-5)
        else:
            assert torch.equal(tensor, its), name


def test_a_step_ends_with_the_average() -> None:
    run = small_run(ema_rampup=0.05)
    train_step(run, *batch_for(run))
    assert all(torch.equal(a, b) for a, b in zip(run.G.parameters(), run.G_ema.parameters(), strict=True))
    train_step(run, *batch_for(run))
    assert torch.equal(run.G_ema.mapping.w_avg, run.G.mapping.w_avg)
    assert not any(p.requires_grad for p in run.G_ema.parameters())
