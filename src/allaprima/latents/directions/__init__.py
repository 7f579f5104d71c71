"""Directions in the styles of a generator: found, kept in files, followed."""

from allaprima.latents.directions.arithmetic import difference as difference
from allaprima.latents.directions.arithmetic import weighted_sum as weighted_sum
from allaprima.latents.directions.arithmetic import without as without
from allaprima.latents.directions.boundary import Boundary as Boundary
from allaprima.latents.directions.boundary import boundary as boundary
from allaprima.latents.directions.boundary import boundary_direction as boundary_direction
from allaprima.latents.directions.boundary import class_boundaries as class_boundaries
from allaprima.latents.directions.direction import Direction as Direction
from allaprima.latents.directions.direction import along as along
from allaprima.latents.directions.direction import apply_direction as apply_direction
from allaprima.latents.directions.direction_file import read_directions as read_directions
from allaprima.latents.directions.direction_file import write_directions as write_directions
from allaprima.latents.directions.pca import pca as pca
from allaprima.latents.directions.sefa import sefa as sefa
from allaprima.latents.directions.strips import strip_film as strip_film
from allaprima.latents.directions.strips import strips as strips
