"""The alias-free generator: StyleGAN3 (Karras et al. 2021), figure 4.

Axes: n image, s style (one for each layer), d size of w, c channel, h w rows and columns.
"""

from functools import partial
from typing import cast

from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import Generators, NoiseMode
from allaprima.models.checkpointing import through
from allaprima.models.mapping import MappingNetwork
from allaprima.models.painter import Painter
from allaprima.models.precision import at_least_fp32, in_format_of
from allaprima.models.stylegan3.fourier import SynthesisInput
from allaprima.models.stylegan3.layer import SynthesisLayer
from allaprima.models.stylegan3.plan import plan_layers
from allaprima.models.stylegan3.spec import StyleGAN3Generator


class SynthesisNetwork(nn.Module):
    """ws → image: Fourier features, and layers each of which adds somewhat higher frequencies."""

    recomputes: bool = False  # set by `allaprima.models.checkpointing.set_checkpointing`

    def __init__(self, spec: StyleGAN3Generator) -> None:
        super().__init__()
        self.num_ws, self.w_dim = spec.num_ws, spec.w_dim
        self.output_scale = spec.output_scale
        plans = plan_layers(spec)
        self.input = SynthesisInput(w_dim=spec.w_dim, signal=plans[0].source)
        self.layer_names = [plan.name for plan in plans]
        for plan in plans:
            layer = SynthesisLayer(
                plan, w_dim=spec.w_dim, conv_clamp=spec.conv_clamp, magnitude_ema_beta=spec.magnitude_ema_beta
            )
            self.add_module(plan.name, layer)

    def layers(self) -> list[SynthesisLayer]:
        """All layers, from the coarsest to ToRGB."""
        return [cast(SynthesisLayer, self.get_submodule(name)) for name in self.layer_names]

    def forward(
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
            ws: One style for the Fourier features, one for each layer.
            noise_mode: Ignored: these layers add no noise.
            generators: Ignored likewise.
            force_fp32: Run all layers in float32, also those that were set to half precision.
            update_emas: Let each layer's average magnitude follow this batch.

        Returns:
            Images, about [-1, 1], not clamped.
        """
        if ws.shape[1:] != (self.num_ws, self.w_dim):
            raise ValueError(f"ws must be [n, {self.num_ws}, {self.w_dim}], got {list(ws.shape)}")
        first, *others = in_format_of(self, ws).unbind(dim=1)
        x: Tensor = self.input(first)
        for layer, w in zip(self.layers(), others, strict=True):
            layer_now = partial(layer, force_fp32=force_fp32, update_emas=update_emas)
            x = through(layer_now, x, w, recompute=self.recomputes and not update_emas)  # an average moves but once
        return at_least_fp32(x) * self.output_scale


class Generator(Painter):
    """z → image. `mapping` and `synthesis` may be called apart; attributes have the reference's names."""

    def __init__(self, spec: StyleGAN3Generator) -> None:
        super().__init__(spec)
        self.synthesis = SynthesisNetwork(spec)
        self.mapping = MappingNetwork(
            z_dim=spec.z_dim,
            c_dim=spec.c_dim,
            w_dim=spec.w_dim,
            num_ws=spec.num_ws,
            num_layers=spec.map_depth,
            lr_multiplier=spec.map_lr_multiplier,
            w_avg_beta=spec.w_avg_beta,
        )
