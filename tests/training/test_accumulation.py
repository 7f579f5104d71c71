"""The parts of a batch (batch_gpu) make the same step as the whole of it.

Random numbers belong to places in the whole batch, groups of the minibatch standard deviation are images that follow
one another in it, and moving averages move once a step. So all that a step does is the same in however many parts it
is done, as long as a part holds whole groups.
"""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.ops import minibatch_std
from allaprima.training.critic import group_order
from allaprima.training.painting import draw_latents
from allaprima.training.state import same
from allaprima.training.step import discriminator_step, generator_step, path_length_step, train_step
from tests.conftest import assert_near
from tests.training.small import batch_for, small_run
from tests.training.systems import SYSTEMS, differences, in_float64
from tests.training.test_step import PHASES, reals


def gradient(network: Any) -> Tensor:
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("batch_gpu", [2, 4])
def test_parts_make_the_steps_of_the_whole(system: str, batch_gpu: int) -> None:
    with in_float64():
        _compare_parts_with_the_whole(system, batch_gpu)


def _compare_parts_with_the_whole(system: str, batch_gpu: int) -> None:
    fields: dict[str, Any] = {"batch": 8, "mbstd_group": 2, **SYSTEMS[system]}
    whole, parted = (small_run(batch_gpu=size, shape=(3, 16, 8), **fields) for size in (8, batch_gpu))
    for seed in range(3):
        for run in (whole, parted):
            train_step(run, *batch_for(run, seed))
    far = {name: distance for name, distance in differences(whole, parted).items() if not distance < 1e-10}
    assert not far, dict(sorted(far.items(), key=lambda item: -item[1])[:5])
    assert not same(whole, small_run(batch_gpu=8, shape=(3, 16, 8), **fields))


def test_a_group_follows_itself() -> None:
    x = torch.arange(12.0)[:, None, None, None].square()
    order = group_order(12, 4)
    maps = minibatch_std(x[order], group_size=4)[torch.argsort(order)][:, 1, 0, 0]
    alone = torch.cat([minibatch_std(part, group_size=4)[:, 1, 0, 0] for part in x.split(4)])
    assert torch.equal(maps, alone)
    assert len(maps.unique()) == 3


@pytest.mark.parametrize(("count", "size"), [(8, 1), (4, 4), (3, 4), (8, None), (7, 4)])
def test_where_any_order_does_none_is_made(count: int, size: int | None) -> None:
    assert len(group_order(count, size)) == 0


def test_averages_move_once_a_step() -> None:
    run = small_run(batch=8, batch_gpu=4, style_mixing=0.0)
    w = run.G.mapping(draw_latents(run, "D").z)[:, 0].detach()
    discriminator_step(run, reals(run), {})
    assert_near(run.G.mapping.w_avg, 0.002 * w.mean(dim=0), 1e-4)


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
