"""The discriminator as the two players meet it: behind the blur and the augmentations (StyleGAN2-ADA, figure 2).

Everything that it sees, real or generated, is augmented, so that nothing leaks into the generated images.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from allaprima.augment import PIPES, OwnDraws, augment, diff_augment
from allaprima.ops import filter2d
from allaprima.ops.minibatch_std import actual_group
from allaprima.training.run import Run
from allaprima.training.schedule import blur_sigma, half_cosine


@dataclass(frozen=True, slots=True)
class Critic:
    """Judges images for one phase of one step.

    What it says of an image depends on those of its group alone, for the minibatch standard deviation. Groups are
    images that follow one another in the whole batch, so that they are the same in however many parts it comes.

    Attributes:
        run: The training.
        phase: Names the randomness of the augmentations.
    """

    run: Run
    phase: str

    def __call__(
        self,
        images: Float[Tensor, "n c h w"],
        labels: Float[Tensor, "n d"],
        *,
        kind: str = "real",
        places: Sequence[int] | None = None,
    ) -> Float[Tensor, "n k"]:
        """Logits, positive for what it takes for real; with them those of the label head, if there is one.

        Args:
            images: In the network's range.
            labels: Of the images.
            kind: What they are: another kind in the same phase is augmented otherwise.
            places: Theirs in the whole batch, for their augmentations; by default 0, 1 …
        """
        shown = self._augmented(blurred(images, self._sigma), kind, range(len(images)) if places is None else places)
        order = group_order(len(images), self.run.recipe.mbstd_group).to(images.device)
        if len(order) == 0:
            logits: Tensor = self.run.D(shown, labels)
        else:
            logits = self.run.D(shown[order], labels[order])[torch.argsort(order)]
        return logits

    @property
    def _sigma(self) -> float:
        return blur_sigma(self.run.recipe, self.run.images_seen)

    def _augmented(self, images: Tensor, kind: str, places: Sequence[int]) -> Tensor:
        recipe = self.run.recipe
        if recipe.aug not in ("ada", "fixed", "diffaug"):
            return images
        draws = self.draws(f"augment/{kind}", places)
        if recipe.aug == "diffaug":
            return diff_augment(images, draws)
        return augment(images, strength(self.run), PIPES[recipe.augpipe], draws)

    def draws(self, name: str, places: Sequence[int]) -> OwnDraws:
        """Random numbers of this phase for the images at ``places`` of the whole batch."""
        return OwnDraws(self.run.generators(f"{self.phase}/{name}", places, on_cpu=True))


def group_order(count: int, group_size: int | None) -> Int64[Tensor, " n"]:
    """In which order to show images so that those of a group follow one another; empty where any order does.

    A batch is grouped as in the original: images i, i + n/g, i + 2n/g … (see `allaprima.ops.minibatch_std`).
    """
    size = actual_group(count, group_size)
    if size in (1, count):
        return torch.zeros(0, dtype=torch.int64)
    return torch.arange(count).reshape(count // size, size).T.flatten()


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
