"""What a StyleGAN3 generator is, as data. Its discriminator is that of StyleGAN2."""

from dataclasses import dataclass

from allaprima.errors import ConfigError
from allaprima.models.requirement import require


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleGAN3Generator:
    """Spec of a generator; the defaults are configuration T. Field names are those of the reference tools.

    Configuration R (equivariant to rotations too) has ``conv_kernel`` 1, ``use_radial_filters``, and twice the
    ``channel_base`` and ``channel_max``. Frequencies are in cycles along the longer side of the image.

    Attributes:
        height: Rows of the images.
        width: Columns of the images.
        img_channels: 1 gray, 2 gray with alpha, 3 RGB, 4 RGB with alpha, or any other number.
        z_dim: Size of the latent z.
        c_dim: Size of the label; 0 for none.
        w_dim: Size of the intermediate latent w.
        map_depth: Layers of the mapping network.
        map_lr_multiplier: Learning rate of the mapping network, relative to the generator's.
        w_avg_beta: Share of itself that the average of w keeps at each update.
        channel_base: A layer of cutoff f has ``channel_base / (2 f)`` feature maps …
        channel_max: … but at most so many.
        num_layers: Layers, without the Fourier features and without ToRGB.
        num_critical: The so many last layers use all that their grid can hold.
        first_cutoff: Cutoff of the first layer.
        first_stopband: Frequency from which the first layer passes nothing.
        last_stopband_rel: The same of the last layer, relative to its cutoff, which is half the resolution.
        margin_size: Pixels that a layer has more on each side than the image needs.
        output_scale: Factor on the image.
        conv_kernel: Side of the kernels.
        use_radial_filters: Down-sample with radial filters, except in the critical layers.
        filter_size: Taps of a filter, per factor of resampling.
        lrelu_upsampling: The nonlinearity works on a grid that is finer by this factor.
        conv_clamp: Bound of every layer's output, against overflow in half precision; None does not bound.
        num_fp16_res: The so many finest resolutions run in half precision where a training or a caller asks for that.
        magnitude_ema_beta: Share of itself that the average magnitude of a layer's input keeps at each update.

    Raises:
        ConfigError: A field is out of range, or does not go with another one.
    """

    height: int
    width: int
    img_channels: int
    z_dim: int = 512
    c_dim: int = 0
    w_dim: int = 512
    map_depth: int = 2
    map_lr_multiplier: float = 0.01
    w_avg_beta: float = 0.998
    channel_base: int = 32768
    channel_max: int = 512
    num_layers: int = 14
    num_critical: int = 2
    first_cutoff: float = 2.0
    first_stopband: float = 2**2.1
    last_stopband_rel: float = 2**0.3
    margin_size: int = 10
    output_scale: float = 0.25
    conv_kernel: int = 3
    use_radial_filters: bool = False
    filter_size: int = 6
    lrelu_upsampling: int = 2
    conv_clamp: float | None = 256.0
    num_fp16_res: int = 4
    magnitude_ema_beta: float = 0.999

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1:
            raise ConfigError(f"an image of {self.height}×{self.width} pixels (height × width) has no pixels")
        for field in ("img_channels", "z_dim", "w_dim", "map_depth", "channel_base", "channel_max", "num_layers"):
            self._require(field, getattr(self, field) >= 1, "at least 1")
        for field in ("c_dim", "margin_size", "num_fp16_res"):
            self._require(field, getattr(self, field) >= 0, "at least 0")
        for field in ("map_lr_multiplier", "first_cutoff", "output_scale"):
            self._require(field, getattr(self, field) > 0, "more than 0")
        for field in ("w_avg_beta", "magnitude_ema_beta"):
            self._require(field, 0 <= getattr(self, field) <= 1, "between 0 and 1")
        # At least one: the layer before ToRGB must work at the image's own resolution.
        self._require("num_critical", 1 <= self.num_critical < self.num_layers, "at least 1 and less than num_layers")
        self._require("first_stopband", self.first_stopband > self.first_cutoff, "more than first_cutoff")
        self._require("last_stopband_rel", self.last_stopband_rel > 1, "more than 1")
        self._require("conv_kernel", self.conv_kernel >= 1 and self.conv_kernel % 2 == 1, "odd")
        self._require("filter_size", self.filter_size >= 1, "at least 1")
        self._require("lrelu_upsampling", self.lrelu_upsampling >= 1, "at least 1")
        self._require("conv_clamp", self.conv_clamp is None or self.conv_clamp > 0, "more than 0, or None for no bound")

    @property
    def num_ws(self) -> int:
        """How many layers take a style of their own: all, the Fourier features and ToRGB."""
        return self.num_layers + 2

    def _require(self, field: str, holds: bool, wanted: str) -> None:
        require(holds, field, getattr(self, field), wanted)
