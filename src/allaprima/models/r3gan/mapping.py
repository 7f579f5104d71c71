"""From a latent and a label to what R3GAN paints from: both side by side, nothing learned but the label's embedding.

R3GAN (Huang et al. 2024) has no mapping network; this stands where the other systems have theirs.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from allaprima.models.precision import in_format_of
from allaprima.models.r3gan.layers import LabelEmbedding, Linear


class LatentMapping:
    """[z, embedded label] as the one style of the generator. It owns no parameter: the layers are the generator's.

    Args:
        z_dim: Size of z.
        embedding: Embeds the label; None for a network without labels.
        reader: The layer that reads the style.
    """

    num_ws = 1
    num_layers = 0  # see `allaprima.models.painter.Painter.has_w`

    def __init__(self, z_dim: int, embedding: LabelEmbedding | None, reader: Linear) -> None:
        self.z_dim, self.w_dim = z_dim, reader.weight.shape[1]
        self.c_dim = 0 if embedding is None else embedding.weight.shape[1]
        self.embedding = embedding
        self.reader = reader

    @property
    def w_avg(self) -> Float[Tensor, "w"]:
        """The average style but for the label: zero, the mean of z."""
        return self.reader.weight.new_zeros(self.w_dim)

    def __call__(
        self,
        z: Float[Tensor, "n z"],
        c: Float[Tensor, "n c"] | None = None,
        *,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
        update_emas: bool = False,
    ) -> Float[Tensor, "n 1 w"]:
        """Put latents and labels side by side.

        Args:
            z: Standard normal latents, taken as they are.
            c: Labels; None or [n, 0] for a network without labels.
            truncation_psi: Factor on z; 0 gives the average image of each class, since the label stays as it is.
            truncation_cutoff: None, or 1 and more: truncate the one style that there is; 0: do not.
            update_emas: Without effect: the average of z is known.
        """
        if z.shape[1:] != (self.z_dim,):
            raise ValueError(f"z must be [n, {self.z_dim}], got {list(z.shape)}")
        w = in_format_of(self.reader, z)
        if truncation_psi != 1 and truncation_cutoff != 0:
            w = w * truncation_psi
        if self.embedding is not None:
            w = torch.cat([w, self.embedding(c)], dim=1)
        return rearrange(w, "n w -> n 1 w")
