"""Networks, each made by `build` from its spec."""

from allaprima.models.geometry import Geometry as Geometry
from allaprima.models.mapping import MappingNetwork as MappingNetwork
from allaprima.models.precision import fast_half as fast_half
from allaprima.models.precision import set_half as set_half
from allaprima.models.spec import DiscriminatorSpec as DiscriminatorSpec
from allaprima.models.spec import GeneratorSpec as GeneratorSpec
from allaprima.models.spec import Spec as Spec
from allaprima.models.spec import build as build
from allaprima.models.spec import count_parameters as count_parameters
from allaprima.models.spec import spec_from_dict as spec_from_dict
from allaprima.models.spec import spec_to_dict as spec_to_dict
from allaprima.models.stylegan2 import Discriminator as Discriminator
from allaprima.models.stylegan2 import Generator as Generator
from allaprima.models.stylegan2 import StyleGAN2Discriminator as StyleGAN2Discriminator
from allaprima.models.stylegan2 import StyleGAN2Generator as StyleGAN2Generator
