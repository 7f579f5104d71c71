"""Which augmentations there are, how likely and how strong: ADA (Karras et al. 2020), appendix B and figure 11."""

import dataclasses
import math
from dataclasses import dataclass

from allaprima.errors import ConfigError

NUM_BANDS = 4  # of the image filter


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentSpec:
    """Multipliers of the probability p, one for each augmentation (0: never), and their strengths.

    Attributes:
        xflip: Mirror left and right.
        rotate90: Turn by multiples of 90° (180° if the image is not square).
        xint: Move by whole pixels.
        scale: Scale both axes alike.
        rotate: Turn by any angle, before and after the anisotropic scaling.
        aniso: Scale the axes by s and 1/s.
        xfrac: Move by fractions of pixels.
        brightness: Add to all colours.
        contrast: Multiply all colours.
        lumaflip: Negate the luma, keep the chroma.
        hue: Turn the chroma.
        saturation: Multiply the chroma.
        imgfilter: Amplify or attenuate each of four frequency bands.
        noise: Add white noise.
        cutout: Erase a rectangle.
        xint_max: Largest move, as a part of the image's size.
        scale_std: Standard deviation of the binary logarithm of the scale.
        rotate_max: Largest angle; 1 is half a turn.
        aniso_std: Standard deviation of the binary logarithm of s.
        xfrac_std: Standard deviation of the move, as a part of the image's size.
        brightness_std: Standard deviation of the brightness, on the scale where images are in [-1, 1].
        contrast_std: Standard deviation of the binary logarithm of the contrast.
        hue_max: Largest turn of the chroma; 1 is half a turn.
        saturation_std: Standard deviation of the binary logarithm of the saturation.
        imgfilter_bands: Multipliers of the probability for each band, lowest frequencies first.
        imgfilter_std: Standard deviation of the binary logarithm of a band's gain.
        noise_std: Standard deviation of the noise's own standard deviation.
        cutout_size: Sides of the rectangle, as a part of the image's sides.

    Raises:
        ConfigError: There are not four frequency bands, or a number is negative.
    """

    xflip: float = 0.0
    rotate90: float = 0.0
    xint: float = 0.0
    scale: float = 0.0
    rotate: float = 0.0
    aniso: float = 0.0
    xfrac: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    lumaflip: float = 0.0
    hue: float = 0.0
    saturation: float = 0.0
    imgfilter: float = 0.0
    noise: float = 0.0
    cutout: float = 0.0
    xint_max: float = 0.125
    scale_std: float = 0.2
    rotate_max: float = 1.0
    aniso_std: float = 0.2
    xfrac_std: float = 0.125
    brightness_std: float = 0.2
    contrast_std: float = 0.5
    hue_max: float = 1.0
    saturation_std: float = 1.0
    imgfilter_bands: tuple[float, ...] = (1.0,) * NUM_BANDS
    imgfilter_std: float = 1.0
    noise_std: float = 0.1
    cutout_size: float = 0.5

    def __post_init__(self) -> None:
        bands = len(self.imgfilter_bands)
        if bands != NUM_BANDS:
            raise ConfigError(f"imgfilter_bands has {bands} numbers, but must have {NUM_BANDS}, one for each band")
        for name in (field.name for field in dataclasses.fields(self)):
            value = getattr(self, name)
            for number in value if isinstance(value, tuple) else (value,):
                if not (math.isfinite(number) and number >= 0):
                    raise ConfigError(f"{name} is {value}, but must be a finite number of at least 0")


BLIT = ("xflip", "rotate90", "xint")
GEOM = ("scale", "rotate", "aniso", "xfrac")
COLOR = ("brightness", "contrast", "lumaflip", "hue", "saturation")


def _pipe(*names: str, color: float = 0.0) -> AugmentSpec:
    """``names`` at full probability, colours at ``color`` of it."""
    return AugmentSpec(**dict.fromkeys(names, 1.0), **dict.fromkeys(COLOR, color))  # type: ignore[arg-type]


PIPES: dict[str, AugmentSpec] = {
    "blit": _pipe(*BLIT),
    "geom": _pipe(*GEOM),
    "color": _pipe(color=1),
    "filter": _pipe("imgfilter"),
    "noise": _pipe("noise"),
    "cutout": _pipe("cutout"),
    "bg": _pipe(*BLIT, *GEOM),
    "bgc": _pipe(*BLIT, *GEOM, color=1),
    "bgcf": _pipe(*BLIT, *GEOM, "imgfilter", color=1),
    "bgcfn": _pipe(*BLIT, *GEOM, "imgfilter", "noise", color=1),
    "bgcfnc": _pipe(*BLIT, *GEOM, "imgfilter", "noise", "cutout", color=1),
    "r3gan": _pipe(*BLIT, *GEOM, "cutout", color=0.5),  # R3GAN (Huang et al. 2024)
}
"""The sets of augmentations that figure 4 of the paper compares, by their published names; ``bgc`` is the default."""
