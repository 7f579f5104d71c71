"""Feature maps by resolution, as the two numbers that our specs have for them, for files that tell them by shapes."""

from collections.abc import Mapping

from allaprima.errors import ModelFileError
from allaprima.models.geometry import channels_at


def fit_channels(found: Mapping[int, int], *, usual: int | None = None) -> tuple[int, int]:
    """Give ``channel_base`` and ``channel_max`` that have as many feature maps as were found at each resolution.

    Args:
        found: Feature maps by resolution (4, 8, 16 …).
        usual: A ``channel_base`` to prefer where several fit, as they do for small images; None: the least.

    Raises:
        ModelFileError: There are no such numbers.
    """
    maximum = max(found.values())
    least = max(count * resolution if count > 1 else 1 for resolution, count in found.items())
    for base in (usual, least):
        if base and all(channels_at(r, base=base, maximum=maximum) == count for r, count in found.items()):
            return base, maximum
    listed = ", ".join(f"{count} at {resolution}" for resolution, count in sorted(found.items()))
    raise ModelFileError(f"its feature maps are {listed}: they must halve as the resolution doubles, up to a maximum")
