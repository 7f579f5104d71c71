"""The generator of R3GAN (Huang et al. 2024), section 3, configuration E.

Attributes in capitals are the names of the published weights.

Axes: n image, s style (there is one), z d sizes of latents, c label or channel, h w rows and columns.
"""

from functools import partial

from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import Generators, NoiseMode
from allaprima.models.checkpointing import through
from allaprima.models.painter import Painter
from allaprima.models.precision import at_least_fp32, in_format_of
from allaprima.models.r3gan.layers import Convolution, LabelEmbedding
from allaprima.models.r3gan.mapping import LatentMapping
from allaprima.models.r3gan.spec import R3GANGenerator
from allaprima.models.r3gan.stage import generator_stage


class Generator(Painter):
    """z → image. Has the interface of the style-based generators; its one style is [z, embedded label]."""

    recomputes: bool = False  # set by `allaprima.models.checkpointing.set_checkpointing`

    def __init__(self, spec: R3GANGenerator) -> None:
        super().__init__(spec)
        self.geometry = spec.geometry
        resolutions = spec.geometry.resolutions
        self.MainLayers = nn.ModuleList(generator_stage(spec, resolution) for resolution in resolutions)
        self.AggregationLayer = Convolution(spec.channels(resolutions[-1]), spec.img_channels)
        embedding = LabelEmbedding(spec.c_dim, spec.embedded) if spec.c_dim else None
        if embedding is not None:
            self.EmbeddingLayer = embedding
        reader = self.MainLayers[0].Layers[0].LinearLayer  # type: ignore[union-attr,index]
        self.mapping = LatentMapping(spec.z_dim, embedding, reader)

    def synthesis(
        self,
        ws: Float[Tensor, "n s d"],
        *,
        noise_mode: NoiseMode = "random",
        generators: Generators = None,
        force_fp32: bool = False,
        update_emas: bool = False,
    ) -> Float[Tensor, "n rgb h w"]:
        """Paint.

        Args:
            ws: What `mapping` returns.
            noise_mode: Without effect, like ``generators`` and ``update_emas``: nothing here draws noise or averages.
            generators: Without effect.
            force_fp32: Run all stages in float32, also those that were set to half precision.
            update_emas: Without effect.

        Returns:
            Images, about [-1, 1], not clamped.
        """
        if ws.shape[1:] != (1, self.w_dim):
            raise ValueError(f"ws must be [n, 1, {self.w_dim}], got {list(ws.shape)}")
        x = in_format_of(self, ws[:, 0])
        for stage in self.MainLayers:
            x = through(partial(stage, force_fp32=force_fp32), x, recompute=self.recomputes)
        return self.geometry.crop(at_least_fp32(self.AggregationLayer(x)))
