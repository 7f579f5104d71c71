"""StyleGAN (Karras et al. 2019), for any height, width and number of channels."""

from allaprima.models.stylegan.discriminator import Discriminator as Discriminator
from allaprima.models.stylegan.generator import Generator as Generator
from allaprima.models.stylegan.generator import SynthesisNetwork as SynthesisNetwork
from allaprima.models.stylegan.spec import StyleGANDiscriminator as StyleGANDiscriminator
from allaprima.models.stylegan.spec import StyleGANGenerator as StyleGANGenerator
