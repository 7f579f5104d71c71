"""The mapping network, z → w: StyleGAN (Karras et al. 2019), section 2; truncation in W, its appendix B."""

from typing import Literal

import torch
from einops import repeat
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import EqualizedLinear
from allaprima.models.precision import at_least_fp32, in_format_of
from allaprima.ops import normalize_second_moment

LabelInput = Literal["embed", "concat"]


class MappingNetwork(nn.Module):
    """Multi-layer perceptron from a latent z and a label c to the intermediate latent w.

    Without ``num_ws`` it is the label mapping of a projection discriminator: it returns one vector and tracks no
    average.

    Args:
        z_dim: Size of z; 0 for a network of the label alone.
        c_dim: Size of the label; 0 for none.
        w_dim: Size of w.
        num_ws: How often w is repeated, once for each layer that it styles; None: not at all.
        num_layers: Number of linear layers.
        lr_multiplier: Learning rate of the layers, relative to the network's.
        w_avg_beta: The average of w keeps this share of itself at each update.
        embed_dim: Size of the embedded label; None: that of w.
        hidden_dim: Size of the layers before the last; None: that of w.
        label: ``embed``: the label is embedded by a linear layer, and normalised apart from z (StyleGAN2-ADA);
            ``concat``: it becomes a vector of z's size by a plain matrix, and is normalised together with z (the
            TensorFlow programs of StyleGAN and StyleGAN2).
    """

    w_avg: Tensor

    def __init__(
        self,
        *,
        z_dim: int,
        c_dim: int,
        w_dim: int,
        num_ws: int | None,
        num_layers: int = 8,
        lr_multiplier: float = 0.01,
        w_avg_beta: float = 0.998,
        embed_dim: int | None = None,
        hidden_dim: int | None = None,
        label: LabelInput = "embed",
    ) -> None:
        super().__init__()
        self.z_dim, self.c_dim, self.w_dim, self.num_ws = z_dim, c_dim, w_dim, num_ws
        self.num_layers = num_layers
        self.w_avg_beta = w_avg_beta
        embedded = 0
        if c_dim and label == "embed":
            embedded = w_dim if embed_dim is None else embed_dim
            self.embed = EqualizedLinear(c_dim, embedded)
        elif c_dim:
            embedded = z_dim
            self.label = nn.Parameter(torch.randn(c_dim, z_dim))
        hidden = w_dim if hidden_dim is None else hidden_dim
        sizes = [z_dim + embedded] + [hidden] * (num_layers - 1) + [w_dim] * min(num_layers, 1)
        for i in range(num_layers):
            layer = EqualizedLinear(sizes[i], sizes[i + 1], activation="lrelu", lr_multiplier=lr_multiplier)
            self.add_module(f"fc{i}", layer)
        if num_ws is not None:
            self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(
        self,
        z: Float[Tensor, "n z"] | None,
        c: Float[Tensor, "n c"] | None = None,
        *,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
        update_emas: bool = False,
    ) -> Float[Tensor, "n ws w"] | Float[Tensor, "n w"]:
        """Map latents to styles.

        Args:
            z: Standard normal latents; scaled to the hypersphere here.
            c: Labels; None or [n, 0] for a network without labels.
            truncation_psi: 1 leaves w as it is, 0 gives the average image: w_avg + ψ (w − w_avg).
            truncation_cutoff: Number of leading layers that are truncated; None: all.
            update_emas: Let w_avg follow the mean of this batch.
        """
        w = self.inputs(z, c)
        for i in range(self.num_layers):
            w = self.get_submodule(f"fc{i}")(w)
        if self.num_ws is None:
            return w
        if update_emas:
            self.w_avg.copy_(w.detach().mean(dim=0).lerp(self.w_avg, self.w_avg_beta))
        ws = repeat(w, "n w -> n ws w", ws=self.num_ws)
        if truncation_psi == 1:
            return ws
        near = self.w_avg.lerp(ws, truncation_psi)
        if truncation_cutoff is None:
            return near
        return torch.cat([near[:, :truncation_cutoff], ws[:, truncation_cutoff:]], dim=1)

    def inputs(self, z: Tensor | None, c: Tensor | None) -> Tensor:
        """The vector [n, inputs] that the layers map: z [n, z_dim] and c [n, c_dim], each normalised."""
        if self.z_dim and (z is None or z.shape[1:] != (self.z_dim,)):
            raise ValueError(f"z must be [n, {self.z_dim}], got {_shape(z)}")
        if self.c_dim and (c is None or c.shape[1:] != (self.c_dim,)):
            raise ValueError(f"this model has labels: c must be [n, {self.c_dim}], got {_shape(c)}")
        latent = [] if z is None or not self.z_dim else [in_format_of(self, z)]
        if c is None or not self.c_dim:
            return normalize_second_moment(latent[0])
        if hasattr(self, "label"):
            return normalize_second_moment(torch.cat([*latent, in_format_of(self, c) @ self.label], dim=1))
        parts = [*latent, self.embed(in_format_of(self, c))]
        return torch.cat([normalize_second_moment(part) for part in parts], dim=1)


class LatentNormalization(MappingNetwork):
    """A mapping network without layers: z and the label, side by side, scaled to one hypersphere (Progressive GAN).

    The average of w stays 0, so that truncation shrinks the latent.
    """

    def __init__(self, *, z_dim: int, c_dim: int) -> None:
        w_dim = z_dim + c_dim
        super().__init__(z_dim=w_dim, c_dim=0, w_dim=w_dim, num_ws=1, num_layers=0, w_avg_beta=1.0)
        self.z_dim, self.c_dim = z_dim, c_dim

    def inputs(self, z: Tensor | None, c: Tensor | None) -> Tensor:
        """The vector that is painted from: latent and label, normalised together."""
        return normalize_second_moment(latent_and_label(z, c, z_dim=self.z_dim, c_dim=self.c_dim))


def latent_and_label(z: Tensor | None, c: Tensor | None, *, z_dim: int, c_dim: int) -> Float[Tensor, "n d"]:
    """[z, c], or z alone without labels; ValueError if one of them has the wrong shape."""
    if z is None or z.shape[1:] != (z_dim,):
        raise ValueError(f"z must be [n, {z_dim}], got {_shape(z)}")
    if not c_dim:
        return at_least_fp32(z)
    if c is None or c.shape[1:] != (c_dim,):
        raise ValueError(f"this model has labels: c must be [n, {c_dim}], got {_shape(c)}")
    return torch.cat([at_least_fp32(z), at_least_fp32(c)], dim=1)


def _shape(x: Tensor | None) -> str:
    return "None" if x is None else str(list(x.shape))
