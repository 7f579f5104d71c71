"""StyleGAN's mapping network: Karras et al. (2019), section 2."""

import torch
from torch import Tensor, nn

from allaprima.models.mapping import MappingNetwork
from allaprima.models.progan.generator import latent_and_label
from allaprima.models.stylegan.spec import StyleGANGenerator
from allaprima.ops import normalize_second_moment


class LabelConcatMapping(MappingNetwork):
    """As StyleGAN2's, but a label becomes a vector of z's size by a plain matrix and is normalised together with z.

    Deviation: the published layers have He's gain √2 in their weights alone, these have it after the activation, which
    multiplies the bias as well. The functions are the same; a published bias is √2 times the one of this network.
    """

    def __init__(self, spec: StyleGANGenerator) -> None:
        super().__init__(
            z_dim=spec.z_dim * (2 if spec.c_dim else 1),
            c_dim=0,
            w_dim=spec.w_dim,
            num_ws=spec.num_ws,
            num_layers=spec.map_depth,
            lr_multiplier=spec.map_lr_multiplier,
            w_avg_beta=spec.w_avg_beta,
        )
        self.z_dim, self.c_dim = spec.z_dim, spec.c_dim
        if spec.c_dim:
            self.label = nn.Parameter(torch.randn(spec.c_dim, spec.z_dim))

    def inputs(self, z: Tensor | None, c: Tensor | None) -> Tensor:
        """The vector that the layers map: latent and label, normalised together."""
        latent = latent_and_label(z, c, z_dim=self.z_dim, c_dim=self.c_dim)
        if self.c_dim:
            latent = torch.cat([latent[:, : self.z_dim], latent[:, self.z_dim :] @ self.label], dim=1)
        return normalize_second_moment(latent)
