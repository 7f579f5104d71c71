"""StyleGAN's mapping network: Karras et al. (2019), section 2."""

from allaprima.models.mapping import MappingNetwork
from allaprima.models.stylegan.spec import StyleGANGenerator


class LabelConcatMapping(MappingNetwork):
    """As StyleGAN2's, but a label becomes a vector of z's size by a plain matrix and is normalised together with z.

    Deviation: the published layers have He's gain √2 in their weights alone, these have it after the activation, which
    multiplies the bias as well. The functions are the same; a published bias is √2 times the one of this network.
    """

    def __init__(self, spec: StyleGANGenerator) -> None:
        super().__init__(
            z_dim=spec.z_dim,
            c_dim=spec.c_dim,
            w_dim=spec.w_dim,
            num_ws=spec.num_ws,
            num_layers=spec.map_depth,
            lr_multiplier=spec.map_lr_multiplier,
            w_avg_beta=spec.w_avg_beta,
            label="concat",
        )
