"""Recomputed activations: the same numbers to the last bit, less memory."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from allaprima.models.checkpointing import set_checkpointing, through
from allaprima.training.run import Run
from allaprima.training.step import train_step
from tests.training.small import batch_for, small_run
from tests.training.test_step import PHASES

ORIG = {"g_architecture": "orig", "d_architecture": "orig"}
SYSTEMS: dict[str, dict[str, Any]] = {
    "stylegan2": {"pl_weight": 2.0},
    "stylegan2 resnet": {"pl_weight": 2.0, "g_architecture": "resnet", "d_architecture": "skip"},
    "stylegan2 orig, growing": {"pl_weight": 2.0, **ORIG, "growing": True, "lod_initial_resolution": 16},
    "stylegan3-t": {"system": "stylegan3-t"},
    "stylegan3-r": {"system": "stylegan3-r", "cmax": 4},
    "stylegan": {"system": "stylegan", "growing": True, "lod_initial_resolution": 16},
    "progan": {"system": "progan", "growing": True, "loss": "wasserstein", "penalty": "wgan-gp"},
    "r3gan": {"system": "r3gan", "cardinality": 2, "loss": "relativistic", "penalty": "r1+r2"},
}
each_system = pytest.mark.parametrize("system", SYSTEMS)


def run_of(system: str, *, on: bool) -> Run:
    run = small_run(shape=(3, 16, 16), **{"pl_weight": 0.0, **SYSTEMS[system]}, checkpointing=on)
    for name, parameter in run.G.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.5)
    return run


def gradients(system: str, phase: str, *, on: bool) -> dict[str, Tensor]:
    run = run_of(system, on=on)
    PHASES[phase](run, {})
    named = [*run.G.named_parameters(prefix="G"), *run.D.named_parameters(prefix="D")]
    return {name: p.grad for name, p in named if p.grad is not None}


@pytest.mark.parametrize("phase", PHASES)
@each_system
def test_gradients_and_second_gradients_are_equal_to_the_last_bit(system: str, phase: str) -> None:
    if phase == "path length" and not SYSTEMS[system].get("pl_weight"):
        pytest.skip("this system has no path length step here")
    with_it, without = gradients(system, phase, on=True), gradients(system, phase, on=False)
    assert with_it.keys() == without.keys()
    assert not [name for name, gradient in with_it.items() if not torch.equal(gradient, without[name])]


@pytest.mark.parametrize("system", ["stylegan2", "r3gan"])
def test_whole_iterations_are_equal_to_the_last_bit(system: str) -> None:
    runs = [run_of(system, on=on) for on in (True, False)]
    for _ in range(2):
        for run in runs:
            train_step(run, *batch_for(run))
    for role in ("G", "D", "G_ema"):
        states = [getattr(run, role).state_dict() for run in runs]
        assert all(torch.equal(value, states[1][name]) for name, value in states[0].items()), role


def kept_bytes(run: Run, network: nn.Module, *inputs: Tensor, **options: Any) -> int:
    """Bytes of activations that are kept for the backward pass of one call."""
    own = {p.untyped_storage().data_ptr() for n in (run.G, run.D) for p in (*n.parameters(), *n.buffers())}
    kept: dict[int, int] = {}

    def pack(x: Tensor) -> Tensor:
        storage = x.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        y = network(*inputs, **options)
    assert y.requires_grad
    return sum(kept.values())


@each_system
def test_a_generator_keeps_much_less(system: str) -> None:
    sizes = []
    for on in (True, False):
        run = run_of(system, on=on)
        ws = run.G.mapping(torch.randn(4, run.G.z_dim))
        sizes.append(kept_bytes(run, run.G.synthesis, ws))
    assert sizes[0] < 0.65 * sizes[1]


@each_system
def test_a_discriminator_keeps_much_less(system: str) -> None:
    sizes = []
    for on in (True, False):
        run = run_of(system, on=on)
        sizes.append(kept_bytes(run, run.D, torch.randn(4, 3, 16, 16)))
    assert sizes[0] < 0.65 * sizes[1]


@pytest.mark.parametrize("kind", ["global", "one", "many"])
def test_noise_is_drawn_again_and_the_generators_stand_where_they_stood(kind: str) -> None:
    def noisy(x: Tensor) -> Tensor:
        noise = torch.stack([torch.randn(4, generator=g) for g in sources])
        drawn.append(noise)
        return (x * noise).exp()

    torch.manual_seed(3)
    generators = {"global": None, "one": torch.Generator(), "many": [torch.Generator() for _ in range(2)]}[kind]
    sources = generators if isinstance(generators, list) else [generators, generators]
    drawn: list[Tensor] = []
    x = torch.ones(2, 4, requires_grad=True)
    y = through(noisy, x, recompute=True, generators=generators)
    after = [torch.get_rng_state() if g is None else g.get_state() for g in sources]
    y.sum().backward()
    assert len(drawn) == 2
    assert torch.equal(*drawn)
    assert all(
        torch.equal(s, torch.get_rng_state() if g is None else g.get_state())
        for s, g in zip(after, sources, strict=True)
    )


def test_without_gradients_nothing_is_done_twice() -> None:
    def counted(x: Tensor) -> Tensor:
        calls.append(1)
        return x

    calls: list[int] = []
    with torch.no_grad():
        through(counted, torch.ones(1), recompute=True)
    assert calls == [1]


def test_a_network_that_cannot_says_so() -> None:
    assert not set_checkpointing(nn.Linear(2, 2), True)
