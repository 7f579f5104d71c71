"""Seconds as people say them."""

import math

SHORT = ("d", "h", "m", "s")
SPACED = (" d", " h", " min", " s")


def duration(seconds: float, units: tuple[str, str, str, str] = SHORT) -> str:
    """The two largest units: ``1d 02h``, ``3h 05m`` or ``4m 12s``; ``-`` if nobody knows."""
    if not math.isfinite(seconds):
        return "-"
    minutes, s = divmod(int(seconds), 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    parts = (days, h, m, s)
    first = next((i for i in (0, 1) if parts[i]), 2)
    return f"{parts[first]}{units[first]} {parts[first + 1]:02d}{units[first + 1]}"
