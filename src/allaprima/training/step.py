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
    path_length_noise,
    path_length_penalty,
    path_lengths,
)
from allaprima.models import fade
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
    """Real images in the network's range, with their labels."""

    images: Float[Tensor, "n c h w"]
    labels: Float[Tensor, "n d"]

    def split(self, size: int) -> Iterator["Reals"]:
        """Parts of at most ``size`` images."""
        for images, labels in zip(torch.split(self.images, size), torch.split(self.labels, size), strict=True):
            yield Reals(images, labels)


def train_step(run: Run, pixels: UInt8[Tensor, "n c h w"], labels: Float[Tensor, "n c"]) -> Scalars:
    """Take one batch of real images through all phases that are due; return what was measured, and store none of it."""
    recipe, scalars = run.recipe, Scalars()
    grow(run)
    set_rates(run)
    reals = Reals(to_network(pixels.to(run.device, non_blocking=True)), labels.to(run.device, non_blocking=True))
    if recipe.growing:
        reals = reals._replace(images=fade(reals.images, run.geometry, float(run.D.lod)))

    within_memory(run, partial(generator_step, run, reals), scalars)
    if recipe.pl_weight and run.step % recipe.pl_interval == 0:
        within_memory(run, partial(path_length_step, run), scalars)
    within_memory(run, partial(discriminator_step, run, reals), scalars)
    if recipe.has_lazy_penalty and run.step % recipe.r1_interval == 0:
        within_memory(run, partial(penalty_step, run, reals), scalars)

    update_average(run.G_ema, run.G, images_seen=run.images_seen, batch=len(pixels), recipe=recipe)
    run.images_seen += len(pixels)
    run.step += 1
    adapt_strength(run, len(pixels))
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
            logits, classes = scores(critic(paint(run, part)[0], part.c))
            with torch.no_grad():  # they say how far the fakes are behind, and lead nowhere
                real_logits = scores(critic(*real))[0] if game.paired else None
            loss = game.generator(logits, real_logits)
            collect(scalars, {"Loss/scores/fake": logits, "Loss/signs/fake": logits.sign(), "Loss/G/loss": loss})
            yield (loss.sum() + label_term(run, classes, part.c)) / len(reals.images)

    descend(run, "G", losses(), scalars)


def path_length_step(run: Run, scalars: Scalars) -> None:
    """Lead the generator to where steps in w and steps in the image keep one ratio (section 3.2)."""
    recipe = run.recipe
    count = max(run.batch // recipe.pl_batch_shrink, 1)
    part_size = max(run.batch_gpu // recipe.pl_batch_shrink, 1)
    generator = run.generator("PL/image")

    def losses() -> Iterator[Tensor]:
        for part in draw_latents(run, "PL", count).split(part_size):
            images, ws = paint(run, part)
            lengths = path_lengths(images, ws, path_length_noise(images, generator))
            penalty, run.pl_mean = path_length_penalty(lengths, run.pl_mean)
            collect(scalars, {"Loss/pl_penalty": penalty, "Loss/G/reg": penalty * recipe.pl_weight})
            yield penalty.sum() / count * recipe.pl_weight * recipe.pl_interval

    descend(run, "G", losses())


def discriminator_step(run: Run, reals: Reals, scalars: Scalars) -> None:
    """Lead the discriminator to tell real from generated images."""
    recipe, game, critic = run.recipe, ADVERSARIAL[run.recipe.loss], Critic(run, "D")
    pseudo, mixing = run.generator("D/pseudo"), run.generator("D/between")
    merged = bool(recipe.gamma) and not recipe.has_lazy_penalty

    def losses() -> Iterator[Tensor]:
        for latents, real in zip(draw_latents(run, "D").split(run.batch_gpu), reals.split(run.batch_gpu), strict=True):
            with torch.no_grad():
                fake = paint(run, latents, update_emas=True)[0]
            shown = with_pseudo_reals(real.images, fake, run.strength, pseudo) if recipe.aug == "apa" else real.images
            fake, shown = (x.detach().requires_grad_(merged) for x in (fake, shown))
            fake_logits, fake_classes = scores(critic(fake, latents.c))
            real_logits, real_classes = scores(critic(shown, real.labels))
            loss = game.discriminator(real_logits, fake_logits)
            # Relativistic logits have no zero: what counts is by how much a real image is ahead of its fake.
            ahead = (real_logits - fake_logits if game.paired else real_logits).detach()
            run.signs += torch.stack([ahead.sign().sum(), ahead.new_tensor(len(ahead))])
            named = {"fake": fake_logits, "real": real_logits}
            collect(scalars, {f"Loss/scores/{name}": logits for name, logits in named.items()})
            collect(scalars, {f"Loss/signs/{name}": logits.sign() for name, logits in named.items()})
            collect(scalars, {"Loss/D/loss": loss})
            total = loss.sum() + recipe.drift * drift_penalty(real_logits).sum()
            total = total + label_term(run, fake_classes, latents.c) + label_term(run, real_classes, real.labels)
            if merged:
                seen = Judged(shown, real_logits, fake, fake_logits)
                total = total + penalty_term(run, seen, real.labels, critic, mixing, scalars).sum()
            yield total / len(reals.images)

    descend(run, "D", losses(), scalars)


def penalty_step(run: Run, reals: Reals, scalars: Scalars) -> None:
    """Lead the discriminator to where it is flat; lazily, hence with more weight (section 3.1)."""
    recipe, critic, mixing = run.recipe, Critic(run, "R1"), run.generator("R1/between")
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
                fake_logits = scores(critic(fake, part.c))[0]
            seen = Judged(images, scores(critic(images, real.labels))[0], fake, fake_logits)
            penalty = penalty_term(run, seen, real.labels, critic, mixing, scalars)
            yield penalty.sum() / len(reals.images) * recipe.r1_interval

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
