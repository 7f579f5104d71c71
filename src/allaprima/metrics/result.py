"""What a metric has found, with all that one must know to compare it with another."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The numbers of one metric.

    Attributes:
        name: As it was asked for.
        values: Numbers by name; the first one is the metric itself.
        intervals: 95 % intervals of some of them: what other fakes of the same generator would give.
        detector: The network whose features were compared; None where there is none.
        detector_sha256: Of its weights.
        resize: How it resizes images.
        reals: Real images that were compared with; 0 where there are none.
        fakes: Images painted for it.
        seed: Of the first of them.
        seconds: ``painting`` and ``features`` of fakes (shared with other metrics of the same run), ``reals``: reading
            them, with their features, and 0 where they were known; ``computing``: what was left.
        images_per_second: ``painting`` and ``features``.
        notes: Anything else: how colours were made, what departs from the published definition.
        pairs: Of memorisation: fake (its seed), training image (its name) and their distance, the closest first.
    """

    name: str
    values: dict[str, float]
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    detector: str | None = None
    detector_sha256: str | None = None
    resize: str | None = None
    reals: int = 0
    fakes: int = 0
    seed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    images_per_second: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    pairs: tuple[tuple[int, str, float], ...] = ()

    @property
    def value(self) -> float:
        """The metric itself."""
        return next(iter(self.values.values()))

    def to_dict(self) -> dict[str, Any]:
        """For JSON, which knows no infinities: numbers that are not finite are None."""
        content: dict[str, Any] = _finite(asdict(self))
        return content


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
    return value
