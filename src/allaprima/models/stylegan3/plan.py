"""Which frequencies each layer carries, on which grid: StyleGAN3 (Karras et al. 2021), section 3.2 and appendix C.1.

Cutoffs and stopbands grow geometrically from layer to layer; a layer's sampling rate is the lowest of a ladder that
holds its stopband. Frequencies are in cycles, rates in samples along the longer side of the image, of R pixels.

Deviation: the paper's ladder is that of the powers of two. Ours is R, R/2, R/4, …, which is the same where R is a power
of two, and for any other R too ends at the image's own pixels, with whole factors between the rates; lower rates may be
fractions. A grid's size need not be a multiple of its rate, as all grids are centred on the image, exactly. So a
non-square image needs no more than fewer samples along its shorter side.

Deviation: for R < 8 the first layer's band is narrowed to R/4, half of what the grid of the image holds.

Sizes are (height, width), paddings (top, bottom, left, right).
"""

import math
from dataclasses import dataclass

from allaprima.models.stylegan3.spec import StyleGAN3Generator

Size = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Feature maps as a continuous signal, and the grid that samples it.

    Attributes:
        cutoff: Frequencies up to here are meant to be there.
        stopband: From here on there are none.
        rate: Samples along the longer side of the image.
        size: (height, width) of the grid with its margins.
        channels: Feature maps.
    """

    cutoff: float
    stopband: float
    rate: float
    size: Size
    channels: int

    @property
    def half_width(self) -> float:
        """Half of the low-pass filter's transition: as wide as the grid allows, softer filters ringing less."""
        return max(self.stopband, self.rate / 2) - self.cutoff


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPlan:
    """One layer: from a signal, over a finer grid on which the nonlinearity works, to a signal.

    Attributes:
        name: L, number, longer side, channels: the name in published files.
        source: What comes in.
        target: What goes out.
        kernel_size: Side of the convolution's kernel.
        is_torgb: Whether this layer makes colours: no demodulation, no nonlinearity, no filters.
        radial: Whether the low-pass filter is radial.
        may_be_half: Whether the layer may run in half precision.
        fine_rate: Sampling rate of the grid of the nonlinearity.
        filter_size: Taps of a filter, per factor of resampling.
    """

    name: str
    source: Signal
    target: Signal
    kernel_size: int
    is_torgb: bool
    radial: bool
    may_be_half: bool
    fine_rate: float
    filter_size: int

    @property
    def up(self) -> int:
        """Factor from the incoming to the fine grid."""
        return round(self.fine_rate / self.source.rate)

    @property
    def down(self) -> int:
        """Factor from the fine to the outgoing grid."""
        return round(self.fine_rate / self.target.rate)

    @property
    def up_taps(self) -> int:
        """Length of the filter that interpolates; 1: none."""
        return self.filter_size * self.up if self.up > 1 and not self.is_torgb else 1

    @property
    def down_taps(self) -> int:
        """Length of the low-pass filter before down-sampling; 1: none."""
        return self.filter_size * self.down if self.down > 1 and not self.is_torgb else 1

    @property
    def padding(self) -> tuple[int, int, int, int]:
        """Of the up-sampled image, such that both grids have one centre."""
        return (*self._padding(0), *self._padding(1))

    def _padding(self, axis: int) -> tuple[int, int]:
        fine = (self.target.size[axis] - 1) * self.down + 1  # from the first to the last sample that is kept
        given = (self.source.size[axis] + self.kernel_size - 1) * self.up  # the convolution pads by its whole kernel
        total = fine - given + self.up_taps + self.down_taps - 2
        before = (total + self.up) // 2  # of the inserted zeros, up - 1 follow the last sample
        return (before, total - before)


def plan_layers(spec: StyleGAN3Generator) -> tuple[LayerPlan, ...]:
    """All layers from the Fourier features to the image; the last one is ToRGB."""
    signals = [_signal(spec, i) for i in range(spec.num_layers + 1)]
    return tuple(_layer(spec, i, signals[max(i - 1, 0)], signals[i]) for i in range(spec.num_layers + 1))


def _signal(spec: StyleGAN3Generator, i: int) -> Signal:
    """What layer ``i`` gives out (appendix C.1)."""
    longer = max(spec.height, spec.width)
    last_cutoff = longer / 2
    last_stopband = last_cutoff * spec.last_stopband_rel
    first_cutoff = min(spec.first_cutoff, last_cutoff / 2)
    first_stopband = min(spec.first_stopband, last_stopband)
    exponent = min(i / (spec.num_layers - spec.num_critical), 1)
    cutoff = first_cutoff * (last_cutoff / first_cutoff) ** exponent
    stopband = first_stopband * (last_stopband / first_stopband) ** exponent
    rate = _sampling_rate(2 * stopband, longer)
    channels = max(round(min(spec.channel_base / 2 / cutoff, spec.channel_max)), 1)
    if i == spec.num_layers:
        channels = spec.img_channels
    margin = 0 if i >= spec.num_layers - 1 else 2 * spec.margin_size
    height, width = (math.ceil(rate * side / longer) + margin for side in (spec.height, spec.width))
    return Signal(cutoff=cutoff, stopband=stopband, rate=rate, size=(height, width), channels=channels)


def _sampling_rate(wanted: float, longer: int) -> float:
    """The lowest of R, R/2, R/4, … that is not below ``wanted``; at most R, where the critical layers want more."""
    rate = float(longer)
    while rate / 2 >= wanted:
        rate /= 2
    return rate


def _layer(spec: StyleGAN3Generator, i: int, source: Signal, target: Signal) -> LayerPlan:
    is_torgb = i == spec.num_layers
    is_critical = i >= spec.num_layers - spec.num_critical
    return LayerPlan(
        name=f"L{i}_{max(target.size)}_{target.channels}",
        source=source,
        target=target,
        kernel_size=1 if is_torgb else spec.conv_kernel,
        is_torgb=is_torgb,
        radial=spec.use_radial_filters and not is_critical,
        may_be_half=target.rate * 2**spec.num_fp16_res > max(spec.height, spec.width),
        fine_rate=max(source.rate, target.rate) * (1 if is_torgb else spec.lrelu_upsampling),
        filter_size=spec.filter_size,
    )
