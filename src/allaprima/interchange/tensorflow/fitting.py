"""From renamed variables and a spec to a network that is known to be complete."""

from collections.abc import Callable
from typing import Any, TypeVar, get_args

import torch
from torch import Tensor

from allaprima.errors import ConfigError, ModelFileError
from allaprima.interchange.average import NOTE, average_w
from allaprima.interchange.imported import Imported
from allaprima.interchange.records import printable
from allaprima.interchange.tensorflow.variables import Renamed
from allaprima.models import (
    Spec,
    StyleGAN2Discriminator,
    StyleGAN2Generator,
    StyleGANDiscriminator,
    StyleGANGenerator,
    outline,
)
from allaprima.models.spec import GeneratorSpec
from allaprima.ops import setup_filter

S = TypeVar("S")
SHOWN = 6  # names in a note
AVERAGE = "mapping.w_avg"


def fitted(spec: Spec, found: Renamed, *, facts: dict[str, Any], notes: tuple[str, ...]) -> Imported:
    """Check the weights one by one against the network that ``spec`` says, and add what it can know by itself.

    These are the filters, which TensorFlow keeps in its keyword arguments, the level of detail of a network that has
    grown up, and the average of w.
    """
    wanted: dict[str, Tensor] = outline(spec).state_dict()
    weights, lacking = {}, []
    for name, like in wanted.items():
        if name in found.weights:
            weights[name] = _checked(found, name, like)
        elif name.endswith(("resample_filter", "blur_filter")):
            weights[name] = setup_filter(taps_of(spec))
        elif name.endswith("lod"):
            weights[name] = torch.zeros([])
        else:
            lacking.append(name)
    if AVERAGE in lacking and isinstance(spec, get_args(GeneratorSpec)):
        lacking.remove(AVERAGE)
        notes = (*notes, NOTE)
    if lacking:
        raise ModelFileError(f"the file lacks a variable: nothing in it becomes {lacking[0]}")
    if AVERAGE in wanted and AVERAGE not in weights:
        weights[AVERAGE] = average_w(spec, weights)  # type: ignore[arg-type]
    idle = [found.sources[name] for name in found.weights if name not in wanted]
    return Imported(spec=spec, weights=weights, notes=(*notes, *_told(found.unknown + idle)), facts=facts)


def _checked(found: Renamed, name: str, like: Tensor) -> Tensor:
    value = found.weights[name]
    if value.shape != like.shape:
        source = printable(found.sources[name])
        got, wanted = list(value.shape), list(like.shape)
        raise ModelFileError(f"the file has a variable {source} that becomes {name} {got}, where {wanted} was expected")
    return value


def _told(names: list[str]) -> tuple[str, ...]:
    if not names:
        return ()
    shown = ", ".join(printable(name) for name in sorted(names)[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return (f"variables without a place in our network, left out: {shown}{more}",)


def taps_of(spec: Spec) -> tuple[float, ...]:
    """The taps of a spec's low-pass filter, under either name."""
    match spec:
        case StyleGAN2Generator() | StyleGAN2Discriminator():
            return spec.resample_filter
        case StyleGANGenerator() | StyleGANDiscriminator():
            return spec.blur_filter
    return ()


def specified(kind: Callable[..., S], **fields: Any) -> S:
    """A spec; what is wrong with it is wrong with the file."""
    try:
        return kind(**fields)
    except ConfigError as error:
        raise ModelFileError(f"the file has a network that cannot be built: {error}") from error


def check_lod(found: Renamed, name: str, doublings: int) -> None:
    """Refuse a level of detail that the network cannot be at."""
    lod = found.weights.get(name)
    if lod is not None and not 0 <= float(lod) <= doublings:
        raise ModelFileError(f"the file says that lod is {float(lod):g}: it must be between 0 and {doublings}")
