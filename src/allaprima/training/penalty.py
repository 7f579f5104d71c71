"""The gradient penalty of a recipe, lazy or in every step.

Axes: n image, c channel, h w rows and columns.
"""

from functools import partial
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from allaprima.losses import r1_penalty, wgan_gp_penalty
from allaprima.training.critic import Critic, scores
from allaprima.training.run import Run
from allaprima.training.schedule import half_cosine
from allaprima.training.statistics import Scalars, collect


class Judged(NamedTuple):
    """Images that require gradients, real and generated, with the logits of both and their places in the batch."""

    real: Tensor
    real_logits: Tensor
    fake: Tensor
    fake_logits: Tensor
    places: range


def penalty_term(run: Run, seen: Judged, labels: Tensor, critic: Critic, scalars: Scalars) -> Float[Tensor, "n"]:
    """The penalty of the recipe for each image, weighted, and written down."""
    gamma = half_cosine(run.recipe.gamma or 0.0, run.recipe.gamma_end, run.images_seen, run.recipe.decay_kimg)
    if run.recipe.penalty == "wgan-gp":
        mix = critic.draws("between", seen.places).uniform(len(seen.real)).to(run.device)
        judge = partial(critic, kind="between", places=seen.places)
        between = wgan_gp_penalty(lambda x: scores(judge(x, labels))[0], seen.real, seen.fake, mix)
        collect(scalars, {"Loss/gp_penalty": between, "Loss/D/reg": between * gamma})
        return between * gamma
    r1 = r1_penalty(seen.real_logits, seen.real)
    collect(scalars, {"Loss/r1_penalty": r1})
    if run.recipe.penalty == "r1+r2":
        r2 = r1_penalty(seen.fake_logits, seen.fake)
        collect(scalars, {"Loss/r2_penalty": r2})
        r1 = r1 + r2
    collect(scalars, {"Loss/D/reg": r1 * (gamma / 2)})
    return r1 * (gamma / 2)
