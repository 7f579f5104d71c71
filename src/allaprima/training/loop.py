"""The training loop: an iterator over progress reports, which keeps the run directory on its way.

Of several processes all go through the same steps, ticks and decisions. What one of them decides by its own clock or
its own signals is made known to the others at the end of a step.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Literal

from allaprima.data import Batch, batches
from allaprima.errors import NonFiniteError
from allaprima.training.clock import Clock, images_in, tick_of
from allaprima.training.keeper import Keeper, halving_note
from allaprima.training.report import Report
from allaprima.training.run import Run
from allaprima.training.session import Session
from allaprima.training.state import has_good_state, restore_good, save_state, share_state
from allaprima.training.step import train_step
from allaprima.training.watchdog import Watchdog

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
    hang_seconds: float = 1800.0,
) -> Iterator[Report]:
    """Train until ``kimg`` thousand images are seen, yielding a report at each tick.

    The state is saved with every snapshot, every ten minutes, and when ``should_stop`` says so; the iterator then ends.
    Who stops before the first snapshot gets one, so that any training that was stopped can paint.
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
        hang_seconds: One of several processes that does not get through a step in so long ends itself, and says where
            it stands in ``stacks/rank-N.txt``.

    Raises:
        NonFiniteError: Names the step, the tensor and the last good snapshot. The saved state is not touched.
        OutputError: The run directory cannot be written.
        LostProcessError: Another process of the training is gone.
    """
    if is_finished(session.run):
        return
    processes = session.run.processes
    with ExitStack() as stack:
        keeper = stack.enter_context(closing(Keeper(session, expected_gb, film=film))) if processes.is_first else None
        watchdog = None
        if processes.count > 1:
            path = session.directory.path / "stacks" / f"rank-{processes.rank}.txt"
            watchdog = stack.enter_context(Watchdog(hang_seconds, path, f"process {processes.rank}"))
        yield from _Loop(session, keeper, watchdog, on_divergence).run(should_stop, on_step)


def is_finished(run: Run) -> bool:
    """Whether the run has seen all images that its recipe asks for."""
    return run.images_seen >= images_in(run.recipe.kimg)


class _Loop:
    """The loop and what it remembers from tick to tick."""

    def __init__(
        self, session: Session, keeper: Keeper | None, watchdog: Watchdog | None, on_divergence: OnDivergence
    ) -> None:
        self.session, self.keeper, self.watchdog, self.on_divergence = session, keeper, watchdog, on_divergence
        self.training, self.states, self.processes = session.run, session.directory.states, session.run.processes
        self.clock = Clock(session.run)

    def run(self, should_stop: Callable[[], bool], on_step: Callable[[Run], None]) -> Iterator[Report]:
        """Train, step by step."""
        run, clock = self.training, self.clock
        if run.step == 0 and self.keeper:
            self.keeper.begin()
        if self.on_divergence == "rollback" and not self.processes.of_first(partial(has_good_state, self.states)):
            self._save(good=True)
        source = self._batches()
        done = False
        while not done:
            tick_before, halvings_before = tick_of(run), run.halvings
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
            self._feed()
            wishes_save = self.processes.is_first and clock.save_is_due()
            stop, save = self.processes.any_of([should_stop(), wishes_save])
            done = is_finished(run)
            snap = done or tick_of(run) // run.recipe.snap > tick_before // run.recipe.snap
            if tick_of(run) > tick_before or done:
                report = self._end_tick(snap=snap)
                yield report
                if self._is_hopeless(report):
                    self._go_back(report.verdict.reason if report.verdict else "")
                    source, done = self._batches(), False
                    yield clock.report(run, went_back=True)
            if stop and not done:
                if self.keeper:
                    self.keeper.paint_early()
                self._save()
                yield clock.report(run, stopped=True)
                return
            if save and not snap:
                self._save()

    def _batches(self) -> Iterator[Batch]:
        """The shares of this process in the batches from where the run is; they may change as its networks grow."""
        run = self.training
        while True:
            size = run.batch
            for batch in batches(
                self.session.dataset,
                len(run.share),
                seed=run.recipe.seed,
                start=run.images_seen + run.share.start,
                stride=size,
                workers=run.recipe.workers,
                pin_memory=run.device.type == "cuda",
            ):
                yield batch
                if run.batch != size:
                    break

    def _end_tick(self, *, snap: bool) -> Report:
        run, clock = self.training, self.clock
        run.statistics.gather(self.processes)
        report = self.keeper.end_tick(clock, snap=snap) if self.keeper else clock.report(run)
        run.statistics.clear()
        if snap:
            hopeful = not (report.verdict and report.verdict.condition == "diverging")
            self._save(good=self.on_divergence == "rollback" and hopeful)
        if self.keeper:
            self.keeper.record()
        clock.next_tick(run)
        self._feed()
        return report

    def _is_hopeless(self, report: Report) -> bool:
        """Whether the training has to go back, by the first process's verdict."""
        if self.on_divergence != "rollback":
            return False
        diverges = report.verdict is not None and report.verdict.condition == "diverging"
        return self.processes.any_of([diverges])[0]

    def _save(self, *, good: bool = False) -> None:
        self.training.statistics.gather(self.processes)
        if self.processes.is_first:
            save_state(self.training, self.states, good=good)
        self.clock.saved()

    def _feed(self) -> None:
        if self.watchdog:
            self.watchdog.feed()

    def _remember_halving(self) -> Report:
        note = self.keeper.remember_halving() if self.keeper else halving_note(self.session)
        return dataclasses.replace(self.clock.report(self.training), note=note)

    def _go_back(self, reason: str, *, cause: NonFiniteError | None = None) -> None:
        """Return to the last good state with lower rates. Raises `NonFiniteError` if that is not wished, or no help."""
        run = self.training
        if self.on_divergence == "stop" or run.rollbacks >= MOST_ROLLBACKS:
            tried = f" (after going back {run.rollbacks} times)" if run.rollbacks else ""
            raise NonFiniteError(
                f"{reason}{tried}; the last good snapshot is {_last_snapshot(self.session)}"
            ) from cause
        rollbacks, slowdown = run.rollbacks + 1, run.slowdown * SLOWDOWN
        self.processes.of_first(partial(restore_good, run, self.states))
        share_state(run)
        run.rollbacks, run.slowdown = rollbacks, slowdown
        if self.keeper:
            self.keeper.forget_what_came_after(reason)
        self._save(good=True)
        self.clock.next_tick(run)


def _last_snapshot(session: Session) -> str:
    snapshots = sorted(session.directory.snapshots.glob("*.safetensors"))
    return str(snapshots[-1]) if snapshots else "none yet"
