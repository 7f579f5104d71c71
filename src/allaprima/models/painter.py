"""What all generators of the family have in common: the reference's attributes, and z → ws → image.

Axes: n image, z c w sizes of latent, label and style; rgb stands for the channels of an image, of whatever number.
"""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import Generators, NoiseMode


class Painter(nn.Module):
    """z → image in two steps, which may be called apart.

    Args:
        spec: Tells the sizes of z, of the label, of w and of the images, and how many ws there are.

    Attributes:
        spec: The same.
        mapping: z → ws; see `allaprima.models.mapping.MappingNetwork`.
        synthesis: ws → image.
    """

    mapping: Any
    synthesis: Any

    def __init__(self, spec: Any) -> None:
        super().__init__()
        self.spec = spec
        self.z_dim, self.c_dim, self.w_dim, self.num_ws = spec.z_dim, spec.c_dim, spec.w_dim, spec.num_ws
        self.img_channels, self.img_height, self.img_width = spec.img_channels, spec.height, spec.width
        self.img_resolution = max(spec.height, spec.width)

    @property
    def has_w(self) -> bool:
        """Whether there is a space W, apart from Z: without layers in between, w is the latent, perhaps normalised."""
        return bool(self.mapping.num_layers > 0)

    def forward(
        self,
        z: Float[Tensor, "n z"],
        c: Float[Tensor, "n c"] | None = None,
        *,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
        update_emas: bool = False,
        noise_mode: NoiseMode = "random",
        generators: Generators = None,
        force_fp32: bool = False,
    ) -> Float[Tensor, "n rgb h w"]:
        """Paint one image for each latent; `mapping` and `synthesis` say what the arguments mean."""
        ws = self.mapping(
            z, c, truncation_psi=truncation_psi, truncation_cutoff=truncation_cutoff, update_emas=update_emas
        )
        images: Tensor = self.synthesis(
            ws, noise_mode=noise_mode, generators=generators, force_fp32=force_fp32, update_emas=update_emas
        )
        return images
