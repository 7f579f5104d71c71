"""A training as the command line tells of it: progress, news, the wish to stop."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Literal

import click

from allaprima.cli.stopping import Stop, stop_signal

if TYPE_CHECKING:
    from allaprima.metrics.in_training import MetricWatch
    from allaprima.training import Report
    from allaprima.training.footprint import Expectation
    from allaprima.training.session import Session

GLANCE = 0.1  # seconds


def train_on(
    session: "Session",
    watch: "MetricWatch | None",
    on_divergence: Literal["stop", "rollback"],
    hang_minutes: float,
) -> None:
    """Train from where ``session`` stands; the process with the ``watch`` tells of it."""
    from allaprima.training import is_finished
    from allaprima.training.footprint import expect

    run, path = session.run, session.directory.path
    if watch is None:
        follow_silently(session, on_divergence, hang_minutes)
        return
    for note in session.notes:
        click.echo(f"allaprima: {note}", err=True)
    if is_finished(run):
        seen, wanted = run.images_seen / 1000, run.recipe.kimg
        click.echo(f"{path} is finished: it has seen {seen:g} of {wanted:g} kimg; a larger --kimg goes on with it")
        return
    verb = "going on" if run.step else "starting"
    where = f"{run.device.type} in {run.processes.count} processes" if run.processes.count > 1 else run.device
    held_out = session.dataset.num_held_out
    apart = f" ({held_out} more are held out)" if held_out else ""
    click.echo(f"{verb} at {run.images_seen / 1000:g} kimg with {len(session.dataset)} images{apart} on {where}")
    watch.options += ["--mirror"] if run.recipe.mirror else []
    expected = expect(run)
    end = follow(session, watch, on_divergence, expected, hang_minutes)
    if end is not None:
        used_gb = end.memory_gb[-1]
        click.echo(f"memory: {used_gb:.2f} GB at most, of about {expected.peak_gb:.2f} GB that were expected")
    is_open = end is not None and end.stopped
    click.echo(f"run directory: {path}" + (" (the same command goes on)" if is_open else ""))


def follow_silently(session: "Session", on_divergence: Literal["stop", "rollback"], hang_minutes: float) -> None:
    """Train along with the process that tells of it. What all of them meet it tells, too."""
    from allaprima.errors import NonFiniteError
    from allaprima.processes import LostProcessError
    from allaprima.training import fit

    with stop_signal() as stop:
        try:
            for _ in fit(
                session,
                on_divergence=on_divergence,
                should_stop=lambda: stop.wished,
                hang_seconds=60 * hang_minutes,
            ):
                pass
        except NonFiniteError:
            sys.exit(0)
        except LostProcessError:
            sys.exit(1)


def follow(
    session: "Session",
    watch: "MetricWatch",
    on_divergence: Literal["stop", "rollback"],
    expected: "Expectation",
    hang_minutes: float,
) -> "Report | None":
    """Train, and tell what happens; the last report, if there was one."""
    from allaprima.training import fit

    report: Report | None = None
    told = "healthy"
    run = session.run
    with closing(watch), stop_signal() as stop, progress(run.images_seen, run.recipe.kimg) as bar:
        bar.write(expected.sentence())
        for report in fit(
            session,
            on_divergence=on_divergence,
            should_stop=lambda: stop.wished or stop.enough,
            on_step=lambda r: bar.update(r.images_seen),
            expected_gb=expected.peak_gb,
            hang_seconds=60 * hang_minutes,
        ):
            bar.write(sentence(report))
            if report.warning:
                bar.write(report.warning)
            if report.verdict and report.verdict.condition != told:  # once, not at every tick
                told = report.verdict.condition
                bar.write(f"the training is {told}: {report.verdict.reason}; {report.verdict.remedy}")
            if report.snapshot:
                watch.add(report.snapshot)
            for line in watch.news():
                bar.write(line)
                stop.enough = watch.wishes_to_stop
        if watch.is_waiting and not stop.wished:
            bar.write("measuring the last snapshots (Ctrl-C leaves that out)")
            last(watch, bar, stop)
        if stop.enough:
            bar.write(f"no metric got better for {watch.patience:g} kimg: stopped")
    return report


def last(watch: "MetricWatch", bar: "Bar", stop: "Stop") -> None:
    """Wait for what is not measured yet, but not after Ctrl-C."""
    while watch.is_waiting:
        for line in watch.news():
            bar.write(line)
        if stop.wished:
            bar.write("left out: allaprima evaluate --all-snapshots measures them later")
            return
        time.sleep(GLANCE)


def sentence(report: "Report") -> str:
    """What is printed of a report."""
    if report.note:
        return report.note
    if report.stopped:
        return "stopped, state saved"
    if report.went_back:
        return f"the training diverged: back to {report.kimg:g} kimg, with half the learning rates"
    return report.line()


class Bar:
    """A progress bar on a terminal; plain lines elsewhere."""

    def __init__(self, images_seen: int, kimg: float) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            total=round(kimg * 1000),
            initial=images_seen,
            unit="img",
            unit_scale=True,
            disable=not sys.stderr.isatty(),
            dynamic_ncols=True,
        )

    def update(self, images_seen: int) -> None:
        """Move to ``images_seen``."""
        self._bar.update(images_seen - self._bar.n)

    def write(self, line: str) -> None:
        """Print ``line`` above the bar."""
        self._bar.clear()
        click.echo(line)
        self._bar.refresh()

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()


@contextmanager
def progress(images_seen: int, kimg: float) -> Iterator[Bar]:
    """A bar that is removed at the end."""
    bar = Bar(images_seen, kimg)
    try:
        yield bar
    finally:
        bar.close()
