"""Layer swapping: Pinkney & Adler (2020), "Resolution dependent GAN interpolation for controllable image synthesis
between domains", section 2.
"""

from typing import Any, Literal

import torch

from allaprima.errors import ConfigError
from allaprima.models import is_generator
from allaprima.surgery.assembly import assemble
from allaprima.surgery.depth import Depth, depths
from allaprima.surgery.likeness import require_alike

Owner = Literal["a", "b"]


def blend(
    A: Any,
    B: Any,
    *,
    from_resolution: float | None = None,
    mix: float = 1.0,
    smooth: int = 0,
    mapping: Owner = "a",
) -> Any:
    """The generator with the coarse layers of ``A`` and the fine layers of ``B``: the one's shapes, the other's paint.

    Args:
        A: Paints composition, pose, shapes.
        B: Paints texture and colours. Best fine-tuned from ``A``, or with it from a common parent.
        from_resolution: The first resolution of ``B``: the name of a block (4, 8, 16, …; for 24×24 images 4, 8 and 16
            stand for 6×6, 12×12 and 24×24). StyleGAN3: any number of pixels; the layers whose cutoff they can hold,
            and finer ones, are of ``B``. None: all layers.
        mix: Share of ``B`` in its layers.
        smooth: The first so many of its layers go over from ``A`` to ``B`` step by step.
        mapping: Whose mapping network and average of w it has.

    Raises:
        ConfigError: The generators differ in more than their weights, or have no layer of that resolution.
    """
    if not (is_generator(A.spec) and is_generator(B.spec)):
        raise ConfigError("only generators can be blended by resolution; discriminators can be averaged")
    if not 0 <= mix <= 1:
        raise ConfigError(f"mix is {mix}: it must be between 0, all of the first, and 1, all of the second")
    if smooth < 0:
        raise ConfigError(f"smooth is {smooth}: it must be at least 0 layers")
    if mapping not in ("a", "b"):
        raise ConfigError(f"mapping is {mapping!r}: it must be a or b")
    require_alike(A, B)
    places = depths(A)
    first = first_layer([place for place in places.values() if place], from_resolution)
    mine, its = A.state_dict(), B.state_dict()
    mixed = {}
    for name, place in places.items():
        share = float(mapping == "b") if place is None else mix * ramp(place.layer - first, smooth)
        mixed[name] = its[name] if share == 1 else torch.lerp(mine[name], its[name], share)
    return assemble(A.spec, mixed)


def first_layer(places: list[Depth], resolution: float | None) -> int:
    """Number of the first layer of ``resolution``, or, of layers with cutoffs, the first that reaches it."""
    if resolution is None:
        return 0
    there = sorted({place.resolution for place in places})
    has_cutoffs = not all(isinstance(place.resolution, int) for place in places)
    if has_cutoffs and not there[0] <= resolution <= there[-1]:
        raise ConfigError(
            f"from_resolution is {resolution:g}: it must be from {there[0]:g} to {there[-1]:g} for these generators"
        )
    if not has_cutoffs and resolution not in there:
        raise ConfigError(
            f"from_resolution is {resolution:g}: these generators have blocks of {', '.join(map(str, there))}"
        )
    return min(place.layer for place in places if place.resolution >= resolution)


def ramp(layer: int, smooth: int) -> float:
    """Share of the second generator in a layer, counted from the first that has any: 0 before it, later 1."""
    return min(max((layer + 1) / (smooth + 1), 0.0), 1.0)
