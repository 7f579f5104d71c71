"""What workers may open, by the names that requests say."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things are.

    Attributes:
        models: What `allaprima.load` opens.
        datasets: Archives and folders of images.
    """

    models: dict[str, str]
    datasets: dict[str, str] = field(default_factory=dict)
