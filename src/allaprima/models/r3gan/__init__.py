"""R3GAN (Huang et al. 2024, "The GAN is dead; long live the GAN!"), for any height, width and number of channels."""

from allaprima.models.r3gan.discriminator import Discriminator as Discriminator
from allaprima.models.r3gan.generator import Generator as Generator
from allaprima.models.r3gan.spec import R3GANDiscriminator as R3GANDiscriminator
from allaprima.models.r3gan.spec import R3GANGenerator as R3GANGenerator
