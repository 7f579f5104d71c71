"""What changes in the course of a training, each as a pure function of the images seen.

Growing follows Progressive GAN (Karras et al. 2018), section 2 and appendix A.1: a resolution is trained for a while,
then the next one fades in. The half cosines are those of R3GAN (Huang et al. 2024), appendix.
"""

import math

from allaprima.models import Geometry
from allaprima.training.fields import Table
from allaprima.training.recipe import Recipe


def half_cosine(start: float, end: float | None, images_seen: int, decay_kimg: float | None) -> float:
    """From ``start`` to ``end`` in ``decay_kimg`` thousand images, slowly at both ends; None stays at ``start``."""
    if end is None or decay_kimg is None:
        return start
    progress = min(images_seen / (decay_kimg * 1000), 1.0)
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def level_of_detail(recipe: Recipe, geometry: Geometry, images_seen: int) -> float:
    """The ``lod``: doublings that are missing to the full resolution; a fraction while the next one fades in."""
    if not recipe.growing:
        return 0.0
    first = max(geometry.doublings - int(math.log2(recipe.lod_initial_resolution / 4)), 0)
    phase = (recipe.lod_training_kimg + recipe.lod_transition_kimg) * 1000
    if phase <= 0:
        return 0.0
    done, into = divmod(images_seen, phase)
    lod = first - done
    if recipe.lod_transition_kimg:
        fading = into - recipe.lod_training_kimg * 1000
        lod -= max(fading / (recipe.lod_transition_kimg * 1000), 0.0)
    return max(lod, 0.0)


def fades_otherwise(before: float, now: float) -> bool:
    """Whether another pair of resolutions is in use at level ``now`` than was at ``before``."""
    return math.floor(before) != math.floor(now) or math.ceil(before) != math.ceil(now)


def resolution_at(geometry: Geometry, lod: float) -> int:
    """Name of the finest grid that is in use at a level: 4, 8, 16, …"""
    return geometry.resolutions[geometry.doublings - math.floor(lod)]


def value_at(table: Table, resolution: int, otherwise: float) -> float:
    """The entry of a table for a resolution, or ``otherwise``."""
    return dict(table).get(resolution, otherwise)


def batch_at(recipe: Recipe, geometry: Geometry, images_seen: int) -> int:
    """Images in one iteration."""
    assert recipe.batch is not None
    resolution = resolution_at(geometry, level_of_detail(recipe, geometry, images_seen))
    return int(value_at(recipe.batch_by_res, resolution, recipe.batch))


def learning_rates(recipe: Recipe, geometry: Geometry, images_seen: int) -> tuple[float, float]:
    """Learning rates of the generator and of the discriminator."""
    assert recipe.glr is not None
    assert recipe.dlr is not None
    resolution = resolution_at(geometry, level_of_detail(recipe, geometry, images_seen))
    rates = [
        half_cosine(value_at(recipe.lr_by_res, resolution, start), end, images_seen, recipe.decay_kimg)
        for start, end in ((recipe.glr, recipe.glr_end), (recipe.dlr, recipe.dlr_end))
    ]
    return rates[0], rates[1]


def blur_sigma(recipe: Recipe, images_seen: int) -> float:
    """Standard deviation, in pixels, of the blur that the discriminator sees (StyleGAN3, appendix E)."""
    if not recipe.blur_fade_kimg:
        return 0.0
    return recipe.blur_init_sigma * max(1 - images_seen / (recipe.blur_fade_kimg * 1000), 0.0)
