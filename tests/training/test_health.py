"""Health: each condition is seen where it was made, and nothing is seen where there is nothing."""

import dataclasses
import math
import re
from typing import Any

import pytest

from allaprima.training import Recipe, with_overrides
from allaprima.training.health import (
    EARLY_KIMG,
    EXPLODED,
    PATIENCE_KIMG,
    RECENT,
    Verdict,
    Vitals,
    examine,
    memorised_share,
)

WELL = Vitals(
    kimg=0.0,
    sign_real=0.6,
    sign_fake=-0.75,
    score_real=1.1,
    score_fake=-1.2,
    score_held_out=1.0,
    strength=0.2,
    strength_cap=0.8,
    gradient_G=0.5,
    gradient_D=2.0,
    diversity=0.9,
)
FIELD = re.compile(r"--set (\w+)=(\S+)")


def ticks(count: int, *, since: float = 0.0, **changes: Any) -> list[Vitals]:
    """Ticks of a thousand images each, well but for what is changed."""
    return [dataclasses.replace(WELL, kimg=since + i + 1, **changes) for i in range(count)]


def turn(before: int = 20, after: int = RECENT, without: tuple[str, ...] = (), **changes: Any) -> list[Vitals]:
    """A training that was well, until something changed; what it is ``without`` was never measured."""
    never: dict[str, Any] = dict.fromkeys(without)
    return ticks(before, **never) + ticks(after, since=before, **{**changes, **never})


def grown(name: str, share: float) -> list[Vitals]:
    """A training in which a number grew to a share of what counts as exploded."""
    changes: dict[str, Any] = {name: share * EXPLODED * getattr(WELL, name)}
    return turn(**changes)


def assert_speaks(verdict: Verdict, *fields: str) -> None:
    """One sentence each; the reason has a number, the remedy these fields of a recipe."""
    assert re.search(r"\d|nan|inf", verdict.reason)
    assert not verdict.reason.endswith(".")
    assert "\n" not in verdict.reason + verdict.remedy
    found = dict(FIELD.findall(verdict.remedy))
    assert tuple(found) == fields
    known = {field.name for field in dataclasses.fields(Recipe)}
    assert set(found) <= known | {"aug", "p_max", "loss", "penalty"}
    with_overrides(Recipe(), [f"{name}={value}" for name, value in found.items() if name in known])


@pytest.mark.parametrize("augmented", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 200])
def test_a_healthy_training_is_let_alone(count: int, augmented: bool) -> None:
    verdict = examine(ticks(count), augmented=augmented)
    assert verdict.condition == "healthy"
    assert "--set" not in verdict.remedy
    assert re.search(r"\d", verdict.reason)


@pytest.mark.parametrize("count", [1, 3, 50])
def test_where_nothing_was_measured_nothing_is_said(count: int) -> None:
    verdict = examine([Vitals(kimg=i + 1.0) for i in range(count)], augmented=False)
    assert (verdict.condition, verdict.reason) == ("healthy", f"too early to tell after {count} ticks")


@pytest.mark.parametrize("name", ["score_real", "score_fake", "gradient_G", "gradient_D", "diversity"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_divergence_at_once(name: str, value: float) -> None:
    verdict = examine(turn(after=1, **dict[str, Any]({name: value})), augmented=True)
    assert verdict.condition == "diverging"
    assert name in verdict.reason
    assert_speaks(verdict, "glr", "dlr")


@pytest.mark.parametrize("name", ["gradient_G", "gradient_D"])
def test_gradients_that_explode_are_divergence(name: str) -> None:
    verdict = examine(grown(name, 1.1), augmented=True)
    assert verdict.condition == "diverging"
    assert "33-fold" in verdict.reason
    assert_speaks(verdict, "glr", "dlr")
    assert examine(grown(name, 0.9), augmented=True).condition == "healthy"


@pytest.mark.parametrize("name", ["score_real", "score_fake"])
def test_scores_out_of_bounds_are_divergence_from_the_third_tick(name: str) -> None:
    verdict = examine(ticks(3, **{name: -150.0}), augmented=True)
    assert verdict.condition == "diverging"
    assert "150" in verdict.reason
    assert_speaks(verdict, "gamma")
    assert examine(ticks(2, **{name: -150.0}), augmented=True).condition == "healthy"
    assert examine(ticks(3, **{name: -25.0}), augmented=True).condition == "healthy"


def test_scores_that_explode_are_divergence_before_they_are_out_of_bounds() -> None:
    assert examine(turn(score_fake=-50.0), augmented=True).condition == "diverging"


def test_scores_that_come_from_nearly_zero_do_not_explode() -> None:
    history = ticks(20, score_fake=-0.01) + ticks(RECENT, since=20, score_fake=-1.5)
    assert examine(history, augmented=True).condition == "healthy"


@pytest.mark.parametrize(
    "spike",
    [{"gradient_G": 1e9}, {"score_real": 500.0}, {"diversity": 0.0}, {"sign_real": 1.0}, {"score_held_out": -9.0}],
)
@pytest.mark.parametrize("place", [0, 2, 20, 24])
def test_one_odd_tick_is_no_alarm(spike: dict[str, Any], place: int) -> None:
    history = ticks(25)
    history[place] = dataclasses.replace(history[place], **spike)
    assert examine(history, augmented=False).condition == "healthy"
    assert examine(history[: place + 1], augmented=False).condition == "healthy"


def test_gradients_may_grow_with_the_training() -> None:
    history = [dataclasses.replace(WELL, kimg=i + 1.0, gradient_D=0.1 * (i + 1)) for i in range(300)]
    assert {examine(history[:n], augmented=True).condition for n in range(300)} == {"healthy"}


def test_diversity_that_falls_is_collapse() -> None:
    verdict = examine(turn(diversity=0.3), augmented=True)
    assert verdict.condition == "collapsing"
    assert "0.30" in verdict.reason
    assert "0.90" in verdict.reason
    assert_speaks(verdict, "loss", "penalty")
    assert "loss=relativistic" in verdict.remedy
    assert "penalty=r1+r2" in verdict.remedy


def test_a_third_of_the_best_diversity_lost_is_collapse_although_it_is_not_low() -> None:
    history = ticks(20, diversity=0.95) + ticks(RECENT, since=20, diversity=0.6)
    assert examine(history, augmented=True).condition == "collapsing"
    history = ticks(20, diversity=0.95) + ticks(RECENT, since=20, diversity=0.7)
    assert examine(history, augmented=True).condition == "healthy"


def test_wild_colours_of_a_young_network_are_no_diversity_to_be_lost() -> None:
    history = ticks(20, diversity=8.0) + ticks(RECENT, since=20, diversity=0.9)
    assert examine(history, augmented=True).condition == "healthy"


def test_low_diversity_is_collapse_although_it_was_never_high() -> None:
    history = ticks(20, diversity=0.6) + ticks(RECENT, since=20, diversity=0.33)
    assert examine(history, augmented=True).condition == "collapsing"
    history = ticks(20, diversity=0.45) + ticks(RECENT, since=20, diversity=0.33)
    assert examine(history, augmented=True).condition == "healthy"


def test_a_collapse_goes_on_being_one() -> None:
    assert examine(turn(after=500, diversity=0.1), augmented=True).condition == "collapsing"


def test_low_diversity_is_no_collapse_before_it_ever_rose() -> None:
    history = ticks(int(PATIENCE_KIMG), diversity=0.1)
    assert {examine(history[:n], augmented=True).condition for n in range(len(history))} == {"healthy"}
    late = examine(ticks(int(PATIENCE_KIMG) + 1, diversity=0.1), augmented=True)
    assert late.condition == "collapsing"
    assert "0.10" in late.reason


def test_the_diversity_of_untrained_networks_is_no_best_one() -> None:
    early = int(EARLY_KIMG)
    history = ticks(early, diversity=2.0) + ticks(30, since=early, diversity=0.2)
    assert examine(history, augmented=True).condition == "healthy"
    history = ticks(early + RECENT, diversity=2.0) + ticks(30, since=early + RECENT, diversity=0.2)
    assert examine(history, augmented=True).condition == "collapsing"


def test_after_the_relativistic_loss_the_remedy_is_its_penalty() -> None:
    settings = {"loss": "relativistic", "gamma": 0.5, "glr": None}
    verdict = examine(turn(diversity=0.1), augmented=True, settings=settings)
    assert_speaks(verdict, "gamma")
    assert "gamma=2" in verdict.remedy


def test_memorised_share_is_equation_1() -> None:
    assert memorised_share(ticks(5, score_real=2.0, score_held_out=0.5, score_fake=-1.0)) == pytest.approx(0.5)
    assert memorised_share(ticks(5, score_real=2.0, score_held_out=2.0, score_fake=-1.0)) == 0
    assert memorised_share(ticks(5, score_real=2.0, score_held_out=-1.0, score_fake=-1.0)) == 1
    assert memorised_share(ticks(5, score_real=0.1, score_held_out=-0.1, score_fake=-0.1)) is None
    assert memorised_share(ticks(5, score_held_out=None)) is None


@pytest.mark.parametrize(
    ("changes", "augmented", "fields"),
    [
        ({"without": ("strength", "strength_cap")}, False, ("aug",)),
        ({"strength": 0.6, "strength_cap": 0.6}, True, ("p_max",)),
        ({"strength": 0.8, "strength_cap": 0.8}, True, ("gamma",)),
        ({"strength": 0.3, "strength_cap": 0.8}, True, ()),
        ({"without": ("strength", "strength_cap")}, True, ("gamma",)),
    ],
)
def test_what_held_out_images_show_is_overfitting(
    changes: dict[str, Any], augmented: bool, fields: tuple[str, ...]
) -> None:
    verdict = examine(turn(score_real=2.0, score_held_out=-0.5, **changes), augmented=augmented)
    assert verdict.condition == "overfitting"
    assert re.search(r"r_v is 0\.7[0-9]", verdict.reason)
    assert_speaks(verdict, *fields)


def test_a_little_overfitting_is_none() -> None:
    assert examine(turn(score_real=2.0, score_held_out=0.5), augmented=False).condition == "healthy"


def test_certainty_about_reals_counts_without_held_out_images() -> None:
    sure: dict[str, Any] = {"sign_real": 0.93, "without": ("score_held_out",)}
    verdict = examine(turn(**sure), augmented=False)
    assert verdict.condition == "overfitting"
    assert "0.93" in verdict.reason
    assert_speaks(verdict, "aug")
    at_cap = examine(turn(**sure, strength=0.5, strength_cap=0.5), augmented=True)
    assert at_cap.condition == "overfitting"
    assert_speaks(at_cap, "p_max")


@pytest.mark.parametrize(
    ("changes", "augmented"),
    [
        ({"sign_real": 0.93}, False),  # held-out images say that all is well
        ({"sign_real": 0.93, "without": ("score_held_out",)}, True),  # the augmentation has room
        ({"sign_real": 0.93, "without": ("score_held_out", "strength")}, True),
        ({"sign_real": 0.99, "without": ("score_held_out",), "sign_fake": 0.9}, False),  # logits without a zero
        ({"sign_real": 0.85, "without": ("score_held_out",)}, False),
    ],
)
def test_certainty_about_reals_alone_is_not_overfitting(changes: dict[str, Any], augmented: bool) -> None:
    assert examine(turn(**changes), augmented=augmented).condition == "healthy"


@pytest.mark.parametrize(("augmented", "fields"), [(True, ("dlr", "gamma")), (False, ("aug", "dlr", "gamma"))])
def test_a_discriminator_that_always_wins_is_named(augmented: bool, fields: tuple[str, ...]) -> None:
    wins: dict[str, Any] = {"sign_real": 0.99, "sign_fake": -0.98}
    verdict = examine(turn(**wins), augmented=augmented, settings={"dlr": 0.002, "gamma": 3})
    assert verdict.condition == "overfitting"
    assert "tells all images apart" in verdict.reason
    assert_speaks(verdict, *fields)
    assert "--set dlr=0.001 --set gamma=12" in verdict.remedy


def test_at_its_beginning_a_discriminator_may_win() -> None:
    wins: dict[str, Any] = {"sign_real": 0.99, "sign_fake": -0.99}
    early = int(EARLY_KIMG)
    history = ticks(early, **wins, score_held_out=None) + ticks(20, since=early, score_held_out=None)
    assert {examine(history[:n], augmented=False).condition for n in range(len(history))} == {"healthy"}
    short = [dataclasses.replace(vitals, kimg=vitals.kimg / 100) for vitals in ticks(500, **wins)]
    assert examine(short, augmented=False).condition == "healthy"


def test_the_worst_condition_is_named_first() -> None:
    history = turn(diversity=0.1, sign_real=1.0, sign_fake=-1.0, gradient_D=1e6)
    assert examine(history, augmented=False).condition == "diverging"
    history = turn(diversity=0.1, sign_real=1.0, sign_fake=-1.0)
    assert examine(history, augmented=False).condition == "collapsing"
