"""Painting with latents: mixing, walks, directions, projection."""

from allaprima.latents.centres import centre_of_class as centre_of_class
from allaprima.latents.centres import truncate as truncate
from allaprima.latents.clusters import cluster_centres as cluster_centres
from allaprima.latents.clusters import read_centres as read_centres
from allaprima.latents.clusters import write_centres as write_centres
from allaprima.latents.directions import Direction as Direction
from allaprima.latents.directions import apply_direction as apply_direction
from allaprima.latents.directions import boundary_direction as boundary_direction
from allaprima.latents.directions import class_boundaries as class_boundaries
from allaprima.latents.directions import difference as difference
from allaprima.latents.directions import pca as pca
from allaprima.latents.directions import read_directions as read_directions
from allaprima.latents.directions import sefa as sefa
from allaprima.latents.directions import strips as strips
from allaprima.latents.directions import write_directions as write_directions
from allaprima.latents.mixing import mix as mix
from allaprima.latents.mixing import mixed_styles as mixed_styles
from allaprima.latents.mixing import mixing_film as mixing_film
from allaprima.latents.model_walk import ModelWalk as ModelWalk
from allaprima.latents.model_walk import walk_models as walk_models
from allaprima.latents.motion import Motion as Motion
from allaprima.latents.route import Route as Route
from allaprima.latents.styles import styles_of_seeds as styles_of_seeds
from allaprima.latents.walks import Breath as Breath
from allaprima.latents.walks import Walk as Walk
from allaprima.latents.walks import walk as walk
