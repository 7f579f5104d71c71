"""Feature maps by resolution, as the two numbers that our specs have for them, for files that tell them by shapes."""

from collections.abc import Mapping

from allaprima.errors import ModelFileError
from allaprima.models.geometry import channels_at


def fit_channels(found: Mapping[int, int], *, usual: int) -> tuple[int, int]:
    """Give ``channel_base`` and ``channel_max`` that have as many feature maps as were found at each resolution.

    Args:
        found: Feature maps by resolution (4, 8, 16 …).
        usual: A ``channel_base`` to prefer where several fit, as they do for small images.

    Raises:
        ModelFileError: There are no such numbers.
    """
    maximum = max(found.values())
    least = max(channels * resolution for resolution, channels in found.items())
    for base in (usual, least):
        if all(channels_at(r, base=base, maximum=maximum) == channels for r, channels in found.items()):
            return base, maximum
    listed = ", ".join(f"{channels} at {resolution}" for resolution, channels in sorted(found.items()))
    raise ModelFileError(f"its feature maps are {listed}: they must halve as the resolution doubles, up to a maximum")
