"""One layer of the synthesis: StyleGAN3 (Karras et al. 2021), figure 4 (b).

Axes: n image, i input channel, o output channel, d size of w, h w rows and columns.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import EqualizedLinear
from allaprima.models.precision import at_least_fp32, enter_block
from allaprima.models.stylegan3.plan import LayerPlan
from allaprima.ops import bias_act, conv2d, filtered_lrelu, jinc_lowpass, kaiser_lowpass, modulated_conv2d


class SynthesisLayer(nn.Module):
    """Modulated convolution, bias and filtered leaky ReLU; as ToRGB, modulated convolution and bias.

    Args:
        plan: Sizes, rates and cutoffs.
        w_dim: Size of w.
        conv_clamp: Bound of the output; None does not bound it.
        magnitude_ema_beta: Share of itself that the average magnitude keeps at each update.
    """

    magnitude_ema: Tensor
    up_filter: Tensor | None
    down_filter: Tensor | None
    half_dtype: torch.dtype | None = None  # set by `allaprima.models.precision.set_half`
    takes_gain_first: bool = False  # set by `allaprima.training.averages`: no image then depends on its neighbours

    def __init__(
        self, plan: LayerPlan, *, w_dim: int, conv_clamp: float | None = None, magnitude_ema_beta: float = 0.999
    ) -> None:
        super().__init__()
        self.plan = plan
        self.may_be_half = plan.may_be_half
        self.conv_clamp = conv_clamp
        self.magnitude_ema_beta = magnitude_ema_beta
        inside, outside, k = plan.source.channels, plan.target.channels, plan.kernel_size
        self.affine = EqualizedLinear(w_dim, inside, initial_bias=1.0)  # every style starts at 1
        self.style_gain = 1 / (inside * k**2) ** 0.5 if plan.is_torgb else 1.0
        self.weight = nn.Parameter(torch.randn(outside, inside, k, k))
        self.bias = nn.Parameter(torch.zeros(outside))
        self.register_buffer("magnitude_ema", torch.ones([]))
        self.register_buffer("up_filter", _up_filter(plan))
        self.register_buffer("down_filter", _down_filter(plan))

    def forward(
        self,
        x: Float[Tensor, "n i h w"],
        w: Float[Tensor, "n d"],
        *,
        force_fp32: bool = False,
        update_emas: bool = False,
    ) -> Float[Tensor, "n o h2 w2"]:
        """Map ``x`` in the style of ``w``.

        ``force_fp32`` computes in float32; ``update_emas`` lets the average magnitude follow that of ``x``.
        """
        x = enter_block(x, None if force_fp32 else self.half_dtype)
        if update_emas and not self.takes_gain_first:
            self._track_magnitude(x)
        input_gain = self.magnitude_ema.rsqrt()  # appendix C.2: instead of normalising each image by itself
        if update_emas and self.takes_gain_first:
            self._track_magnitude(x)

        def convolve(x: Tensor, weight: Tensor) -> Tensor:
            # Padding by the whole kernel: the signal beyond the grid is cropped by the filters, later.
            return conv2d(x, weight * input_gain.to(weight.dtype), padding=weight.shape[-1] - 1)

        # The paper also scales kernels and styles to unit size before demodulation, which divides it out again: it
        # matters through ε alone, and here an image does not depend on the styles of its neighbours.
        style = self.affine(w) * self.style_gain
        x = modulated_conv2d(x, self.weight, style, demodulate=not self.plan.is_torgb, convolve=convolve)
        if self.plan.is_torgb:
            return bias_act(x, self.bias, clamp=self.conv_clamp)
        return filtered_lrelu(
            x,
            self.up_filter,
            self.down_filter,
            self.bias,
            up=self.plan.up,
            down=self.plan.down,
            padding=self.plan.padding,
            clamp=self.conv_clamp,
        )

    def _track_magnitude(self, x: Tensor) -> None:
        magnitude = at_least_fp32(x.detach()).square().mean()
        self.magnitude_ema.copy_(magnitude.lerp(self.magnitude_ema, self.magnitude_ema_beta))


def _up_filter(plan: LayerPlan) -> Tensor | None:
    if plan.up_taps == 1:
        return None
    source = plan.source
    return kaiser_lowpass(plan.up_taps, cutoff=source.cutoff, half_width=source.half_width, rate=plan.fine_rate)


def _down_filter(plan: LayerPlan) -> Tensor | None:
    if plan.down_taps == 1:
        return None
    target, lowpass = plan.target, jinc_lowpass if plan.radial else kaiser_lowpass
    return lowpass(plan.down_taps, cutoff=target.cutoff, half_width=target.half_width, rate=plan.fine_rate)
