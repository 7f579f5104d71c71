"""StyleGAN2 (Karras et al. 2020) and the networks of StyleGAN2-ADA, for any height, width and number of channels."""

from allaprima.models.stylegan2.discriminator import Discriminator as Discriminator
from allaprima.models.stylegan2.generator import Generator as Generator
from allaprima.models.stylegan2.generator import SynthesisNetwork as SynthesisNetwork
from allaprima.models.stylegan2.spec import Architecture as Architecture
from allaprima.models.stylegan2.spec import StyleGAN2Discriminator as StyleGAN2Discriminator
from allaprima.models.stylegan2.spec import StyleGAN2Generator as StyleGAN2Generator
