"""The networks of the package ``stylegan2_pytorch`` by Phil Wang ("lucidrains"), which are not those of StyleGAN2.

After StyleGAN2 (Karras et al. 2020), with differences that its files depend on: bilinear up-sampling instead of
filtered transposed convolutions, one style for all layers of a resolution, uniform noise that all layers share, plain
convolutions in the discriminator, images in [0, 1]. Written to open such files; training goes better with StyleGAN2.
"""

from allaprima.models.lucidrains.discriminator import Discriminator as Discriminator
from allaprima.models.lucidrains.generator import Generator as Generator
from allaprima.models.lucidrains.spec import LucidrainsDiscriminator as LucidrainsDiscriminator
from allaprima.models.lucidrains.spec import LucidrainsGenerator as LucidrainsGenerator
