"""One iteration: generator, path length, discriminator, gradient penalty, average (StyleGAN2, sections 3.1 and 3.2).

Axes: n image, c channel, h w rows and columns, z d sizes of latents.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.augment import next_strength, with_pseudo_reals
from allaprima.images import to_network
from allaprima.losses import (
    ADVERSARIAL,
    drift_penalty,
    label_loss,
    next_length,
    path_length_noise,
    path_length_penalty,
    path_lengths,
)
from allaprima.models import fade
from allaprima.training.averages import MovingAverages
from allaprima.training.critic import Critic, scores
from allaprima.training.descent import descend
from allaprima.training.ema import update_average
from allaprima.training.memory import within_memory
from allaprima.training.painting import draw_latents, paint
from allaprima.training.penalty import Judged, penalty_term
from allaprima.training.run import Run, set_rates
from allaprima.training.schedule import fades_otherwise, level_of_detail
from allaprima.training.statistics import Scalars, collect


class Reals(NamedTuple):
    """Real images in the network's range, with their labels; the first is at place ``first`` of the whole batch."""

    images: Float[Tensor, "n c h w"]
    labels: Float[Tensor, "n d"]
    first: int = 0

    @property
    def places(self) -> range:
        """Where they are in the whole batch."""
        return range(self.first, self.first + len(self.images))

    def split(self, size: int) -> Iterator["Reals"]:
        """Parts of at most ``size`` images."""
        for start in range(0, len(self.images), size):
            part = slice(start, start + size)
            yield Reals(self.images[part], self.labels[part], self.first + start)


def train_step(run: Run, pixels: UInt8[Tensor, "n c h w"], labels: Float[Tensor, "n c"]) -> Scalars:
    """Take one batch of real images through all phases that are due; return what was measured, and store none of it.

    Args:
        run: The training.
        pixels: This process's share of the batch (`Run.share`).
        labels: Theirs.
    """
    recipe, scalars, batch = run.recipe, Scalars(), run.batch
    grow(run)
    set_rates(run)
    images = to_network(pixels.to(run.device, non_blocking=True))
    reals = Reals(images, labels.to(run.device, non_blocking=True), run.share.start)
    if recipe.growing:
        reals = reals._replace(images=fade(reals.images, run.geometry, float(run.D.lod)))

    within_memory(run, partial(generator_step, run, reals), scalars)
    if recipe.pl_weight and run.step % recipe.pl_interval == 0:
        within_memory(run, partial(path_length_step, run), scalars)
    within_memory(run, partial(discriminator_step, run, reals), scalars)
    if recipe.has_lazy_penalty and run.step % recipe.r1_interval == 0:
        within_memory(run, partial(penalty_step, run, reals), scalars)

    update_average(run.G_ema, run.G, images_seen=run.images_seen, batch=batch, recipe=recipe)
    run.images_seen += batch
    run.step += 1
    adapt_strength(run, batch)
    return scalars


def grow(run: Run) -> None:
    """Bring growing networks to the level of detail of this step (Progressive GAN, section 2)."""
    if not run.recipe.growing:
        return
    lod, before = level_of_detail(run.recipe, run.geometry, run.images_seen), float(run.D.lod)
    if run.recipe.reset_optimizer and run.step and fades_otherwise(before, lod):
        run.G_optimizer.state.clear()
        run.D_optimizer.state.clear()
    for network in (run.G, run.D, run.G_ema):
        network.set_lod(lod)


def generator_step(run: Run, reals: Reals, scalars: Scalars) -> None:
    """Lead the generator to where the discriminator takes its images for real."""
    game, critic = ADVERSARIAL[run.recipe.loss], Critic(run, "G")

    def losses() -> Iterator[Tensor]:
        for part, real in zip(draw_latents(run, "G").split(run.batch_gpu), reals.split(run.batch_gpu), strict=True):
            logits, classes = scores(critic(paint(run, part)[0], part.c, kind="fake", places=part.places))
            with torch.no_grad():  # they say how far the fakes are behind, and lead nowhere
                real_logits = scores(critic(real.images, real.labels, places=real.places))[0] if game.paired else None
            loss = game.generator(logits, real_logits)
            collect(scalars, {"Loss/scores/fake": logits, "Loss/signs/fake": logits.sign(), "Loss/G/loss": loss})
            yield (loss.sum() + label_term(run, classes, part.c)) / run.batch

    descend(run, "G", losses(), scalars)


def path_length_step(run: Run, scalars: Scalars) -> None:
    """Lead the generator to where steps in w and steps in the image keep one ratio (section 3.2).

    The ratio is the average until this step: the average with this step's lengths would be known only when all parts
    of the batch, in all processes, have been through the network.
    """
    recipe = run.recipe
    count = max(run.batch // recipe.pl_batch_shrink, 1)
    part_size = max(run.batch_gpu // recipe.pl_batch_shrink, 1)
    total = torch.zeros_like(run.pl_mean)

    def losses() -> Iterator[Tensor]:
        for part in draw_latents(run, "PL", count).split(part_size):
            images, ws = paint(run, part)
            lengths = path_lengths(images, ws, path_length_noise(images, run.generators("PL/image", part.places)))
            penalty = path_length_penalty(lengths, run.pl_mean)
            total.add_(lengths.detach().sum())
            collect(scalars, {"Loss/pl_penalty": penalty, "Loss/G/reg": penalty * recipe.pl_weight})
            yield penalty.sum() / count * recipe.pl_weight * recipe.pl_interval

    descend(run, "G", losses(), sums=[total])
    run.pl_mean = next_length(run.pl_mean, total / count)


def discriminator_step(run: Run, reals: Reals, scalars: Scalars) -> None:
    """Lead the discriminator to tell real from generated images."""
    recipe, game, critic = run.recipe, ADVERSARIAL[run.recipe.loss], Critic(run, "D")
    merged = bool(recipe.gamma) and not recipe.has_lazy_penalty
    averages, signs = MovingAverages(run.G), torch.zeros_like(run.signs)

    def losses() -> Iterator[Tensor]:
        for latents, real in zip(draw_latents(run, "D").split(run.batch_gpu), reals.split(run.batch_gpu), strict=True):
            with torch.no_grad():
                fake = paint(run, latents, update_emas=True)[0]
            averages.take_in(len(fake))
            shown = real.images
            if recipe.aug == "apa":
                shown = with_pseudo_reals(shown, fake, run.strength, critic.draws("pseudo", real.places))
            fake, shown = (x.detach().requires_grad_(merged) for x in (fake, shown))
            fake_logits, fake_classes = scores(critic(fake, latents.c, kind="fake", places=latents.places))
            real_logits, real_classes = scores(critic(shown, real.labels, places=real.places))
            loss = game.discriminator(real_logits, fake_logits)
            # Relativistic logits have no zero: what counts is by how much a real image is ahead of its fake.
            ahead = (real_logits - fake_logits if game.paired else real_logits).detach()
            signs.add_(torch.stack([ahead.sign().sum(), ahead.new_tensor(len(ahead))]))
            named = {"fake": fake_logits, "real": real_logits}
            collect(scalars, {f"Loss/scores/{name}": logits for name, logits in named.items()})
            collect(scalars, {f"Loss/signs/{name}": logits.sign() for name, logits in named.items()})
            collect(scalars, {"Loss/D/loss": loss})
            total = loss.sum() + recipe.drift * drift_penalty(real_logits).sum()
            total = total + label_term(run, fake_classes, latents.c) + label_term(run, real_classes, real.labels)
            if merged:
                seen = Judged(shown, real_logits, fake, fake_logits, real.places)
                total = total + penalty_term(run, seen, real.labels, critic, scalars).sum()
            yield total / run.batch

    descend(run, "D", losses(), scalars, [signs, *averages.sums])
    averages.move(run.batch)
    run.signs += signs


def penalty_step(run: Run, reals: Reals, scalars: Scalars) -> None:
    """Lead the discriminator to where it is flat; lazily, hence with more weight (section 3.1)."""
    recipe, critic = run.recipe, Critic(run, "R1")
    needs_fakes = recipe.penalty != "r1"

    def losses() -> Iterator[Tensor]:
        latents = draw_latents(run, "R1").split(run.batch_gpu)
        for real, part in zip(reals.split(run.batch_gpu), latents, strict=True):
            images = real.images.detach().requires_grad_()
            fake, fake_logits = images, images.new_zeros(len(images), 1)
            if needs_fakes:
                with torch.no_grad():
                    fake = paint(run, part)[0]
                fake = fake.detach().requires_grad_()
                fake_logits = scores(critic(fake, part.c, kind="fake", places=part.places))[0]
            real_logits = scores(critic(images, real.labels, places=real.places))[0]
            seen = Judged(images, real_logits, fake, fake_logits, real.places)
            penalty = penalty_term(run, seen, real.labels, critic, scalars)
            yield penalty.sum() / run.batch * recipe.r1_interval

    descend(run, "D", losses())


def label_term(run: Run, classes: Float[Tensor, "n k"], labels: Float[Tensor, "n k"]) -> Tensor:
    """The label head's loss, summed and weighted (Progressive GAN, after Odena et al. 2017); 0 without such a head."""
    if not classes.shape[1]:
        return classes.new_zeros(())
    return label_loss(classes, labels).sum() * run.recipe.label_weight


def adapt_strength(run: Run, batch: int) -> None:
    """Move the augmentation's strength so that the signs of real images' logits reach the target ([ADA] section 3)."""
    recipe = run.recipe
    if recipe.aug not in ("ada", "apa") or run.step % recipe.ada_interval:
        return
    total, count = run.signs.tolist()
    run.strength = next_strength(
        run.strength,
        total / max(count, 1),
        target=recipe.target,
        images=batch * recipe.ada_interval,
        ada_kimg=recipe.ada_kimg,
        p_max=recipe.p_max,
    )
    run.signs.zero_()
