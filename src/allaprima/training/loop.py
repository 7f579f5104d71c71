"""The training loop: an iterator over progress reports, which keeps the run directory on its way."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from allaprima.data import Batch, batches
from allaprima.errors import NonFiniteError
from allaprima.training.board import Board
from allaprima.training.directory import sheet_size
from allaprima.training.health import Verdict, Vitals, examine
from allaprima.training.process_memory import memory_gb as memory_gb
from allaprima.training.recorder import Recorder
from allaprima.training.run import Run
from allaprima.training.session import Session
from allaprima.training.state import has_good_state, restore_good, save_state
from allaprima.training.step import train_step
from allaprima.training.vitals import Examiner, vitals_of

SAVE_SECONDS = 600  # at most this much work is lost when a process is killed


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


def duration(seconds: float) -> str:
    """``1d 02h``, ``3h 05m``, ``4m 12s`` or ``-``."""
    if not math.isfinite(seconds):
        return "-"
    minutes, s = divmod(int(seconds), 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    if days:
        return f"{days}d {h:02d}h"
    return f"{h}h {m:02d}m" if hours else f"{m}m {s:02d}s"


OnDivergence = Literal["stop", "rollback"]
MOST_ROLLBACKS = 3
SLOWDOWN = 0.5  # of the learning rates, each time


def fit(
    session: Session,
    *,
    on_divergence: OnDivergence = "stop",
    should_stop: Callable[[], bool] = lambda: False,
    on_step: Callable[[Run], None] = lambda run: None,
    expected_gb: float | None = None,
    film: bool = True,
) -> Iterator[Report]:
    """Train until ``kimg`` thousand images are seen, yielding a report at each tick.

    The state is saved with every snapshot, every ten minutes, and when ``should_stop`` says so; the iterator then ends.
    A run that has seen them all is let alone.

    Args:
        session: The opened run.
        on_divergence: What happens when a number is not finite: ``stop``, or ``rollback``, which goes back to the last
            good snapshot with half the learning rates, at most three times, and does so too when the verdict on the
            run's health is that it diverges.
        should_stop: Asked after each step.
        on_step: Told of each step.
        expected_gb: Peak memory that was expected, which stats.jsonl then has beside what was used.
        film: Keep the records that `allaprima film` is made of; see `allaprima.training.recorder`.

    Raises:
        NonFiniteError: Names the step, the tensor and the last good snapshot. The saved state is not touched.
        OutputError: The run directory cannot be written.
    """
    if not is_finished(session.run):
        with closing(Board(session.directory.path, images_seen=session.run.images_seen)) as board:
            yield from _Loop(session, board, on_divergence, expected_gb, film=film).run(should_stop, on_step)


def is_finished(run: Run) -> bool:
    """Whether the run has seen all images that its recipe asks for."""
    return run.images_seen >= _images(run.recipe.kimg)


class _Loop:
    """The loop and what it remembers from tick to tick."""

    def __init__(
        self, session: Session, board: Board, on_divergence: OnDivergence, expected_gb: float | None, *, film: bool
    ) -> None:
        self.session, self.board, self.on_divergence = session, board, on_divergence
        self.expected = {} if expected_gb is None else {"Resources/expected_mem_gb": expected_gb}
        self.training, self.directory = session.run, session.directory
        self.clock = _Clock(session.run)
        self.examiner = Examiner(session.run, session.dataset)
        self.history = [self._vitals(row) for row in session.directory.statistics()]
        self.seconds_trained = session.directory.seconds_trained()
        self.recorder = Recorder(session.run, session.dataset, session.directory.path) if film else None
        self.has_warned = False

    def run(self, should_stop: Callable[[], bool], on_step: Callable[[Run], None]) -> Iterator[Report]:
        """Train, step by step."""
        run, clock = self.training, self.clock
        if run.step == 0:
            _write_first_sheets(self.session)
            self._record()
        if self.on_divergence == "rollback" and not has_good_state(self.directory.states):
            save_state(run, self.directory.states, good=True)
        source = self._batches()
        done = False
        while not done:
            tick_before, halvings_before = _tick(run), run.halvings
            try:
                run.statistics.add(train_step(run, *next(source)))
            except NonFiniteError as error:
                self._go_back(str(error), cause=error)
                source = self._batches()
                yield clock.report(run, went_back=True)
                continue
            if run.halvings > halvings_before:
                yield self._remember_halving()
            on_step(run)
            stop, done = should_stop(), is_finished(run)
            if _tick(run) > tick_before or done:
                report = self._end_tick(snap=done or _tick(run) // run.recipe.snap > tick_before // run.recipe.snap)
                yield report
                if self.on_divergence == "rollback" and report.verdict and report.verdict.condition == "diverging":
                    self._go_back(report.verdict.reason)
                    source, done = self._batches(), False
                    yield clock.report(run, went_back=True)
            if stop and not done:
                save_state(run, self.directory.states)
                yield clock.report(run, stopped=True)
                return
            if clock.save_is_due():
                save_state(run, self.directory.states)
                clock.saved()

    def _batches(self) -> Iterator[Batch]:
        """Batches from where the run is; their size may change as its networks grow."""
        run = self.training
        while True:
            size = run.batch
            for batch in batches(
                self.session.dataset,
                size,
                seed=run.recipe.seed,
                start=run.images_seen,
                workers=run.recipe.workers,
                pin_memory=run.device.type == "cuda",
            ):
                yield batch
                if run.batch != size:
                    break

    def _end_tick(self, *, snap: bool) -> Report:
        run, directory, clock = self.training, self.directory, self.clock
        run.statistics.add(self.examiner.measure())
        run.statistics.add(self.expected)
        clock.note(run)
        summary = run.statistics.summary()
        directory.append_statistics(summary)
        self.seconds_trained += summary["Timing/sec_per_tick"]["mean"]
        self.board.write(summary, images_seen=run.images_seen)
        self.history.append(self._vitals(summary))
        augmented = run.recipe.aug != "noaug"
        verdict = examine(self.history, augmented=augmented, settings=dataclasses.asdict(run.recipe))
        report = dataclasses.replace(clock.report(run, verdict=verdict), warning=self._warning())
        directory.append("log.txt", report.line())
        run.statistics.clear()
        if snap:
            directory.write_fakes(run, f"fakes{run.images_seen // 1000:06d}")
            snapshot = directory.write_snapshot(run, self.session.provenance, self.session.dataset.class_names)
            report = dataclasses.replace(report, snapshot=snapshot)
            good = self.on_divergence == "rollback" and verdict.condition != "diverging"
            save_state(run, directory.states, good=good)
            clock.saved()
        self._record()
        clock.next_tick(run)
        return report

    def _record(self) -> None:
        if self.recorder is not None:
            self.recorder.record(self.seconds_trained)

    def _remember_halving(self) -> Report:
        """Note in the run directory how many images fit: what did not fit once is not tried again by a resume."""
        run, directory = self.training, self.directory
        directory.write_config((directory.config() or {}) | {"halvings": run.halvings})
        note = f"not enough memory: {run.batch_gpu} of the {run.batch} images of an iteration go at once from here on"
        directory.append("log.txt", note)
        return dataclasses.replace(self.clock.report(run), note=note)

    def _warning(self) -> str | None:
        """What to say of an augmentation that has reached its cap, the first time that it has."""
        recipe, p = self.training.recipe, self.training.strength
        if self.has_warned or recipe.aug not in ("ada", "apa") or p < recipe.p_max:
            return None
        self.has_warned = True
        return (
            f"the augmentation is as strong as it may become (p_max={recipe.p_max:g}), and would be stronger:"
            " the images are too few for this discriminator; more of them help, or a larger gamma"
        )

    def _vitals(self, row: Mapping[str, Any]) -> Vitals:
        adaptive = self.training.recipe.aug in ("ada", "apa")
        return vitals_of(row, self.training.recipe.p_max if adaptive else None)

    def _go_back(self, reason: str, *, cause: NonFiniteError | None = None) -> None:
        """Return to the last good state with lower rates. Raises `NonFiniteError` if that is not wished, or no help."""
        run = self.training
        if self.on_divergence == "stop" or run.rollbacks >= MOST_ROLLBACKS:
            tried = f" (after going back {run.rollbacks} times)" if run.rollbacks else ""
            raise NonFiniteError(
                f"{reason}{tried}; the last good snapshot is {_last_snapshot(self.session)}"
            ) from cause
        restore_good(run, self.directory.states)
        run.rollbacks, run.slowdown = run.rollbacks + 1, run.slowdown * SLOWDOWN
        self.directory.forget_after(run.images_seen / 1000)
        self.seconds_trained = self.directory.seconds_trained()
        if self.recorder is not None:
            self.recorder.reread()
        self.directory.append(
            "log.txt", f"{reason}: back to {run.images_seen / 1000:g} kimg with {run.slowdown:g} times the rates"
        )
        self.history = [vitals for vitals in self.history if vitals.kimg <= run.images_seen / 1000]
        save_state(run, self.directory.states, good=True)
        self.clock.next_tick(run)


def _tick(run: Run) -> int:
    return run.images_seen // _images(run.recipe.tick)


def _images(kimg: float) -> int:
    """Images in so many thousands; 2.007 · 1000 is 2007, not the 2007.0000000000002 of floating point."""
    return math.ceil(round(kimg * 1000, 6))


def _write_first_sheets(session: Session) -> None:
    run, dataset = session.run, session.dataset
    rows, columns = sheet_size(dataset.height, dataset.width)
    count = min(rows * columns, len(dataset.names))
    session.directory.write_reals(torch.stack([dataset[i * len(dataset.names) // count][0] for i in range(count)]))
    session.directory.write_fakes(run, "fakes_init")


def _last_snapshot(session: Session) -> str:
    snapshots = sorted(session.directory.snapshots.glob("*.safetensors"))
    return str(snapshots[-1]) if snapshots else "none yet"


class _Clock:
    """Time, speed and memory, as the reports and stats.jsonl tell them."""

    def __init__(self, run: Run) -> None:
        now = time.monotonic()
        self.begun = self.tick_begun = self.saved_at = now
        self.images_at_tick = run.images_seen
        self.images_at_start = run.images_seen

    def save_is_due(self) -> bool:
        return time.monotonic() - self.saved_at > SAVE_SECONDS

    def saved(self) -> None:
        self.saved_at = time.monotonic()

    def next_tick(self, run: Run) -> None:
        self.tick_begun, self.images_at_tick = time.monotonic(), run.images_seen

    def note(self, run: Run) -> None:
        """Add the numbers of this tick that are no losses."""
        seconds = time.monotonic() - self.tick_begun
        images = max(run.images_seen - self.images_at_tick, 1)
        values = {
            "Progress/tick": _tick(run),
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
            tick=_tick(run),
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
