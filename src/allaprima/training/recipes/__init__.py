"""The named recipes, in one table. Published ones hold the published numbers; where a number is ours, it says so."""

from allaprima.training.recipe import Recipe
from allaprima.training.recipes.laptop import LAPTOP
from allaprima.training.recipes.progressive import PROGAN, STYLEGAN
from allaprima.training.recipes.r3gan import R3GAN
from allaprima.training.recipes.stylegan2 import ADA, OTHERS, STYLEGAN2
from allaprima.training.recipes.stylegan3 import STYLEGAN3

RECIPES: dict[str, Recipe] = {**ADA, **STYLEGAN2, **STYLEGAN3, **PROGAN, **STYLEGAN, **R3GAN, **OTHERS, **LAPTOP}
"""By the names that ``--recipe`` takes."""
