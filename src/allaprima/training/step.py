"""One iteration of StyleGAN2's training (sections 3.1 and 3.2): generator, path length, discriminator, R1, average.

Axes: n image, c channel, h w rows and columns, z d sizes of latents.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.optim import Optimizer

from allaprima.errors import NonFiniteError
from allaprima.images import to_network
from allaprima.losses import (
    d_logistic,
    g_nonsaturating,
    path_length_noise,
    path_length_penalty,
    path_lengths,
    r1_penalty,
)
from allaprima.training.ema import update_average
from allaprima.training.run import Run
from allaprima.training.statistics import Scalars


class Latents(NamedTuple):
    """What the generator paints from in one phase: two latents an image where styles are mixed."""

    z: Float[Tensor, "n z"]
    c: Float[Tensor, "n c"]
    mix: Float[Tensor, "n z"] | None
    cutoff: int
    noise: torch.Generator

    def split(self, size: int) -> Iterator["Latents"]:
        """Parts of at most ``size`` images."""
        for start in range(0, len(self.z), size):
            part = slice(start, start + size)
            yield self._replace(z=self.z[part], c=self.c[part], mix=None if self.mix is None else self.mix[part])


def train_step(run: Run, pixels: UInt8[Tensor, "n c h w"], labels: Float[Tensor, "n c"]) -> Scalars:
    """Take one batch of real images through all phases that are due; return what was measured, and store none of it."""
    recipe = run.recipe
    reals = to_network(pixels.to(run.device, non_blocking=True))
    labels = labels.to(run.device, non_blocking=True)
    scalars: Scalars = {}

    generator_step(run, scalars)
    if recipe.pl_weight and run.step % recipe.pl_interval == 0:
        path_length_step(run, scalars)
    discriminator_step(run, reals, labels, scalars)
    if recipe.gamma and run.step % recipe.r1_interval == 0:
        r1_step(run, reals, labels, scalars)

    update_average(run.G_ema, run.G, images_seen=run.images_seen, recipe=recipe)
    run.images_seen += len(reals)
    run.step += 1
    return scalars


def generator_step(run: Run, scalars: Scalars) -> None:
    """Lead the generator to where the discriminator takes its images for real."""

    def losses() -> Iterator[Tensor]:
        for part in draw_latents(run, "G").split(run.batch_gpu):
            logits = run.D(paint(run, part)[0], part.c)
            loss = g_nonsaturating(logits)
            collect(scalars, {"Loss/scores/fake": logits, "Loss/signs/fake": logits.sign(), "Loss/G/loss": loss})
            yield loss.sum() / run.batch

    descend(run, "G", losses())


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


def discriminator_step(
    run: Run, reals: Float[Tensor, "n c h w"], labels: Float[Tensor, "n c"], scalars: Scalars
) -> None:
    """Lead the discriminator to tell real from generated images."""
    parts = zip(
        draw_latents(run, "D").split(run.batch_gpu),
        torch.split(reals, run.batch_gpu),
        torch.split(labels, run.batch_gpu),
        strict=True,
    )

    def losses() -> Iterator[Tensor]:
        for latents, real, label in parts:
            with torch.no_grad():
                fake = paint(run, latents, update_emas=True)[0]
            fake_logits, real_logits = run.D(fake, latents.c), run.D(real, label)
            loss = d_logistic(real_logits, fake_logits)
            collect(
                scalars,
                {
                    "Loss/scores/fake": fake_logits,
                    "Loss/signs/fake": fake_logits.sign(),
                    "Loss/scores/real": real_logits,
                    "Loss/signs/real": real_logits.sign(),
                    "Loss/D/loss": loss,
                },
            )
            yield loss.sum() / run.batch

    descend(run, "D", losses())


def r1_step(run: Run, reals: Float[Tensor, "n c h w"], labels: Float[Tensor, "n c"], scalars: Scalars) -> None:
    """Lead the discriminator to where it is flat around real images; lazily, hence with more weight (section 3.1)."""
    weight = (run.recipe.gamma or 0.0) / 2

    def losses() -> Iterator[Tensor]:
        for real, label in zip(torch.split(reals, run.batch_gpu), torch.split(labels, run.batch_gpu), strict=True):
            leaf = real.detach().requires_grad_()
            penalty = r1_penalty(run.D(leaf, label), leaf)
            collect(scalars, {"Loss/r1_penalty": penalty, "Loss/D/reg": penalty * weight})
            yield penalty.sum() / run.batch * weight * run.recipe.r1_interval

    descend(run, "D", losses())


def draw_latents(run: Run, phase: str, count: int | None = None) -> Latents:
    """Latents, labels and the second latents of style mixing (StyleGAN, section 3.1) for one phase."""
    count = run.batch if count is None else count
    generator = run.generator(f"{phase}/latents", on_cpu=True)
    z = torch.randn(2, count, run.G.z_dim, generator=generator).to(run.device)
    rows = torch.randint(len(run.label_table), (count,), generator=generator)
    chance, place = torch.rand(2, generator=generator).tolist()
    mixes = chance < run.recipe.style_mixing and run.G.num_ws > 1
    cutoff = 1 + int(place * (run.G.num_ws - 1))
    c = run.label_table[rows].to(run.device)
    return Latents(z[0], c, z[1] if mixes else None, cutoff, run.generator(f"{phase}/noise"))


def paint(run: Run, latents: Latents, *, update_emas: bool = False) -> tuple[Tensor, Tensor]:
    """Images and the styles that they were made of."""
    ws = run.G.mapping(latents.z, latents.c, update_emas=update_emas)
    if latents.mix is not None:
        fine = run.G.mapping(latents.mix, latents.c)
        ws = torch.cat([ws[:, : latents.cutoff], fine[:, latents.cutoff :]], dim=1)
    return run.G.synthesis(ws, generators=latents.noise), ws


def descend(run: Run, role: str, losses: Iterable[Tensor]) -> None:
    """Take one optimizer step along the summed gradient of ``losses``, which are made one by one.

    Only the parameters of the network ``role`` receive gradients, so that no network is frozen by hand.

    Raises:
        NonFiniteError: A loss or a gradient is not finite; the weights are as they were before the step.
    """
    network: nn.Module = run.G if role == "G" else run.D
    optimizer: Optimizer = run.G_optimizer if role == "G" else run.D_optimizer
    parameters = list(network.parameters())
    optimizer.zero_grad(set_to_none=True)
    finite: list[Tensor] = []
    for loss in losses:
        finite.append(loss.detach())
        torch.autograd.backward(loss, inputs=parameters)
    require_finite(run, role, network, torch.stack(finite))
    optimizer.step()


def require_finite(run: Run, role: str, network: nn.Module, losses: Tensor) -> None:
    """Raise `NonFiniteError`, naming the step and the tensor, unless losses and gradients of ``role`` are finite."""
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    norms = torch.stack(torch._foreach_norm(gradients))
    if torch.isfinite(losses.sum() + norms.sum()):
        return
    names = [name for name, p in network.named_parameters() if p.grad is not None and not torch.isfinite(p.grad).all()]
    if names:
        what = f"the gradient of {role}.{names[0]}"
    else:  # a gradient that is finite, but too large to be squared, has a norm that is not
        what = f"the norm of the gradient of {role}" if torch.isfinite(losses).all() else f"the loss of {role}"
    raise NonFiniteError(f"{what} is not finite at step {run.step} ({run.images_seen} images seen)")


def collect(scalars: Scalars, values: dict[str, Tensor]) -> None:
    """Append ``values`` to what earlier parts of the batch gave."""
    for name, value in values.items():
        flat = value.detach().reshape(-1)
        scalars[name] = torch.cat([scalars[name], flat]) if name in scalars else flat
