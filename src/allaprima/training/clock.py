"""Time, speed and memory of a training."""

import math
import time

from allaprima.training.health import Verdict
from allaprima.training.process_memory import memory_gb
from allaprima.training.report import Report
from allaprima.training.run import Run

SAVE_SECONDS = 600  # at most this much work is lost when a process is killed


def images_in(kimg: float) -> int:
    """Images in so many thousands; 2.007 · 1000 is 2007, not the 2007.0000000000002 of floating point."""
    return math.ceil(round(kimg * 1000, 6))


def tick_of(run: Run) -> int:
    """Number of the tick that ``run`` is in."""
    return run.images_seen // images_in(run.recipe.tick)


class Clock:
    """Time, speed and memory, as the reports and stats.jsonl tell them."""

    def __init__(self, run: Run) -> None:
        now = time.monotonic()
        self.begun = self.tick_begun = self.saved_at = now
        self.images_at_tick = run.images_seen

    def save_is_due(self) -> bool:
        """Whether more would be lost than may be."""
        return time.monotonic() - self.saved_at > SAVE_SECONDS

    def saved(self) -> None:
        """Note that the state has just been saved."""
        self.saved_at = time.monotonic()

    def next_tick(self, run: Run) -> None:
        """Begin a tick."""
        self.tick_begun, self.images_at_tick = time.monotonic(), run.images_seen

    def note(self, run: Run) -> None:
        """Add the numbers of this tick that are no losses."""
        seconds = time.monotonic() - self.tick_begun
        images = max(run.images_seen - self.images_at_tick, 1)
        values = {
            "Progress/tick": tick_of(run),
            "Progress/kimg": run.images_seen / 1000,
            "Timing/sec_per_tick": seconds,
            "Timing/sec_per_kimg": seconds / images * 1000,
            "Timing/total_sec": time.monotonic() - self.begun,
            "Resources/cpu_mem_gb": memory_gb(run.device)[0],
        }
        if run.recipe.growing:
            values["Progress/lod"] = float(run.D.lod)
        if run.device.type == "cuda":
            values["Resources/peak_gpu_mem_gb"] = memory_gb(run.device)[1]
        run.statistics.add(values)

    def report(
        self, run: Run, *, verdict: Verdict | None = None, went_back: bool = False, stopped: bool = False
    ) -> Report:
        """What there is to tell now."""
        seconds = time.monotonic() - self.tick_begun
        speed = (run.images_seen - self.images_at_tick) / max(seconds, 1e-9)
        left = max(run.recipe.kimg * 1000 - run.images_seen, 0)
        means = {name: row["mean"] for name, row in run.statistics.summary().items()}
        shown = {
            "G": "Loss/G/loss",
            "D": "Loss/D/loss",
            "r1": "Loss/r1_penalty",
            "pl": "Loss/pl_penalty",
            "p": "Progress/augment",
            "lod": "Progress/lod",
        }
        return Report(
            tick=tick_of(run),
            kimg=run.images_seen / 1000,
            kimg_in_all=run.recipe.kimg,
            images_per_second=speed,
            seconds_left=left / speed if speed else math.inf,
            losses={short: means[name] for short, name in shown.items() if name in means},
            memory_gb=memory_gb(run.device),
            verdict=verdict,
            went_back=went_back,
            stopped=stopped,
        )
