"""The generator with averaged weights: Progressive GAN, appendix A.1; its ramp-up is StyleGAN2-ADA's, appendix D."""

import math

import torch
from torch import nn

from allaprima.training.recipe import Recipe
from allaprima.training.schedule import half_cosine


def ema_beta(recipe: Recipe, images_seen: int, batch: int) -> float:
    """Share of itself that the average keeps in one iteration: half of it after ``ema_kimg`` thousand images."""
    assert recipe.ema_kimg is not None
    half_life_images = half_cosine(recipe.ema_kimg, recipe.ema_kimg_end, images_seen, recipe.decay_kimg) * 1000
    if recipe.ema_rampup is not None:
        half_life_images = min(half_life_images, images_seen * recipe.ema_rampup)
    return math.pow(0.5, batch / max(half_life_images, 1e-8))


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, *, images_seen: int, batch: int, recipe: Recipe) -> None:
    """Move ``average`` towards ``network``; buffers (w_avg, noise) are copied, as in the reference."""
    beta = ema_beta(recipe, images_seen, batch)
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - beta)
    for mine, its in zip(average.buffers(), network.buffers(), strict=True):
        mine.copy_(its)
