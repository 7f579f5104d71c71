"""The generators T and R of StyleGAN3 (Karras et al. 2021), for any height, width and number of channels."""

from allaprima.models.stylegan3.fourier import SynthesisInput as SynthesisInput
from allaprima.models.stylegan3.generator import Generator as Generator
from allaprima.models.stylegan3.generator import SynthesisNetwork as SynthesisNetwork
from allaprima.models.stylegan3.layer import SynthesisLayer as SynthesisLayer
from allaprima.models.stylegan3.plan import LayerPlan as LayerPlan
from allaprima.models.stylegan3.plan import Signal as Signal
from allaprima.models.stylegan3.plan import plan_layers as plan_layers
from allaprima.models.stylegan3.spec import StyleGAN3Generator as StyleGAN3Generator
