"""The discriminator of R3GAN (Huang et al. 2024), section 3, configuration E: its generator the other way round.

Attributes in capitals are the names of the published weights.

Axes: n image, c label or channel, h w rows and columns.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.models.checkpointing import through
from allaprima.models.judge import Judge
from allaprima.models.precision import enter_block
from allaprima.models.r3gan.layers import Convolution, LabelEmbedding
from allaprima.models.r3gan.spec import R3GANDiscriminator
from allaprima.models.r3gan.stage import discriminator_stage


class Discriminator(Judge):
    """Image → logit, higher for what it takes for real; only differences between logits mean something in R3GAN."""

    recomputes: bool = False  # set by `allaprima.models.checkpointing.set_checkpointing`

    def __init__(self, spec: R3GANDiscriminator) -> None:
        super().__init__()
        self.spec = spec
        self.geometry = spec.geometry
        resolutions = spec.geometry.resolutions[::-1]
        self.ExtractionLayer = Convolution(spec.img_channels, spec.channels(resolutions[0]))
        self.MainLayers = nn.ModuleList(discriminator_stage(spec, resolution) for resolution in resolutions)
        if spec.c_dim:
            self.EmbeddingLayer = LabelEmbedding(spec.c_dim, spec.embedded, gain=spec.embedded**-0.5)

    def forward(self, image: Float[Tensor, "n rgb h w"], c: Float[Tensor, "n c"] | None = None) -> Float[Tensor, "n 1"]:
        """Judge images in [-1, 1]; ``c`` are their labels, None or [n, 0] for a network without labels."""
        self.check(image)
        half: torch.dtype | None = self.MainLayers[0].half_dtype  # type: ignore[assignment]
        x: Tensor = self.ExtractionLayer(enter_block(self.geometry.pad(image), half))
        for stage in self.MainLayers:
            x = through(stage, x, recompute=self.recomputes)
        if self.c_dim:  # projection: Miyato & Koyama (2018)
            x = (x * self.EmbeddingLayer(c)).sum(dim=1, keepdim=True)
        return x
