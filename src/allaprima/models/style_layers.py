"""What each of a generator's styles paints: StyleGAN (Karras et al. 2019), section 3.1 and figure 3."""

from typing import Any, Literal, NamedTuple

from allaprima.models.lucidrains import LucidrainsGenerator
from allaprima.models.stylegan import StyleGANGenerator
from allaprima.models.stylegan2 import StyleGAN2Generator
from allaprima.models.stylegan3 import StyleGAN3Generator
from allaprima.models.stylegan3.plan import plan_layers

Depth = Literal["coarse", "middle", "fine"]

LAST_COARSE, LAST_MIDDLE = 8, 32  # resolutions: 4²–8² coarse, 16²–32² middle, 64² and more fine


class StyleLayer(NamedTuple):
    """One row of ``ws``.

    Attributes:
        name: Of the layer that reads it, as in the state dict. A style of two layers has the first one's name.
        resolution: Name of its block: 4, 8, 16, …; in StyleGAN3 the resolution that holds the layer's cutoff.
    """

    name: str
    resolution: float

    @property
    def depth(self) -> Depth:
        """Coarse, middle or fine, as the paper divides the layers."""
        if self.resolution <= LAST_COARSE:
            return "coarse"
        return "middle" if self.resolution <= LAST_MIDDLE else "fine"


def style_layers(G: Any) -> list[StyleLayer]:
    """What the rows of ``ws`` are for, from the coarsest: ``G.num_ws`` of them.

    Progressive GAN and R3GAN have a single row, which all layers paint from: its resolution is that of the base.
    """
    match G.spec:
        case StyleGAN2Generator() as spec:
            convolutions = [
                StyleLayer(f"b{r}.{layer}", r)
                for r in spec.geometry.resolutions
                for layer in (("conv1",) if r == 4 else ("conv0", "conv1"))
            ]
            last = spec.geometry.resolutions[-1]
            return [*convolutions, StyleLayer(f"b{last}.torgb", last)]
        case StyleGANGenerator() as spec:
            return [
                StyleLayer(f"b{r}.{layer}", r)
                for r in spec.geometry.resolutions
                for layer in (("input", "conv1") if r == 4 else ("conv0", "conv1"))
            ]
        case LucidrainsGenerator() as spec:
            return [StyleLayer(f"b{r}", r) for r in spec.geometry.resolutions]
        case StyleGAN3Generator() as spec:
            plans = plan_layers(spec)
            first = StyleLayer("input", _resolution(plans[0].source.cutoff))
            return [first, *(StyleLayer(plan.name, _resolution(plan.target.cutoff)) for plan in plans)]
    return [StyleLayer("all", 4)]


def _resolution(cutoff: float) -> float:
    """Pixels along the longer side that hold this many cycles."""
    return round(2 * cutoff, 3)
