"""Networks, each made by `build` from its spec."""

from allaprima.models.geometry import Geometry as Geometry
from allaprima.models.growth import fade as fade
from allaprima.models.lucidrains import LucidrainsDiscriminator as LucidrainsDiscriminator
from allaprima.models.lucidrains import LucidrainsGenerator as LucidrainsGenerator
from allaprima.models.mapping import MappingNetwork as MappingNetwork
from allaprima.models.precision import fast_half as fast_half
from allaprima.models.precision import set_half as set_half
from allaprima.models.progan import ProGANDiscriminator as ProGANDiscriminator
from allaprima.models.progan import ProGANGenerator as ProGANGenerator
from allaprima.models.r3gan import R3GANDiscriminator as R3GANDiscriminator
from allaprima.models.r3gan import R3GANGenerator as R3GANGenerator
from allaprima.models.spec import DiscriminatorSpec as DiscriminatorSpec
from allaprima.models.spec import GeneratorSpec as GeneratorSpec
from allaprima.models.spec import Spec as Spec
from allaprima.models.spec import build as build
from allaprima.models.spec import count_parameters as count_parameters
from allaprima.models.spec import is_generator as is_generator
from allaprima.models.spec import spec_from_dict as spec_from_dict
from allaprima.models.spec import spec_to_dict as spec_to_dict
from allaprima.models.stylegan import StyleGANDiscriminator as StyleGANDiscriminator
from allaprima.models.stylegan import StyleGANGenerator as StyleGANGenerator
from allaprima.models.stylegan2 import StyleGAN2Discriminator as StyleGAN2Discriminator
from allaprima.models.stylegan2 import StyleGAN2Generator as StyleGAN2Generator
from allaprima.models.stylegan3 import StyleGAN3Generator as StyleGAN3Generator
