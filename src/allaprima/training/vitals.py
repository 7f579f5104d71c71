"""What a run's health is read from, at each tick: a few dozen images, no network but the two that are trained.

Axes: n image, c channel, h w rows and columns, f feature.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.data import ImageDataset
from allaprima.images import to_network
from allaprima.training.critic import Critic, scores, strength
from allaprima.training.health import Vitals
from allaprima.training.painting import paint_fixed
from allaprima.training.randomness import Streams
from allaprima.training.run import Run

COUNT = 32  # images compared
COARSE = 16  # they are compared at this size, where noise and edges weigh little
AT_ONCE = 64  # of the images held out


class Examiner:
    """Measures the vitals of a run.

    Args:
        run: The run.
        dataset: Its images; those that it holds out were never trained on.
    """

    def __init__(self, run: Run, dataset: ImageDataset) -> None:
        rows = torch.randperm(len(dataset.names), generator=Streams(run.recipe.seed).generator("vitals"))[:COUNT]
        self.run = run
        self.real_spread = spread(to_network(torch.stack([dataset[int(row)][0] for row in rows])))
        self.held_out, self.labels = dataset.held_out()

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """Numbers for stats.jsonl."""
        found = {"Health/diversity": spread(paint_fixed(self.run, COUNT)) / max(self.real_spread, 1e-8)}
        if self.run.recipe.aug != "noaug":
            found["Progress/augment"] = strength(self.run)
        if len(self.held_out):
            critic, device = Critic(self.run, "held out"), self.run.device
            parts = zip(torch.split(self.held_out, AT_ONCE), torch.split(self.labels, AT_ONCE), strict=True)
            logits = [scores(critic(to_network(x.to(device)), c.to(device)))[0] for x, c in parts]
            found["Loss/scores/held_out"] = float(torch.cat(logits).mean())
        return found


def spread(images: Float[Tensor, "n c h w"]) -> float:
    """Mean distance between two of the images, seen at a coarse size."""
    size = (min(images.shape[2], COARSE), min(images.shape[3], COARSE))
    features = F.adaptive_avg_pool2d(images.float().cpu(), size).flatten(1)
    return float(torch.pdist(features).mean()) if len(features) > 1 else 0.0


def vitals_of(row: Mapping[str, Any], strength_cap: float | None) -> Vitals:
    """Vitals of one tick, from its line of stats.jsonl."""

    def mean(name: str) -> float | None:
        return row[name]["mean"] if name in row else None

    return Vitals(
        kimg=row["Progress/kimg"]["mean"],
        sign_real=mean("Loss/signs/real"),
        sign_fake=mean("Loss/signs/fake"),
        score_real=mean("Loss/scores/real"),
        score_fake=mean("Loss/scores/fake"),
        score_held_out=mean("Loss/scores/held_out"),
        strength=mean("Progress/augment"),
        strength_cap=strength_cap,
        gradient_G=mean("Gradients/G"),
        gradient_D=mean("Gradients/D"),
        diversity=mean("Health/diversity"),
    )
