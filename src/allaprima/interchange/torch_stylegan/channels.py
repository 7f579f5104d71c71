"""Which ``channel_base`` and ``channel_max`` give the feature maps that a file has, layer by layer."""

import math
from collections.abc import Mapping

from allaprima.errors import ModelFileError
from allaprima.interchange.channel_table import fit_channels


def channels_by_resolution(maps: Mapping[int, int]) -> dict[str, int]:
    """For networks whose feature maps at resolution r are ``channel_base // r``, at most ``channel_max``.

    Args:
        maps: Feature maps by resolution.
    """
    base, maximum = fit_channels(maps)
    return {"channel_base": base, "channel_max": maximum}


def channels_by_cutoff(maps: list[tuple[float, int]]) -> dict[str, int]:
    """For layers of cutoff f that have ``channel_base / (2 f)`` feature maps, rounded, at most ``channel_max``.

    Args:
        maps: Cutoff and feature maps of each layer.
    """
    top = max(count for _, count in maps)
    least = max(2 * cutoff * (count - 0.5) if count > 1 else 1 for cutoff, count in maps)
    most = min((2 * cutoff * (count + 0.5) for cutoff, count in maps if count < top), default=math.inf)
    power = 2 ** math.ceil(math.log2(least))  # what people choose
    if power <= most:
        return {"channel_base": power, "channel_max": top}
    base = next((number for number in (round((least + most) / 2), math.ceil(least)) if least <= number <= most), 0)
    if not base:
        raise inexpressible([count for _, count in maps])
    return {"channel_base": base, "channel_max": top}


def inexpressible(counts: list[int]) -> ModelFileError:
    """What to raise for layers that follow no such rule."""
    shown = ", ".join(map(str, counts[:SHOWN])) + (", …" if len(counts) > SHOWN else "")
    return ModelFileError(f"its layers have {shown} feature maps, which no channel_base and channel_max give")


SHOWN = 20  # layers
