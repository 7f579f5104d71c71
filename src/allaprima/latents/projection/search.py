"""The search for latents: Adam on w and on the noise maps, StyleGAN2 (Karras et al. 2020), appendix D.

Axes: n target, s style (one for each layer, or one for all), d size of w, c channel, h w rows and columns.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import ConfigError
from allaprima.latents.projection.distance import Measure
from allaprima.latents.projection.noise_regularization import noise_penalty, normalize_noise_
from allaprima.latents.projection.schedule import exploration_at, learning_rate_at
from allaprima.models import noise_maps, paint_with_noise

Space = Literal["w", "w+"]
NoiseMaps = dict[str, Tensor]
"""By layer, as `allaprima.models.noise_maps` names them: [n, 1, h, w]."""

BETAS = (0.9, 0.999)
NOISE_LEARNING_RATE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How to search.

    Deviation: StyleGAN2 takes steps of 0.1 whatever the scale of W (here they are in standard deviations).

    Attributes:
        space: ``w``: one style for all layers; ``w+``: one for each (Abdal et al. 2019), nearer to the target, farther
            from what the model would paint by itself.
        steps: Images that are painted and compared for each target.
        learning_rate: The largest step of a number of w, in standard deviations.
        exploration: Noise on w at first: on each number this share of the typical distance of w from its mean.
        noise_weight: Of the penalty on noise maps that are no noise any more; None leaves the model's own noise.
        seed: Of the exploration.

    Raises:
        ConfigError: There is no such space, or a number is out of range.
    """

    space: Space = "w+"
    steps: int = 500
    learning_rate: float = 0.15
    exploration: float = 0.01
    noise_weight: float | None = 1e5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.space not in ("w", "w+"):
            raise ConfigError(f"the space is {self.space!r}: it must be w or w+")
        if self.steps < 1:
            raise ConfigError(f"the number of steps is {self.steps}: it must be at least 1")
        for name in ("learning_rate", "exploration"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigError(f"{name} is {value}: it must be a number, at least 0")


class Step(NamedTuple):
    """Where the search stands.

    Attributes:
        done: Steps that are done.
        distance: Of each target from the image that this step painted, noise on w included: [n].
        ws: Styles after the step, [n, num_ws, d].
        noise: Noise maps after the step; none where they are not searched for. The next step changes these tensors.
    """

    done: int
    distance: Tensor
    ws: Tensor
    noise: NoiseMaps


def search(G: Any, measure: Measure, start: Float[Tensor, "n s d"], how: Search, *, deviation: float) -> Iterator[Step]:
    """Move styles until what they paint is near to the targets of ``measure``; it may be left after any step.

    No target has influence on another.

    Args:
        G: The generator.
        measure: The distances from the targets.
        start: Styles to start from, one for each target; in W, the mean of their layers.
        how: See `Search`.
        deviation: Standard deviation of a number of w.
    """
    first = start.clone() if how.space == "w+" else start.mean(dim=1, keepdim=True)
    away = torch.zeros_like(first, requires_grad=True)  # from the start, in standard deviations
    noise = {} if how.noise_weight is None else own_noise(G, len(first))
    leaves = [away, *noise.values()]
    optimizer = torch.optim.Adam([{"params": [away]}, {"params": [*noise.values()]}], betas=BETAS)
    generator = torch.Generator().manual_seed(how.seed)
    for done in range(how.steps):
        t = done / how.steps
        for group, rate in zip(optimizer.param_groups, (how.learning_rate, NOISE_LEARNING_RATE), strict=True):
            group["lr"] = rate * learning_rate_at(t)
        jitter = torch.randn(away.shape[1:], generator=generator).to(away.device)  # the same for all targets
        bold = how.exploration * exploration_at(t) * G.w_dim**0.5
        with torch.enable_grad():
            ws = first + deviation * (away + bold * jitter)
            distance = measure(paint_with_noise(G, ws.expand(-1, G.num_ws, -1), noise))
            loss = distance.sum()
            if noise:
                loss = loss + (how.noise_weight or 0) * noise_penalty(noise.values()).sum()
        for leaf, gradient in zip(leaves, torch.autograd.grad(loss, leaves), strict=True):
            leaf.grad = gradient
        optimizer.step()
        normalize_noise_(noise.values())
        found = (first + deviation * away.detach()).expand(-1, G.num_ws, -1)
        yield Step(done + 1, distance.detach(), found, {name: each.detach() for name, each in noise.items()})


def own_noise(G: Any, count: int) -> NoiseMaps:
    """A copy of the generator's own noise for each target, to be optimised; not of lucidrains', which has one map.

    Deviation: StyleGAN2 starts from new noise. From its own, a model finds more of what it has painted itself.
    """
    maps = {name: noise for name, noise in noise_maps(G).items() if name}
    return {name: x.detach().float().repeat(count, 1, 1, 1).requires_grad_() for name, x in maps.items()}
