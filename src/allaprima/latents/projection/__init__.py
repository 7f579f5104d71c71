"""Images to latents: the search, a first guess, the tuning of the generator afterwards, and what is left of it all."""

from allaprima.latents.projection.distance import DiscriminatorDistance as DiscriminatorDistance
from allaprima.latents.projection.distance import Distance as Distance
from allaprima.latents.projection.distance import PerceptualDistance as PerceptualDistance
from allaprima.latents.projection.distance import PyramidDistance as PyramidDistance
from allaprima.latents.projection.distance import SumOfDistances as SumOfDistances
from allaprima.latents.projection.distance import own_distance as own_distance
from allaprima.latents.projection.encoder import Encoder as Encoder
from allaprima.latents.projection.encoder import new_encoder as new_encoder
from allaprima.latents.projection.encoder_file import read_encoder as read_encoder
from allaprima.latents.projection.encoder_file import write_encoder as write_encoder
from allaprima.latents.projection.encoder_training import EncoderTraining as EncoderTraining
from allaprima.latents.projection.outcome import write_outcome as write_outcome
from allaprima.latents.projection.pivotal import PivotalTuning as PivotalTuning
from allaprima.latents.projection.pivotal import Tuning as Tuning
from allaprima.latents.projection.projection import Projection as Projection
from allaprima.latents.projection.projection import project as project
from allaprima.latents.projection.search import Search as Search
from allaprima.latents.projection.search import Step as Step
from allaprima.latents.projection.target import Target as Target
from allaprima.latents.projection.target import fit_target as fit_target
from allaprima.latents.projection.target import psnr as psnr
from allaprima.latents.projection.target import read_target as read_target
