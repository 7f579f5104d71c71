"""What a training tells of itself at each tick."""

from dataclasses import dataclass
from pathlib import Path

from allaprima.duration import duration
from allaprima.training.health import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One tick of a training.

    Attributes:
        tick: Number of the tick.
        kimg: Thousands of images seen.
        kimg_in_all: Thousands of images that the training is to see.
        images_per_second: Of this tick.
        seconds_left: At this speed; infinite if nothing was measured.
        losses: Mean of each loss in this tick, by name.
        memory_gb: Peak memory of the process, and of the GPU if there is one.
        verdict: How the training is doing, with the reason and the remedy; None in the first ticks.
        warning: A sentence for the user, once.
        snapshot: Model file that was written at this tick.
        went_back: Whether the training diverged and went back to its last good state.
        stopped: Whether the training was asked to stop and has saved its state.
        note: A sentence that is told instead of the progress line.
    """

    tick: int
    kimg: float
    kimg_in_all: float
    images_per_second: float
    seconds_left: float
    losses: dict[str, float]
    memory_gb: tuple[float, ...]
    verdict: Verdict | None = None
    warning: str | None = None
    snapshot: Path | None = None
    went_back: bool = False
    stopped: bool = False
    note: str | None = None

    def line(self) -> str:
        """The progress line."""
        losses = "  ".join(f"{name} {value:.3f}" for name, value in self.losses.items())
        memory = "+".join(f"{gb:.1f}" for gb in self.memory_gb)
        digits = 1 if self.kimg_in_all >= 10 else 3
        return (
            f"tick {self.tick:<4d} kimg {self.kimg:.{digits}f}/{self.kimg_in_all:g}  {self.images_per_second:.1f} img/s"
            f"  ETA {duration(self.seconds_left)}  {losses}  mem {memory} GB"
            + (f"  {self.verdict.condition}" if self.verdict else "")
        )
