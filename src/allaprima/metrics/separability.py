"""Linear separability of a space of latents: Karras et al. (2019), section 4.2.

Are there directions in it that mean "glasses" and "smile"? For each attribute a classifier of images says which of the
latents have it; a hyperplane is laid between them; what it leaves uncertain is measured.

Axes: n latent, d size of a latent, k attribute.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from allaprima.errors import DataError

STEPS = 100  # of the search for a hyperplane, each of up to 20 evaluations
PENALTY = 1.0  # C of the support vector machine


class Separability(NamedTuple):
    """2 to the sum of conditional entropies, 1 at best; and the entropy of each attribute in bits."""

    score: float
    entropies: list[float]


def linear_separability(
    latents: Float[Tensor, "n d"], answers: Float[Tensor, "n k"], *, keep: float = 0.5
) -> Separability:
    """Separate what classifiers say of the images that were painted with ``latents``.

    Args:
        latents: In Z, or in W.
        answers: The classifiers' logits, one for each attribute: above 0 means that the image has it.
        keep: Share of the latents that are looked at, for each attribute those with the surest answers. The paper
            paints 200,000 and keeps half.

    Raises:
        DataError: Nothing to separate: too few latents, or an attribute that all or none have.
    """
    if len(latents) != len(answers) or len(latents) < 4:
        raise DataError(f"separability takes an answer for each of many latents, got {len(answers)}, {len(latents)}")
    entropies = []
    for attribute, logits in enumerate(answers.T):
        sure = logits.abs().argsort(descending=True)[: max(4, round(keep * len(latents)))]
        has = logits[sure] > 0
        if bool(has.all()) or not bool(has.any()):
            raise DataError(f"all images have attribute {attribute}, or none has: nothing can be separated")
        x = latents[sure].double()
        weight, bias = hyperplane(x, has)
        entropies.append(conditional_entropy(x @ weight + bias > 0, has))
    return Separability(2.0 ** sum(entropies), entropies)


def hyperplane(x: Float[Tensor, "n d"], has: Bool[Tensor, " n"]) -> tuple[Float[Tensor, " d"], float]:
    """Weights and bias of a linear support vector machine with squared hinge loss (Fan et al. 2008, section 2).

    ½ ‖(w, b)‖² + C Σ max(0, 1 − y (w·x + b))², the objective of ``LinearSVC``, at its minimum.
    """
    sides = has.double() * 2 - 1
    points = torch.cat([x.double(), torch.ones(len(x), 1, dtype=torch.float64, device=x.device)], dim=1)
    w = torch.zeros(points.shape[1], dtype=torch.float64, device=x.device, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [w], max_iter=STEPS, tolerance_grad=1e-8, tolerance_change=1e-14, line_search_fn="strong_wolfe"
    )

    def objective() -> Tensor:
        optimizer.zero_grad()
        with torch.enable_grad():
            loss = w.square().sum() / 2 + PENALTY * (1 - sides * (points @ w)).clamp(min=0).square().sum()
            (w.grad,) = torch.autograd.grad(loss, [w])
        return loss

    optimizer.step(objective)  # type: ignore[no-untyped-call]
    return w.detach()[:-1], float(w.detach()[-1])


def conditional_entropy(says: Bool[Tensor, " n"], has: Bool[Tensor, " n"]) -> float:
    """H(Y | X) in bits: what is left uncertain of ``has`` when ``says`` is known."""
    joint = torch.stack([(a & b).double().mean() for a in (says, ~says) for b in (has, ~has)]).view(2, 2)
    marginal = joint.sum(dim=1, keepdim=True)
    nats: Sequence[float] = (torch.xlogy(joint, marginal) - torch.xlogy(joint, joint)).flatten().tolist()
    return sum(nats) / float(torch.log(torch.tensor(2.0, dtype=torch.float64)))
