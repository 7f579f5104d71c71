"""The layers of R3GAN (Huang et al. 2024), section 3: no normalisation, no equalised learning rate, no noise.

Attributes in capitals are the names of the published weights.

Axes: n image, c channel, i input, o output, h w rows and columns.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from einops import einsum, rearrange
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.models.precision import in_format_of
from allaprima.ops import bias_act, conv2d, downsample2d, grouped_conv2d, setup_filter, upsample2d
from allaprima.ops.bias_act import LRELU_SLOPE

LRELU_GAIN = math.sqrt(2 / (1 + LRELU_SLOPE**2))  # keeps the variance through a leaky ReLU (He et al. 2015)


class Weight(nn.Module):
    """A weight [o, i, …], drawn so that outputs have ``gain`` times the standard deviation of the inputs."""

    def __init__(self, *shape: int, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape).mul_(gain / math.prod(shape[1:]) ** 0.5))


class Linear(Weight):
    """Linear map without bias."""

    def __init__(self, in_features: int, out_features: int, *, gain: float = 1.0) -> None:
        super().__init__(out_features, in_features, gain=gain)

    def forward(self, x: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
        """Map each row of ``x``."""
        return F.linear(x, self.weight)


class LabelEmbedding(Linear):
    """Learned linear map of a label."""

    def forward(self, c: Float[Tensor, "n i"] | None) -> Float[Tensor, "n o"]:
        """Embed labels; None, or those of another size, are refused."""
        wanted = self.weight.shape[1]
        if c is None or c.shape[1:] != (wanted,):
            got = "None" if c is None else list(c.shape)
            raise ValueError(f"this model has labels: c must be [n, {wanted}], got {got}")
        return super().forward(in_format_of(self, c))


class Convolution(nn.Module):
    """Convolution without bias, in groups; keeps the size."""

    def __init__(
        self, in_channels: int, out_channels: int, *, kernel_size: int = 1, groups: int = 1, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.groups = groups
        self.Layer = Weight(out_channels, in_channels // groups, kernel_size, kernel_size, gain=gain)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h w"]:
        """Map ``x``."""
        weight = self.Layer.weight.to(x.dtype)
        return conv2d(x, weight) if self.groups == 1 else grouped_conv2d(x, weight, groups=self.groups)


class BiasedActivation(nn.Module):
    """Bias and leaky ReLU, whose gain is in the weights before it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.Bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Map ``x``."""
        return bias_act(x, self.Bias, activation="lrelu", gain=1.0)


class ResidualBlock(nn.Module):
    """Inverted bottleneck with a grouped 3×3 convolution: Huang et al. (2024), section 3, configuration E.

    Args:
        channels: Feature maps of input and output.
        expansion: The 3×3 convolution has so many times as many.
        groups: Groups of the 3×3 convolution.
        num_blocks: L, the residual blocks of the whole network.
    """

    def __init__(self, channels: int, *, expansion: int, groups: int, num_blocks: int) -> None:
        super().__init__()
        wide = channels * expansion
        # Fix-up initialisation (Zhang et al. 2019): L^(-1/(2m - 2)) for the m = 3 layers of a block, the last of them
        # zero, so that a new network without normalisation learns at one speed however deep it is.
        gain = LRELU_GAIN * num_blocks ** (-1 / 4)
        self.LinearLayer1 = Convolution(channels, wide, gain=gain)
        self.NonLinearity1 = BiasedActivation(wide)
        self.LinearLayer2 = Convolution(wide, wide, kernel_size=3, groups=groups, gain=gain)
        self.NonLinearity2 = BiasedActivation(wide)
        self.LinearLayer3 = Convolution(wide, channels, gain=0.0)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Add to ``x``."""
        y = self.NonLinearity1(self.LinearLayer1(x))
        y = self.NonLinearity2(self.LinearLayer2(y))
        out: Tensor = x + self.LinearLayer3(y)
        return out


class Resampler(nn.Module):
    """The low-pass filter, widened by the two pixels that one becomes: [1, 2, 1] gives [1, 3, 3, 1]."""

    Kernel: Tensor

    def __init__(self, taps: Sequence[float]) -> None:
        super().__init__()
        widened = [a + b for a, b in zip((*taps, 0), (0, *taps), strict=True)]
        self.register_buffer("Kernel", setup_filter(widened))


class Upsampling(nn.Module):
    """A 1×1 convolution, if the number of feature maps changes, then twice the resolution."""

    def __init__(self, in_channels: int, out_channels: int, *, resample_filter: Sequence[float]) -> None:
        super().__init__()
        if in_channels != out_channels:
            self.LinearLayer = Convolution(in_channels, out_channels)
        self.Resampler = Resampler(resample_filter)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h2 w2"]:
        """Map ``x``."""
        if hasattr(self, "LinearLayer"):
            x = self.LinearLayer(x)
        return upsample2d(x, self.Resampler.Kernel)


class Downsampling(nn.Module):
    """Half the resolution, then a 1×1 convolution, if the number of feature maps changes."""

    def __init__(self, in_channels: int, out_channels: int, *, resample_filter: Sequence[float]) -> None:
        super().__init__()
        self.Resampler = Resampler(resample_filter)
        if in_channels != out_channels:
            self.LinearLayer = Convolution(in_channels, out_channels)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h2 w2"]:
        """Map ``x``."""
        x = downsample2d(x, self.Resampler.Kernel)
        if hasattr(self, "LinearLayer"):
            x = self.LinearLayer(x)
        return x


class GenerativeBasis(nn.Module):
    """One learned picture for each feature map of the base grid, times a linear function of the latent."""

    def __init__(self, in_features: int, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.Basis = nn.Parameter(torch.randn(channels, *size))
        self.LinearLayer = Linear(in_features, channels)

    def forward(self, w: Float[Tensor, "n i"]) -> Float[Tensor, "n c h w"]:
        """The feature maps of the base grid."""
        strengths: Tensor = rearrange(self.LinearLayer(w), "n c -> n c 1 1")
        return self.Basis * strengths


class DiscriminativeBasis(nn.Module):
    """The inner product of each feature map of the base grid with a learned picture, and a linear map of these.

    It is a depthwise convolution that has room for one place only.
    """

    def __init__(self, channels: int, out_features: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.Basis = Weight(channels, 1, *size)
        self.LinearLayer = Linear(channels, out_features)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n o"]:
        """What the feature maps of the base grid say."""
        y: Tensor = self.LinearLayer(einsum(x, self.Basis.weight[:, 0], "n c h w, c h w -> n c"))
        return y
