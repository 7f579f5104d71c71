"""The discriminator as the two players meet it: behind the blur and the augmentations (StyleGAN2-ADA, figure 2).

Everything that it sees, real or generated, is augmented, so that nothing leaks into the generated images.
"""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.augment import PIPES, RandomDraws, augment, diff_augment
from allaprima.ops import filter2d
from allaprima.training.run import Run
from allaprima.training.schedule import blur_sigma, half_cosine


@dataclass(slots=True)
class Critic:
    """Judges images for one phase of one step.

    Attributes:
        run: The training.
        phase: Names the randomness of the augmentations.
    """

    run: Run
    phase: str
    _draws: RandomDraws = field(init=False)

    def __post_init__(self) -> None:
        self._draws = RandomDraws(self.run.generator(f"{self.phase}/augment", on_cpu=True))

    def __call__(self, images: Float[Tensor, "n c h w"], labels: Float[Tensor, "n d"]) -> Float[Tensor, "n k"]:
        """Logits, positive for what it takes for real; with them those of the label head, if there is one."""
        logits: Tensor = self.run.D(self._augmented(blurred(images, self._sigma)), labels)
        return logits

    @property
    def _sigma(self) -> float:
        return blur_sigma(self.run.recipe, self.run.images_seen)

    def _augmented(self, images: Tensor) -> Tensor:
        recipe = self.run.recipe
        if recipe.aug in ("ada", "fixed"):
            return augment(images, strength(self.run), PIPES[recipe.augpipe], self._draws)
        return diff_augment(images, self._draws) if recipe.aug == "diffaug" else images


def strength(run: Run) -> float:
    """The strength p of the augmentation in this step."""
    if run.recipe.aug == "fixed":
        return half_cosine(run.recipe.p, run.recipe.p_end, run.images_seen, run.recipe.decay_kimg)
    return run.strength


def blurred(images: Float[Tensor, "n c h w"], sigma: float) -> Float[Tensor, "n c h w"]:
    """``images`` under a blur of the kernel 2^-(i/σ)², i up to 3σ (StyleGAN3, appendix E)."""
    reach = math.floor(3 * sigma)
    if reach < 1:
        return images
    taps = torch.exp2(-(torch.arange(-reach, reach + 1, device=images.device) / sigma).square())
    taps = taps / taps.sum()
    return filter2d(filter2d(images, taps[None, :]), taps[:, None])


def scores(verdict: Float[Tensor, "n k"]) -> tuple[Float[Tensor, "n 1"], Float[Tensor, "n l"]]:
    """What a discriminator says of real or generated, and what its label head says, if it has one."""
    return verdict[:, :1], verdict[:, 1:]
