"""Progressive GAN (Karras et al. 2018), for any height, width and number of channels."""

from allaprima.models.progan.discriminator import Discriminator as Discriminator
from allaprima.models.progan.generator import Generator as Generator
from allaprima.models.progan.generator import SynthesisNetwork as SynthesisNetwork
from allaprima.models.progan.spec import ProGANDiscriminator as ProGANDiscriminator
from allaprima.models.progan.spec import ProGANGenerator as ProGANGenerator
