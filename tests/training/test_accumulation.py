"""The parts of a batch (batch_gpu) give the gradient of the whole.

Three things see only their own part, as in the reference: the minibatch standard deviation groups the images of a part,
random noise is drawn part by part, and the moving averages (of w and of path lengths) take parts in one after another.
"""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.losses import d_logistic
from allaprima.training.painting import draw_latents, paint
from allaprima.training.step import discriminator_step, generator_step, path_length_step
from tests.conftest import assert_near
from tests.training.small import small_run
from tests.training.test_step import MOVES, PHASES, reals


def gradient(network: Any) -> Tensor:
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


@pytest.mark.parametrize("phase", ["generator", "discriminator", "r1"])
@pytest.mark.parametrize("batch_gpu", [1, 2, 4])
def test_parts_give_the_gradient_of_the_whole(phase: str, batch_gpu: int) -> None:
    gradients = []
    for size in (8, batch_gpu):
        run = small_run(batch=8, batch_gpu=size, mbstd_group=1, noise=False, labels=2)
        PHASES[phase](run, {})
        gradients.append(gradient(getattr(run, MOVES[phase])))
    assert_near(gradients[1], gradients[0], 1e-4)


def test_the_standard_deviation_is_that_of_a_part() -> None:
    run = small_run(batch=8, batch_gpu=4, mbstd_group=4, noise=False, style_mixing=0.0)
    real = reals(run)
    with torch.no_grad():
        fakes = paint(run, draw_latents(run, "D"))[0]
    halves = [slice(0, 4), slice(4, 8)]
    loss = torch.cat([d_logistic(run.D(real.images[half]), run.D(fakes[half])) for half in halves]).mean()
    wanted = torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(run.D.parameters()))])
    discriminator_step(run, real, {})
    assert_near(gradient(run.D), wanted, 1e-4)

    whole = small_run(batch=8, batch_gpu=8, mbstd_group=4, noise=False, style_mixing=0.0)
    discriminator_step(whole, real, {})
    assert (gradient(whole.D) - wanted).abs().max() > 1e-4 * wanted.abs().max()


def test_moving_averages_take_in_one_part_after_another() -> None:
    run = small_run(batch=8, batch_gpu=4, style_mixing=0.0)
    w = run.G.mapping(draw_latents(run, "D").z)[:, 0].detach()
    discriminator_step(run, reals(run), {})
    first, second = w[:4].mean(dim=0), w[4:].mean(dim=0)
    assert_near(run.G.mapping.w_avg, 0.002 * (0.998 * first + second), 1e-4)


def test_path_lengths_of_all_parts_are_penalised() -> None:
    counts = []
    for size in (8, 2):
        run = small_run(batch=8, batch_gpu=size)
        scalars: dict[str, Tensor] = {}
        path_length_step(run, scalars)
        counts.append(scalars["Loss/pl_penalty"].numel())
    assert counts == [4, 4]


@pytest.mark.parametrize("phase", PHASES)
def test_no_more_images_than_a_part_are_in_a_network_at_once(phase: str) -> None:
    run = small_run(batch=8, batch_gpu=4)
    sizes: set[int] = set()
    for network in (run.G.synthesis, run.D):
        network.register_forward_pre_hook(lambda _, inputs: sizes.add(len(inputs[0])))
    PHASES[phase](run, {})
    assert sizes == {2 if phase == "path length" else 4}  # it takes half a batch, and half a part


def test_a_phase_takes_one_optimizer_step_whatever_the_parts() -> None:
    run = small_run(batch=8, batch_gpu=2)
    generator_step(run, reals(run), {})
    assert {int(state["step"]) for state in run.G_optimizer.state.values()} == {1}
