"""Pivotal tuning: Roich et al. (2021), section 3. The latents that were found stay, and the generator comes to them.

Axes: n target, s style (one for each layer), d size of w, c channel, h w rows and columns.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from allaprima.errors import ConfigError
from allaprima.images import to_network, to_pixels
from allaprima.latents.centres import sample_w
from allaprima.latents.projection.distance import Distance, Measure, measure_of
from allaprima.latents.projection.projection import Projection
from allaprima.latents.projection.schedule import learning_rate_at

BETAS = (0.9, 0.999)
MOST_AT_ONCE = 16  # targets in a step


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How to tune.

    Attributes:
        steps: Images that are painted and compared for each target.
        learning_rate: Of Adam, for weights of unit variance; it rises and falls as in the search.
        square_weight: Of the mean squared difference, beside the distance (λ_L2 of equation 3).
        locality_weight: Of the mean squared difference between what the new and the old generator paint nearby (λ_R of
            equation 6); 0: let the other images go where they will.
        reach: How far from a pivot, towards a random w: α of equation 4, in lengths of w - mean(w).
        seed: Of these random w.

    Raises:
        ConfigError: A number is out of range.
    """

    steps: int = 100
    learning_rate: float = 5e-3
    square_weight: float = 1.0
    locality_weight: float = 3.0
    reach: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ConfigError(f"the number of steps is {self.steps}: pivotal tuning needs at least 1 step")


class Tuned(NamedTuple):
    """Where the tuning stands: steps that are done, and the distance of each target in the last one, [n]."""

    done: int
    distance: Tensor


class PivotalTuning:
    """Tunes a copy of a generator while it is iterated over; may be left after any step.

    Attributes:
        G: The copy.
    """

    def __init__(
        self,
        G: Any,
        targets: Float[Tensor, "n c h w"],
        pivots: Float[Tensor, "n s d"],
        *,
        distance: Distance,
        how: Tuning | None = None,
        at_once: int = MOST_AT_ONCE,
    ) -> None:
        """Get ready to tune.

        Args:
            G: The generator; it is not changed.
            targets: Images in [-1, 1].
            pivots: Their latents; they are painted with the model's own noise.
            distance: What shall become small, with the mean squared difference.
            how: How to tune.
            at_once: Targets that are painted in one step; more of them take turns.
        """
        self.how = how or Tuning()
        self.original = G
        self.G = copy.deepcopy(G)
        self.targets, self.pivots = targets, pivots
        self.distance, self.at_once = distance, min(at_once, len(targets))
        self._around = sample_w(G, seed=self.how.seed).to(pivots.device)
        self._length = float((self._around - self._around.mean(dim=0)).square().sum(dim=1).mean().sqrt())

    @classmethod
    def of(cls, projection: Projection, how: Tuning | None = None) -> Self:
        """The tuning that follows on a projection: the same targets, distance and batches."""
        targets = to_network(projection.targets).to(projection.device)
        at_once = min(projection.at_once, MOST_AT_ONCE)
        return cls(projection.G, targets, projection.ws, distance=projection.distance, how=how, at_once=at_once)

    def __len__(self) -> int:
        return self.how.steps

    def __iter__(self) -> Iterator[Tuned]:
        painters = painting_parameters(self.G)
        optimizer = torch.optim.Adam(painters, lr=self.how.learning_rate, betas=BETAS)
        generator = torch.Generator().manual_seed(self.how.seed)
        parts = [slice(i, i + self.at_once) for i in range(0, len(self.targets), self.at_once)]
        measures = [measure_of(self.distance, self.targets[part]) for part in parts]
        last = self.targets.new_full((len(self.targets),), float("nan"))
        for parameter in painters:
            parameter.requires_grad_(True)
        try:
            for done in range(self.how.steps):
                for group in optimizer.param_groups:
                    group["lr"] = self.how.learning_rate * learning_rate_at(done / self.how.steps)
                turn = done % len(parts)
                with torch.enable_grad():
                    distance, loss = self._loss(parts[turn], measures[turn])
                    if self.how.locality_weight:
                        loss = loss + self._strayed(parts[turn], generator)
                    gradients = torch.autograd.grad(loss, painters, allow_unused=True)
                for parameter, gradient in zip(painters, gradients, strict=True):
                    parameter.grad = gradient
                optimizer.step()
                last[parts[turn]] = distance.detach()
                yield Tuned(done + 1, last.clone())
        finally:
            for parameter in painters:
                parameter.requires_grad_(False)
                parameter.grad = None

    def _loss(self, part: slice, measure: Measure) -> tuple[Tensor, Tensor]:
        """The distances from the targets, and equation 3 summed over them."""
        images = self.G.synthesis(self.pivots[part], noise_mode="const")
        distance = measure(images)
        return distance, (distance + self.how.square_weight * square(images - self.targets[part])).sum()

    def _strayed(self, part: slice, generator: torch.Generator) -> Tensor:
        """How differently the two generators paint near the pivots: equations 4 to 6, summed over the targets.

        Deviation: by the mean square alone. Where images are still alike, a distance of absolute values would pull as
        hard as where they are not, into random directions.
        """
        pivots = self.pivots[part]
        which = torch.randint(len(self._around), (len(pivots),), generator=generator)
        away = self._around[which.to(pivots.device), None] - pivots
        nearby = pivots + self.how.reach * self._length * away / away.norm(dim=2, keepdim=True)
        with torch.no_grad():
            before = self.original.synthesis(nearby, noise_mode="const")
        now = self.G.synthesis(nearby, noise_mode="const")
        return self.how.locality_weight * square(now - before).sum()


def square(difference: Float[Tensor, "n c h w"]) -> Float[Tensor, " n"]:
    """The mean square of each image."""
    return difference.square().mean(dim=(1, 2, 3))


def painting_parameters(G: Any) -> list[nn.Parameter]:
    """The weights that w is painted with; not those of the mapping network, nor of the labels' embedding."""
    kept_out = ("mapping.", "EmbeddingLayer.")
    return [parameter for name, parameter in G.named_parameters() if not name.startswith(kept_out)]


@torch.no_grad()
def painted(G: Any, ws: Float[Tensor, "n s d"], *, at_once: int = MOST_AT_ONCE) -> UInt8[Tensor, "n c h w"]:
    """What a generator paints of styles with its own noise, in float32."""
    return torch.cat(
        [to_pixels(G.synthesis(part, noise_mode="const", force_fp32=True).cpu()) for part in torch.split(ws, at_once)]
    )
