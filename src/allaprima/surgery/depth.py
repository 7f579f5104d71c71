"""How deep in a generator each of its tensors sits: at which resolution, and in which layer."""

import re
from typing import Any, NamedTuple

from allaprima.errors import ConfigError
from allaprima.models import (
    GeneratorSpec,
    ProGANGenerator,
    R3GANGenerator,
    StyleGAN2Generator,
    StyleGAN3Generator,
    StyleGANGenerator,
    spec_to_dict,
)
from allaprima.models.stylegan3.plan import plan_layers

BLOCK = re.compile(r"synthesis\.b(\d+)\.(.*)")
STAGE = re.compile(r"MainLayers\.(\d+)\.")
FIRST_OF_BLOCK = ("const", "input", "dense", "bias", "conv0")


class Depth(NamedTuple):
    """Place of a tensor in the synthesis.

    Attributes:
        resolution: Name of its block: 4, 8, 16, …; in StyleGAN3 the resolution that has the layer's cutoff.
        layer: Number of its layer, from 0; a layer that makes colours has the number of the features that it reads.
    """

    resolution: float
    layer: int


def depths(G: Any) -> dict[str, Depth | None]:
    """The place of each tensor of a generator; None for what comes before the synthesis. Raises `ConfigError`."""
    spec: GeneratorSpec = G.spec
    names = list(G.state_dict())
    match spec:
        case StyleGAN2Generator() | StyleGANGenerator() | ProGANGenerator():
            return {name: _in_block(name, spec.geometry.resolutions) for name in names}
        case R3GANGenerator():
            return {name: _in_stage(name, spec.geometry.resolutions) for name in names}
        case StyleGAN3Generator():
            plan = _planned(spec)
            return {name: plan.get(".".join(name.split(".")[:2])) for name in names}
    raise ConfigError(f"the layers of a {spec_to_dict(spec)['type']} cannot be told apart by resolution")


def _in_block(name: str, resolutions: tuple[int, ...]) -> Depth | None:
    found = BLOCK.match(name)
    if found is None:
        return None
    resolution = int(found[1])
    return Depth(resolution, 2 * resolutions.index(resolution) + (not found[2].startswith(FIRST_OF_BLOCK)))


def _in_stage(name: str, resolutions: tuple[int, ...]) -> Depth | None:
    found = STAGE.match(name)
    if found is None and not name.startswith("AggregationLayer."):
        return None
    stage = int(found[1]) if found else len(resolutions) - 1
    return Depth(resolutions[stage], stage)


def _planned(spec: StyleGAN3Generator) -> dict[str, Depth]:
    """By the name of a submodule."""
    plans = plan_layers(spec)
    places = {"synthesis.input": Depth(_resolution(plans[0].source.cutoff), 0)}
    for i, plan in enumerate(plans):
        places[f"synthesis.{plan.name}"] = Depth(_resolution(plan.target.cutoff), i + 1)
    return places


def _resolution(cutoff: float) -> float:
    """Pixels along the longer side that hold this many cycles."""
    return round(2 * cutoff, 3)
