"""A training that diverges goes back, slower; and the four states of health, each provoked in a real training."""

import math
from pathlib import Path

import pytest
import torch

from allaprima.errors import NonFiniteError
from allaprima.training import Recipe, fit, open_session
from allaprima.training.health import Verdict
from allaprima.training.run import Run
from tests.training.small import CPU, make_data, tiny, train


def poison(run: Run) -> None:
    next(run.G.parameters()).data.view(-1)[0] = math.nan


def test_it_goes_back_to_the_last_good_snapshot_with_half_the_rates(data: Path, tmp_path: Path) -> None:
    session = open_session(data, tmp_path / "run", tiny(kimg=0.064), device=CPU)
    poisoned = []

    def spoil(run: Run) -> None:
        if run.step == 5 and not poisoned:
            poisoned.append(run.step)
            poison(run)

    reports = list(fit(session, on_divergence="rollback", on_step=spoil))
    (back,) = (report for report in reports if report.went_back)
    assert back.kimg == 0.016, "the snapshot of tick 2, after 4 steps"
    run = session.run
    assert (run.images_seen, run.slowdown, run.rollbacks) == (64, 0.5, 1)
    assert run.G_optimizer.param_groups[0]["lr"] == pytest.approx(run.recipe.glr * 0.5 * 3 / 4)
    kimgs = [report.kimg for report in reports if not report.went_back]
    assert kimgs == [0.008, 0.016, 0.024, 0.032, 0.04, 0.048, 0.056, 0.064]
    assert "back to 0.016 kimg with 0.5 times the rates" in (tmp_path / "run/log.txt").read_text()
    assert all(torch.isfinite(p).all() for p in run.G.parameters())


def test_what_it_went_back_to_is_resumed(data: Path, tmp_path: Path) -> None:
    session = open_session(data, tmp_path / "run", tiny(), device=CPU)
    stop = []

    def spoil(run: Run) -> None:
        if run.step == 5 and not stop:
            stop.append(True)
            poison(run)

    for report in fit(session, on_divergence="rollback", on_step=spoil):
        if report.went_back:
            break
    del session
    run = open_session(data, tmp_path / "run", None, device=CPU).run
    assert (run.images_seen, run.slowdown, run.rollbacks) == (16, 0.5, 1)


def test_before_the_first_snapshot_it_goes_back_to_the_beginning(data: Path, tmp_path: Path) -> None:
    session = open_session(data, tmp_path / "run", tiny(kimg=0.008), device=CPU)
    done = []

    def spoil(run: Run) -> None:
        if not done:
            done.append(True)
            poison(run)

    reports = list(fit(session, on_divergence="rollback", on_step=spoil))
    assert [report.kimg for report in reports] == [0, 0.008]


def test_a_run_that_was_begun_without_can_go_back_to_where_it_goes_on(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "run", tiny(), stop_at=3)
    session = open_session(data, tmp_path / "run", None, device=CPU)
    done = []

    def spoil(run: Run) -> None:
        if not done:
            done.append(True)
            poison(run)

    reports = list(fit(session, on_divergence="rollback", on_step=spoil))
    assert next(report for report in reports if report.went_back).kimg == 0.012
    assert session.run.images_seen == 32


def test_it_gives_up_in_the_end(data: Path, tmp_path: Path) -> None:
    session = open_session(data, tmp_path / "run", tiny(), device=CPU)
    with pytest.raises(
        NonFiniteError, match=r"is not finite .*\(after going back 3 times\); the last good snapshot is"
    ):
        list(fit(session, on_divergence="rollback", on_step=lambda run: poison(run) if run.step == 5 else None))


# Health


def last_verdict(data: Path, path: Path, recipe: Recipe) -> Verdict:
    session = open_session(data, path, recipe, device=CPU)
    verdicts = [report.verdict for report in fit(session)]
    assert verdicts[-1] is not None
    return verdicts[-1]


@pytest.fixture(scope="module")
def shades(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty images of one noise each."""
    return make_data(tmp_path_factory.mktemp("shades") / "set.zip", (8, 8, 1), count=60)


@pytest.fixture(autouse=True)
def _no_youth(monkeypatch: pytest.MonkeyPatch) -> None:
    """These trainings see hundreds of images, where real ones are young for 10,000."""
    monkeypatch.setattr("allaprima.training.health.EARLY_KIMG", 0.3)


ALIVE = {"batch": 8, "mbstd_group": 4, "tick": 0.08, "snap": 1000, "pl_weight": 0.0, "ema_kimg": 0.01, "cbase": 256}


def test_a_training_in_balance_is_healthy(shades: Path, tmp_path: Path) -> None:
    recipe = tiny(**{**ALIVE, "kimg": 0.8, "dlr": 0.0005, "glr": 0.001})
    assert last_verdict(shades, tmp_path / "run", recipe).condition == "healthy"


def test_a_discriminator_that_learns_few_images_by_heart_is_overfitting(tmp_path: Path) -> None:
    data = make_data(tmp_path / "set.zip", (8, 8, 1), count=40)
    recipe = tiny(**{**ALIVE, "kimg": 0.8, "dlr": 0.01, "glr": 0.00001, "gamma": 0.0, "cmax": 16})
    verdict = last_verdict(data, tmp_path / "run", recipe)
    assert verdict.condition == "overfitting"
    assert "--set" in verdict.remedy


def test_a_generator_that_runs_after_a_slow_discriminator_collapses(shades: Path, tmp_path: Path) -> None:
    without_defences = {"mbstd_group": 1, "noise": False, "gamma": 0.1}
    recipe = tiny(**{**ALIVE, "kimg": 3.0, "tick": 0.2, "dlr": 0.001, "glr": 0.01, **without_defences})
    verdict = last_verdict(shades, tmp_path / "run", recipe)
    assert verdict.condition == "collapsing"
    assert "--set" in verdict.remedy


def test_a_wasserstein_critic_without_a_penalty_diverges(shades: Path, tmp_path: Path) -> None:
    recipe = tiny(**{**ALIVE, "kimg": 0.8, "dlr": 0.02, "glr": 0.001, "gamma": 0.0, "loss": "wasserstein"})
    try:
        verdict = last_verdict(shades, tmp_path / "run", recipe)
    except NonFiniteError:
        pytest.fail("it left the finite numbers before it was seen")
    assert verdict.condition == "diverging"
    assert "--set" in verdict.remedy
