"""From seeds or latents to images."""

from allaprima.generation.generate import Images as Images
from allaprima.generation.generate import generate as generate
from allaprima.generation.latents import read_latents as read_latents
from allaprima.generation.latents import read_noise as read_noise
from allaprima.generation.seeds import latents_of_seeds as latents_of_seeds
from allaprima.generation.seeds import parse_seeds as parse_seeds
