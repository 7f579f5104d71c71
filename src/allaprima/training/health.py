"""Is a training well? A verdict from what is cheap to measure at every tick.

Each condition has one function that gives a `Verdict`, or None if it sees nothing of the kind. What it looks at is the
median of the last ticks that measured it, so that one odd tick changes nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import Literal, NamedTuple

Condition = Literal["healthy", "overfitting", "collapsing", "diverging"]
Settings = Mapping[str, object]

RECENT = 5
"""Ticks that a median is taken over: two of them may be odd."""

LEAST = 3
"""Ticks that must have measured a number before it is judged: of fewer, one odd tick can be the median."""

EARLY = 5
"""First ticks, which later ones are not compared with: numbers leap before the networks have learned anything."""

EARLY_KIMG = 10.0
"""The same in thousands of images, for short ticks: a healthy training of ours went from 0.95 as diverse as the data
(noise of an untrained network) to 0.49 (grey blobs) at 5 kimg, and to 0.82 at 13."""

EXPLODED = 30.0
"""Times the median of earlier ticks; in a healthy training of ours gradients grew 6-fold, early."""

LARGE_SCORE = 100.0
"""A logit whose probability is 0 or 1 even in float64; those of healthy trainings are seldom beyond 5."""

LOW_DIVERSITY = 0.45
"""Fakes that differ this little from each other, as a share of how reals do: whole modes are missing. Two collapsed
trainings of ours on stacked digits, all of whose images were one, had 0.35 to 0.43; healthy ones 0.58 to 1.3."""

RISEN = 0.5
"""Diversity that a training must have had before a low one is a fall."""

FALL = 0.65
"""Share of its best diversity that a training may fall to. Twelve trainings of ours that kept their modes never had
less than 0.75; of four that lost them three came down to 0.56 to 0.63, and the fourth had little from the beginning."""

PATIENCE_KIMG = 100.0
"""From here on a diversity that never rose is no early training any more."""

OVERFITTED = 0.5
"""r_v of half-way: new images look to D as much like fakes as like the images that it was trained on."""

SEPARATION = 0.5
"""Logits between reals and fakes from which on r_v is no quotient of two noises; trainings of ours had 1.3 to 7."""

CERTAIN_OF_REALS = 0.9
"""r_t at which reals are hardly ever doubted; ADA holds it at 0.6 (StyleGAN2-ADA, section 3.1)."""

CERTAIN_OF_ALL = 0.95
"""Mean sign of reals, and of fakes the other way, at which D errs in one image of forty."""

AT_CAP = 0.98
"""Share of ADA's cap that counts as the cap."""

LEAKY = 0.8
"""Strength beyond which augmentations show up in the generated images (StyleGAN2-ADA, section 2.2)."""

TYPICAL: Settings = {"glr": 0.0025, "dlr": 0.0025, "gamma": 1.0}
"""What a remedy is reckoned from if the recipe is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What one tick of a training measured; None for what it did not.

    Attributes:
        kimg: Thousands of images seen at its end.
        sign_real: Mean sign of the discriminator's logits for training images, as it sees them (r_t of ADA).
        sign_fake: The same for generated images.
        score_real: Mean logit of training images.
        score_fake: Mean logit of generated images.
        score_held_out: Mean logit of real images that are never trained on.
        strength: Strength p of the augmentation.
        strength_cap: What p may at most become.
        gradient_G: Norm of the generator's gradient.
        gradient_D: Norm of the discriminator's gradient.
        diversity: Mean distance between fakes of a fixed batch over that between reals: 1 is as diverse as the data.
    """

    kimg: float
    sign_real: float | None = None
    sign_fake: float | None = None
    score_real: float | None = None
    score_fake: float | None = None
    score_held_out: float | None = None
    strength: float | None = None
    strength_cap: float | None = None
    gradient_G: float | None = None
    gradient_D: float | None = None
    diversity: float | None = None


class Verdict(NamedTuple):
    """What is the matter with a training, why we think so, and what may help."""

    condition: Condition
    reason: str
    remedy: str


def examine(history: Sequence[Vitals], *, augmented: bool, settings: Settings = TYPICAL) -> Verdict:
    """Judge a training by its ticks so far, the worst condition first.

    Args:
        history: All ticks, the oldest first.
        augmented: Whether the discriminator sees augmented images.
        settings: Fields of the recipe, which the values of a remedy are reckoned from.
    """
    settings = {**TYPICAL, **{name: value for name, value in settings.items() if value is not None}}
    return (
        diverging(history, settings)
        or collapsing(history, settings)
        or overfitting(history, augmented, settings)
        or healthy(history)
    )


def diverging(history: Sequence[Vitals], settings: Settings) -> Verdict | None:
    """Numbers that are none, logits out of all bounds, gradients or logits far beyond what they were."""
    slower = f"start anew, slower: {halved('glr', settings)} {halved('dlr', settings)}"
    if history and (name := not_finite(history[-1])):
        reason = f"{name} is {getattr(history[-1], name)} at {history[-1].kimg:g} kimg"
        return Verdict("diverging", reason, f"go back to a snapshot from before that, or {slower}")
    for name in ("score_real", "score_fake"):
        now = recent(history, name, absolute=True)
        if now is not None and now > LARGE_SCORE:
            reason = f"{name} is about {now:.0f} in size, where a few logits are usual"
            return Verdict("diverging", reason, f"hold the discriminator down: {raised_gamma(settings)}")
    for name, floor in (("gradient_G", 0.0), ("gradient_D", 0.0), ("score_real", 1.0), ("score_fake", 1.0)):
        values = series(history, name, absolute=True)
        if len(values) < RECENT + EARLY:
            continue
        now, before = median(values[-RECENT:]), max(median(values[:-RECENT]), floor)
        if now > EXPLODED * before > 0:
            return Verdict("diverging", f"{name} grew {now / before:.0f}-fold, from about {before:.3g}", slower)
    return None


def collapsing(history: Sequence[Vitals], settings: Settings) -> Verdict | None:
    """Fakes that become alike. Young trainings begin so: that is no collapse until they have been better."""
    values = series(history, "diversity")
    if len(values) < LEAST:
        return None
    now = median(values[-RECENT:])
    grown = series(adult(history), "diversity")
    best = max((median(grown[i : i + RECENT]) for i in range(len(grown) - RECENT + 1)), default=0.0)
    best = min(best, 1.0)  # wild colours of a young network are far more diverse than any data; losing them is no fall
    if (best >= RISEN and now < LOW_DIVERSITY) or now < FALL * best:
        reason = f"the fakes are {now:.2f} times as diverse as the reals, and were {best:.2f} times"
    elif best < LOW_DIVERSITY and now < LOW_DIVERSITY and history[-1].kimg > PATIENCE_KIMG:
        reason = f"the fakes are still only {now:.2f} times as diverse as the reals, after {history[-1].kimg:g} kimg"
    else:
        return None
    if settings.get("loss") == "relativistic":
        return Verdict("collapsing", reason, f"start anew with a smoother discriminator: {raised_gamma(settings)}")
    remedy = "start anew with the loss that collapses least: --set loss=relativistic --set penalty=r1+r2"
    return Verdict("collapsing", reason, remedy)


def overfitting(history: Sequence[Vitals], augmented: bool, settings: Settings) -> Verdict | None:
    """A discriminator that knows its images by heart, or that no fake can deceive any more."""
    share = memorised_share(history)
    real, fake = recent(history, "sign_real"), recent(history, "sign_fake")
    if share is not None and share > OVERFITTED:
        reason = f"the discriminator knows its training images by heart: r_v is {share:.2f}, where 0 is not at all"
        return Verdict("overfitting", reason, less_overfitting(history, augmented, settings))
    if wins_always(history):
        reason = f"the discriminator tells all images apart: their mean signs are {real:.2f} and {fake:.2f}"
        weaker = f"{halved('dlr', settings)} {raised_gamma(settings)}"
        remedy = f"start anew with a weaker discriminator: {'' if augmented else '--set aug=ada '}{weaker}"
        return Verdict("overfitting", reason, remedy)
    if share is None and never_doubts(history) and (is_at_cap(history) or not augmented):
        why = "although the augmentation is at its cap" if augmented else "and there is no augmentation"
        reason = f"the discriminator hardly ever doubts a training image: their mean sign is {real:.2f}, {why}"
        return Verdict("overfitting", reason, less_overfitting(history, augmented, settings))
    return None


def healthy(history: Sequence[Vitals]) -> Verdict:
    """Nothing was found; say by which numbers."""
    shown = {
        "r_v": memorised_share(history),
        "sign of reals": recent(history, "sign_real"),
        "sign of fakes": recent(history, "sign_fake"),
        "diversity": recent(history, "diversity"),
    }
    numbers = ", ".join(f"{name} {value:.2f}" for name, value in shown.items() if value is not None)
    reason = f"nothing is amiss: {numbers}" if numbers else f"too early to tell after {len(history)} ticks"
    return Verdict("healthy", reason, "go on")


def memorised_share(history: Sequence[Vitals]) -> float | None:
    """r_v = (E[D(train)] - E[D(validation)]) / (E[D(train)] - E[D(generated)]): StyleGAN2-ADA, section 3.1, equation 1.

    0 is no overfitting, 1 complete. None without held-out images, and while D hardly tells reals from fakes.
    """
    train, validation, generated = (recent(history, f"score_{name}") for name in ("real", "held_out", "fake"))
    if train is None or validation is None or generated is None or train - generated < SEPARATION:
        return None
    return (train - validation) / (train - generated)


def wins_always(history: Sequence[Vitals]) -> bool:
    """Whether D knows nearly all images, reals and fakes."""
    real, fake = recent(adult(history), "sign_real"), recent(adult(history), "sign_fake")
    return real is not None and fake is not None and real > CERTAIN_OF_ALL and fake < -CERTAIN_OF_ALL


def never_doubts(history: Sequence[Vitals]) -> bool:
    """Whether D takes nearly all reals for real, but not the fakes.

    Under a relativistic loss logits have no zero, and all signs can be positive: that says nothing.
    """
    real, fake = recent(adult(history), "sign_real"), recent(adult(history), "sign_fake")
    return real is not None and real > CERTAIN_OF_REALS and (fake is None or fake < 0)


def is_at_cap(history: Sequence[Vitals]) -> bool:
    """Whether the augmentation is as strong as it may become."""
    strength, cap = recent(history, "strength"), recent(history, "strength_cap")
    return strength is not None and cap is not None and strength >= AT_CAP * cap


def less_overfitting(history: Sequence[Vitals], augmented: bool, settings: Settings) -> str:
    """The strongest means against overfitting that is left."""
    strength, cap = recent(history, "strength"), recent(history, "strength_cap")
    if not augmented:
        return "start anew with augmentation, which this training lacks: --set aug=ada"
    if strength is not None and cap is not None and not is_at_cap(history):
        return f"let the augmentation grow first: its strength is {strength:.2f} of at most {cap:g}"
    if cap is not None and cap < LEAKY:
        return f"start anew with a higher cap: --set p_max={LEAKY:g}"
    return f"find more images, or start anew with a smoother discriminator: {raised_gamma(settings)}"


def halved(field: str, settings: Settings) -> str:
    """``--set`` for half of what a field is."""
    return f"--set {field}={_number(field, settings) / 2:.3g}"


def raised_gamma(settings: Settings) -> str:
    """``--set`` for four times γ: its effect is one of magnitudes."""
    return f"--set gamma={_number('gamma', settings) * 4 or 1.0:.3g}"


def _number(field: str, settings: Settings) -> float:
    value = settings[field]
    assert isinstance(value, int | float)
    return float(value)


def not_finite(vitals: Vitals) -> str | None:
    """Name of the first number that is none."""
    for field in fields(Vitals):
        value = getattr(vitals, field.name)
        if value is not None and not math.isfinite(value):
            return field.name
    return None


def adult(history: Sequence[Vitals]) -> Sequence[Vitals]:
    """The ticks of a training that is no longer at its beginning, where it is easy to tell fakes from reals."""
    return [vitals for vitals in history[EARLY:] if vitals.kimg > EARLY_KIMG]


def recent(history: Sequence[Vitals], name: str, *, absolute: bool = False) -> float | None:
    """Median of the last `RECENT` ticks that measured ``name``; None if fewer than `LEAST` did."""
    values = series(history, name, absolute=absolute)[-RECENT:]
    return median(values) if len(values) >= LEAST else None


def series(history: Sequence[Vitals], name: str, *, absolute: bool = False) -> list[float]:
    """What was measured of ``name``, without what was not and without what is no number."""
    values = [value for vitals in history if (value := getattr(vitals, name)) is not None and math.isfinite(value)]
    return [abs(value) for value in values] if absolute else values
