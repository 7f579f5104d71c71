"""StyleGAN3's generator in the plain formulation; see `plain_networks.py`. Its Fourier features are ours.

Axes: n image, s style, d size of w, c channel, h w rows and columns.
"""

import torch
from plain_layers import Linear, Mapping, PlainGenerator
from torch import Tensor, nn

from allaprima.layers.noise import Generators, NoiseMode
from allaprima.models.stylegan3 import StyleGAN3Generator
from allaprima.models.stylegan3.fourier import SynthesisInput
from allaprima.models.stylegan3.plan import LayerPlan, plan_layers
from allaprima.ops import plain


class StyleGAN3Layer(nn.Module):
    """Modulated convolution and filtered leaky ReLU; as ToRGB, modulated convolution and bias."""

    magnitude_ema: Tensor
    up_filter: Tensor | None
    down_filter: Tensor | None

    def __init__(self, plan: LayerPlan, spec: StyleGAN3Generator) -> None:
        super().__init__()
        self.plan, self.conv_clamp = plan, spec.conv_clamp
        inside, outside, k = plan.source.channels, plan.target.channels, plan.kernel_size
        self.affine = Linear(spec.w_dim, inside)
        self.style_gain = 1 / (inside * k**2) ** 0.5
        self.weight = nn.Parameter(torch.empty(outside, inside, k, k))
        self.bias = nn.Parameter(torch.empty(outside))
        self.register_buffer("magnitude_ema", torch.empty([]))
        down = (plan.down_taps,) * (2 if plan.radial else 1)
        self.register_buffer("up_filter", torch.empty(plan.up_taps) if plan.up_taps > 1 else None)
        self.register_buffer("down_filter", torch.empty(down) if plan.down_taps > 1 else None)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        plan, style, weight = self.plan, self.affine(w), self.weight
        if plan.is_torgb:
            style = style * self.style_gain
        else:  # to unit size, before demodulation divides it out again
            weight = weight * weight.square().mean(dim=(1, 2, 3), keepdim=True).rsqrt()
            style = style * style.square().mean().rsqrt()
        x = plain.modulated_conv2d(
            x, weight, style, demodulate=not plan.is_torgb, convolve=_fully, gain=self.magnitude_ema.rsqrt()
        )
        if plan.is_torgb:
            return plain.bias_act(x, self.bias, clamp=self.conv_clamp)
        how = {"up": plan.up, "down": plan.down, "padding": plan.padding, "clamp": self.conv_clamp}
        return plain.filtered_lrelu(x, self.up_filter, self.down_filter, self.bias, **how)


class StyleGAN3Synthesis(nn.Module):
    """ws → image."""

    def __init__(self, spec: StyleGAN3Generator) -> None:
        super().__init__()
        plans = plan_layers(spec)
        self.output_scale = spec.output_scale
        self.input = SynthesisInput(w_dim=spec.w_dim, signal=plans[0].source)
        for plan in plans:
            self.add_module(plan.name, StyleGAN3Layer(plan, spec))

    def forward(self, ws: Tensor, *, noise_mode: NoiseMode = "random", generators: Generators = None) -> Tensor:
        """There is no noise: the arguments are ignored."""
        (first, *layers), (w, *others) = self.children(), ws.unbind(dim=1)
        x: Tensor = first(w)
        for layer, style in zip(layers, others, strict=True):
            x = layer(x, style)
        return x * self.output_scale


class PlainStyleGAN3Generator(PlainGenerator):
    """StyleGAN3, figure 4, configurations T and R."""

    def __init__(self, spec: StyleGAN3Generator) -> None:
        super().__init__()
        self.spec = spec
        self.synthesis = StyleGAN3Synthesis(spec)
        self.mapping = Mapping(spec, z_dim=spec.z_dim, w_dim=spec.w_dim, num_ws=spec.num_ws)


def _fully(x: Tensor, weight: Tensor, *, groups: int) -> Tensor:
    """Convolution padded by the whole kernel."""
    return nn.functional.conv2d(x, weight, padding=weight.shape[-1] - 1, groups=groups)
