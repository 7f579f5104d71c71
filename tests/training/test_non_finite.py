"""A training that leaves the finite numbers stops, and says when, where, and what is still good."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import allaprima
from allaprima.errors import NonFiniteError
from allaprima.training import open_session
from allaprima.training.run import Run
from allaprima.training.state import same
from allaprima.training.step import discriminator_step, generator_step, path_length_step, penalty_step
from tests.training.small import CPU, lasting_files, small_run, tiny, train
from tests.training.test_step import reals


def poison(role: str, at_step: int, value: float = math.nan) -> Callable[[Run], None]:
    """Spoil one weight after a step."""

    def spoil(run: Run) -> None:
        if run.step == at_step:
            next(getattr(run, role).parameters()).data.view(-1)[0] = value

    return spoil


@pytest.mark.parametrize(("role", "value"), [("G", math.nan), ("G", math.inf), ("D", math.nan)])
def test_it_names_the_step_the_tensor_and_the_last_good_snapshot(
    role: str, value: float, data: Path, whole: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    with pytest.raises(NonFiniteError) as error:
        train(data, path, tiny(), on_step=poison(role, 5, value))
    text = str(error.value)
    assert "\n" not in text
    found = re.fullmatch(
        r"the gradient of (\S+) is not finite at step 5 \(20 images seen\); the last good snapshot is (\S+)", text
    )
    assert found, text
    network, _, tensor = found[1].partition(".")
    assert tensor in dict(getattr(small_run(), network).named_parameters())
    assert Path(found[2]) == path / "snapshots/network-snapshot-000000.safetensors"

    G = allaprima.load(found[2])
    assert all(torch.isfinite(p).all() for p in G.parameters())
    session = open_session(data, path, None, device=CPU)
    assert session.run.step == 4
    assert all(torch.isfinite(p).all() for net in (session.run.G, session.run.D) for p in net.parameters())
    train(data, path, None)
    assert lasting_files(path) == lasting_files(whole)


def test_without_a_snapshot_it_says_so(data: Path, tmp_path: Path) -> None:
    with pytest.raises(NonFiniteError, match=r"at step 1 .*; the last good snapshot is none yet"):
        train(data, tmp_path / "run", tiny(), on_step=poison("G", 1))


LOSSES: dict[str, tuple[str, str, Callable[[Run], None]]] = {
    "generator": ("generator", "G", lambda run: generator_step(run, reals(run), {})),
    "path length": ("path_length_penalty", "G", lambda run: path_length_step(run, {})),
    "discriminator": ("discriminator", "D", lambda run: discriminator_step(run, reals(run), {})),
    "r1": ("penalty_term", "D", lambda run: penalty_step(run, reals(run), {})),
}


@pytest.mark.parametrize("phase", LOSSES)
@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda loss: loss + math.nan, "the loss of"),
        (lambda loss: loss + math.inf, "the loss of"),
        (lambda loss: loss * math.nan, "the gradient of"),
        (lambda loss: loss * 1e30, "the (norm of the )?gradient of"),
    ],
)
def test_no_weight_moves_along_what_is_not_finite(
    spoil: Callable[[Tensor], Tensor], what: str, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import allaprima.training.step as steps

    loss, role, descend = LOSSES[phase]
    game = steps.ADVERSARIAL["nonsaturating"]
    original = getattr(game, loss) if loss == phase else getattr(steps, loss)

    def spoilt(*arguments: Any) -> Tensor | tuple[Tensor, Tensor]:
        result = original(*arguments)
        return (spoil(result[0]), result[1]) if isinstance(result, tuple) else spoil(result)

    if loss == phase:
        monkeypatch.setitem(steps.ADVERSARIAL, "nonsaturating", game._replace(**{loss: spoilt}))
    else:
        monkeypatch.setattr(steps, loss, spoilt)
    run = small_run(labels=2)
    before = {name: p.detach().clone() for name, p in getattr(run, role).named_parameters()}
    with pytest.raises(NonFiniteError, match=rf"^{what} {role}[. ].*is not finite at step 0 \(0 images seen\)$"):
        descend(run)
    assert all(torch.equal(p, before[name]) for name, p in getattr(run, role).named_parameters())
    assert not run.G_optimizer.state
    assert not run.D_optimizer.state


def test_finite_numbers_go_on() -> None:
    run, other = small_run(), small_run()
    generator_step(run, reals(run), {})
    assert not same(run, other)
