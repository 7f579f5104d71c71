"""Laws of one iteration: which phase moves what, when it is due, from which draws."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.images import to_network
from allaprima.training import step as steps
from allaprima.training.painting import draw_latents, paint
from allaprima.training.run import Run
from allaprima.training.statistics import Scalars
from allaprima.training.step import (
    Reals,
    discriminator_step,
    generator_step,
    path_length_step,
    penalty_step,
    train_step,
)
from tests.conftest import assert_near
from tests.training.small import batch_for, small_run


def reals(run: Run) -> Reals:
    pixels, labels = batch_for(run)
    return Reals(to_network(pixels), labels)


PHASES: dict[str, Callable[[Run, Scalars], None]] = {
    "generator": lambda run, scalars: generator_step(run, reals(run), scalars),
    "path length": lambda run, scalars: path_length_step(run, scalars),
    "discriminator": lambda run, scalars: discriminator_step(run, reals(run), scalars),
    "r1": lambda run, scalars: penalty_step(run, reals(run), scalars),
}
MOVES = {"generator": "G", "path length": "G", "discriminator": "D", "r1": "D"}
LOSSES = {
    "generator": "Loss/G/loss",
    "path length": "Loss/pl_penalty",
    "discriminator": "Loss/D/loss",
    "r1": "Loss/r1_penalty",
}
each_phase = pytest.mark.parametrize("phase", PHASES)


def weights(network: Any) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in network.named_parameters()}


def moved(network: Any, before: dict[str, Tensor]) -> set[str]:
    return {name for name, p in network.named_parameters() if not torch.equal(p, before[name])}


@each_phase
def test_a_phase_moves_its_own_network_alone(phase: str) -> None:
    run = small_run(labels=3)
    train_step(run, *batch_for(run))  # so that noise is felt and both optimizers have a state
    before = {role: weights(getattr(run, role)) for role in ("G", "D", "G_ema")}
    other = run.D if MOVES[phase] == "G" else run.G
    other.zero_grad()
    PHASES[phase](run, {})
    for role, old in before.items():
        assert bool(moved(getattr(run, role), old)) == (role == MOVES[phase]), role
    assert all(p.grad is None for p in other.parameters())


def test_every_weight_learns() -> None:
    run = small_run(labels=3, style_mixing=0.0)
    before = {role: weights(getattr(run, role)) for role in ("G", "D")}
    for _ in range(2):
        train_step(run, *batch_for(run))
    for role, old in before.items():
        assert old.keys() - moved(getattr(run, role), old) == set(), role


@each_phase
def test_a_phase_descends_its_loss(phase: str) -> None:
    run = small_run(glr=0.01, dlr=0.01)
    before: Scalars = {}
    after: Scalars = {}
    if phase == "path length":
        run.pl_mean.fill_(1.0)  # from 0 it is the average that moves most
    for scalars in (before, *({} for _ in range(8)), after):  # a phase draws by the step, so all draws are the same
        PHASES[phase](run, scalars)
    assert after[LOSSES[phase]].mean() < before[LOSSES[phase]].mean()


@pytest.mark.parametrize(("phase", "field"), [("path length", "pl_interval"), ("r1", "r1_interval")])
def test_a_lazy_phase_weighs_as_much_as_its_interval(phase: str, field: str) -> None:
    gradients = []
    for interval in (1, 5):
        run = small_run(**{field: interval})
        PHASES[phase](run, {})
        network = getattr(run, MOVES[phase])
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]))
    assert_near(gradients[1], 5 * gradients[0], 1e-6)


def test_lazy_phases_come_at_their_intervals() -> None:
    run = small_run(pl_interval=3, r1_interval=4)
    came = {"Loss/pl_penalty": [], "Loss/r1_penalty": []}
    for step in range(9):
        scalars = train_step(run, *batch_for(run))
        for name, at in came.items():
            if name in scalars:
                at.append(step)
    assert came == {"Loss/pl_penalty": [0, 3, 6], "Loss/r1_penalty": [0, 4, 8]}


def test_a_weight_of_zero_turns_a_lazy_phase_off() -> None:
    run = small_run(gamma=0.0, pl_weight=0.0)
    scalars = train_step(run, *batch_for(run))
    assert not {"Loss/pl_penalty", "Loss/G/reg", "Loss/r1_penalty", "Loss/D/reg"} & scalars.keys()
    assert run.pl_mean == 0


def test_counters_and_numbers_of_a_step() -> None:
    run = small_run(batch=6, batch_gpu=2, pl_batch_shrink=2)
    scalars = train_step(run, *batch_for(run))
    assert (run.step, run.images_seen) == (1, 6)
    counts = {name: value.numel() for name, value in scalars.items()}
    assert counts == {
        "Loss/scores/fake": 12,  # in the generator's and in the discriminator's phase
        "Loss/signs/fake": 12,
        "Loss/G/loss": 6,
        "Loss/pl_penalty": 3,
        "Loss/G/reg": 3,
        "Loss/scores/real": 6,
        "Loss/signs/real": 6,
        "Loss/D/loss": 6,
        "Loss/r1_penalty": 6,
        "Loss/D/reg": 6,
        "Gradients/G": 1,
        "Gradients/D": 1,
    }
    assert not any(value.requires_grad for value in scalars.values())


def test_the_regularisers_are_told_with_their_weights() -> None:
    run = small_run(gamma=3.0, pl_weight=5.0)
    scalars = train_step(run, *batch_for(run))
    assert torch.allclose(scalars["Loss/D/reg"], scalars["Loss/r1_penalty"] * 1.5)
    assert torch.allclose(scalars["Loss/G/reg"], scalars["Loss/pl_penalty"] * 5)


def test_the_average_of_w_follows_in_the_discriminators_phase_alone() -> None:
    run = small_run(style_mixing=1.0)
    for phase in ("generator", "path length", "r1"):
        PHASES[phase](run, {})
        assert torch.equal(run.G.mapping.w_avg, torch.zeros(8)), phase
    w = run.G.mapping(draw_latents(run, "D").z)[:, 0].detach()
    PHASES["discriminator"](run, {})
    assert_near(run.G.mapping.w_avg, w.mean(dim=0) * (1 - 0.998), 1e-4)  # and not after the second latents


def test_path_lengths_have_a_moving_average() -> None:
    run = small_run()
    run.pl_mean.fill_(2.0)
    lengths: list[Tensor] = []

    def spy(*arguments: Tensor) -> Tensor:
        lengths.append(steps_path_lengths(*arguments))
        return lengths[-1]

    steps_path_lengths = steps.path_lengths
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "path_lengths", spy)
        path_length_step(run, {})
    (length,) = lengths
    assert len(length) == run.batch // run.recipe.pl_batch_shrink
    assert_near(run.pl_mean, (0.99 * 2.0 + 0.01 * length.mean()).detach(), 1e-6)
    assert not run.pl_mean.requires_grad


# Draws


def test_draws_depend_on_the_phase_and_the_step_and_nothing_else() -> None:
    run, again = small_run(labels=3), small_run(labels=3)
    seen: set[float] = set()
    for step in range(3):
        run.step = again.step = step
        for phase in ("G", "D", "PL"):
            z = draw_latents(run, phase).z
            torch.rand(1)
            assert torch.equal(z, draw_latents(again, phase).z)
            seen.add(z[0, 0].item())
    assert len(seen) == 9


def draws(run: Run, count: int) -> Iterator[Any]:
    for step in range(count):
        run.step = step
        yield draw_latents(run, "G")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 1.0])
def test_styles_are_mixed_in_the_wanted_share_of_steps(share: float) -> None:
    mixed = sum(latents.mix is not None for latents in draws(small_run(style_mixing=share), 1000))
    assert abs(mixed / 1000 - share) <= 4 * math.sqrt(share * (1 - share) / 1000)


def test_styles_change_at_every_layer_but_the_first_equally_often() -> None:
    run = small_run(shape=(1, 16, 16))
    count = Counter(latents.cutoff for latents in draws(run, 1000))
    assert run.G.num_ws == 6
    assert count.keys() == {1, 2, 3, 4, 5}
    assert all(abs(n - 200) < 60 for n in count.values())


def test_mixed_images_have_coarse_styles_of_one_latent_and_fine_ones_of_another() -> None:
    run = small_run(style_mixing=1.0)
    latents = draw_latents(run, "G")._replace(cutoff=3)
    _, ws = paint(run, latents)
    assert torch.equal(ws[:, :3], run.G.mapping(latents.z)[:, :3])
    assert torch.equal(ws[:, 3:], run.G.mapping(latents.mix)[:, 3:])
    assert not torch.equal(latents.z, latents.mix)


def test_labels_of_fakes_come_from_the_data_as_often_as_there() -> None:
    run = small_run(labels=2)
    run.label_table = torch.tensor([[1.0, 0.0], [0.5, 0.25], [0.5, 0.25], [0.5, 0.25]])
    count: Counter[tuple[float, ...]] = Counter()
    for latents in draws(run, 300):
        count.update(tuple(row) for row in latents.c.tolist())
    assert count.keys() == {(1.0, 0.0), (0.5, 0.25)}
    assert abs(count[1.0, 0.0] / count.total() - 0.25) < 0.05


def test_labels_reach_both_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    run = small_run(labels=3)
    got: list[Tensor] = []
    for network in (run.G.mapping, run.D):
        forward = network.forward

        def spy(x: Tensor, c: Tensor, *, forward: Any = forward, **options: Any) -> Tensor:
            got.append(c)
            return forward(x, c, **options)

        monkeypatch.setattr(network, "forward", spy)
    real = reals(run)
    penalty_step(run, real, {})
    assert torch.equal(got[-1], real.labels)
    got.clear()
    generator_step(run, real, {})
    wanted = draw_latents(run, "G").c
    assert len(got) >= 2
    assert all(torch.equal(c, wanted) for c in got)
