"""The discriminator of StyleGAN (Karras et al. 2019), section 2: Progressive GAN's, with a blur before each halving.

Axes: n image, c label, h w rows and columns; rgb stands for the channels of an image.
"""

from jaxtyping import Float
from torch import Tensor

from allaprima.models.progan.discriminator import GrowingDiscriminator
from allaprima.models.stylegan.spec import StyleGANDiscriminator


class Discriminator(GrowingDiscriminator):
    """Image → logit, positive for what it takes for real; with labels, the logit of the image's own class."""

    def __init__(self, spec: StyleGANDiscriminator) -> None:
        super().__init__(spec, outputs=max(spec.c_dim, 1), blur_filter=spec.blur_filter)

    def forward(self, image: Float[Tensor, "n rgb h w"], c: Float[Tensor, "n c"] | None = None) -> Float[Tensor, "n 1"]:
        """Judge images in [-1, 1]; ``c`` are their labels, None or [n, 0] for a network without labels."""
        y = self.outputs(image)
        if not self.c_dim:
            return y
        if c is None or c.shape[1:] != (self.c_dim,):
            got = None if c is None else list(c.shape)
            raise ValueError(f"this model has labels: c must be [n, {self.c_dim}], got {got}")
        return (y * c).sum(dim=1, keepdim=True)
