"""Metrics while a training runs: a process of its own measures its snapshots, so that no step waits for it.

The results are in ``RUN/metric-NAME.jsonl`` (`allaprima.metrics.history`). The best snapshot of each metric is kept as
``RUN/best-NAME.safetensors``, and a training whose metrics do not get better any more can be asked to stop.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from allaprima.errors import AllaPrimaError, ConfigError, RunError
from allaprima.files import atomic_path
from allaprima.metrics.history import Entry, best_of, kimg_of, read_history
from allaprima.metrics.names import parse_metric
from allaprima.torchrun import without_torchrun

NICENESS = 10
LONGEST = 500  # letters of what a process that failed has said
GOODBYE = 5  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A metric, and how often.

    Attributes:
        name: Of the metric.
        every: Thousands of images between two measurements; the snapshots decide which are possible.
    """

    name: str
    every: float


def parse_wanted(text: str) -> Wanted:
    """What ``NAME@KIMG`` says. Raises `ConfigError`."""
    match = re.fullmatch(r"\s*([^@\s]+)@(\d{1,9}(?:\.\d{1,6})?)\s*", text)
    if match is None or not float(match[2]):
        raise ConfigError(f"{text!r} does not say how often: write NAME@KIMG, as fd5k_own@50")
    parse_metric(match[1])
    return Wanted(name=match[1], every=float(match[2]))


@dataclass(slots=True)
class _Measurement:
    snapshot: Path
    names: list[str]
    process: "subprocess.Popen[bytes]"
    said: IO[bytes]

    def ended(self) -> tuple[int, str]:
        """Wait for its end: its exit status, and what it has said."""
        status = self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.said.seek(0)
        words = self.said.read().decode(errors="replace")
        self.said.close()
        return status, words


@dataclass(slots=True, kw_only=True)
class MetricWatch:
    """Measures snapshots as they come, one at a time, and says what has come of it.

    Attributes:
        run: The run directory.
        data: The images that the run is trained on.
        wanted: What to measure.
        options: Of ``allaprima evaluate``, as ``--device`` and ``--weights``.
        patience: Stop when no metric has got better for so many thousands of images; None: never.
    """

    run: Path
    data: str | Path
    wanted: Sequence[Wanted]
    options: list[str] = field(default_factory=list)
    patience: float | None = None
    _waiting: deque[Path] = field(default_factory=deque)
    _now: _Measurement | None = None

    def add(self, snapshot: Path) -> None:
        """A snapshot was written."""
        self._waiting.append(snapshot)

    def news(self, *, wait: bool = False) -> Iterator[str]:
        """A sentence for each result that has come.

        Args:
            wait: Until all snapshots are measured.
        """
        while True:
            if self._now is None and not self._begin():
                return
            assert self._now is not None
            if not wait and self._now.process.poll() is None:
                return
            try:
                yield from self._end()
            except AllaPrimaError as error:  # a full disk, or a snapshot that is gone: nothing to stop a training for
                yield str(error)

    @property
    def is_waiting(self) -> bool:
        """Whether something is not measured yet."""
        return self._now is not None or bool(self._waiting)

    @property
    def wishes_to_stop(self) -> bool:
        """Whether all metrics have stopped to get better."""
        if self.patience is None:
            return False
        return all(_without_gain(each.name, self._history(each.name)) >= self.patience for each in self.wanted)

    def close(self) -> None:
        """Leave off: what is not measured stays so."""
        self._waiting.clear()
        if self._now is not None:
            self._now.process.terminate()
            try:
                self._now.process.wait(GOODBYE)
            except subprocess.TimeoutExpired:
                self._now.process.kill()
            self._now.ended()
            self._now = None

    def _history(self, name: str) -> list[Entry]:
        """What is known; nothing where it cannot be read, as that is nothing to stop a training for."""
        try:
            return read_history(self.run, name)
        except RunError:
            return []

    def _begin(self) -> bool:
        """Start on the next snapshot for which something is due; whether there is one."""
        while self._waiting:
            snapshot = self._waiting.popleft()
            names = [each.name for each in self.wanted if self._is_due(each, snapshot)]
            if names and snapshot.is_file():
                self._now = self._started(snapshot, names)
                return True
        return False

    def _is_due(self, wanted: Wanted, snapshot: Path) -> bool:
        """The first snapshot of each span of so many thousand images; nothing is measured before the training."""
        kimg = kimg_of(snapshot)
        before = [entry.kimg for entry in self._history(wanted.name) if entry.kimg < kimg]
        return kimg > 0 and kimg // wanted.every > max(before, default=0.0) // wanted.every

    def _started(self, snapshot: Path, names: list[str]) -> _Measurement:
        command = [sys.executable, "-m", "allaprima", "evaluate", str(snapshot), str(self.data)]
        command += ["--metric", ",".join(names), "--history", str(self.run), "--end-with-input", *self.options]
        said = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the process
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # nothing is written to it: it ends when the training does, however it does
            stdout=said,
            stderr=subprocess.STDOUT,
            env=without_torchrun(os.environ),  # the training's processes are not the measurement's
            start_new_session=True,  # Ctrl-C is the training's
        )
        with suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        return _Measurement(snapshot, names, process, said)

    def _end(self) -> Iterator[str]:
        now, self._now = self._now, None
        assert now is not None
        status, said = now.ended()
        if status:
            words = " ".join(said.split()).removeprefix("allaprima: ")[-LONGEST:]
            yield f"{', '.join(now.names)} of {now.snapshot.name} could not be measured: {words or f'status {status}'}"
            return
        for name in now.names:
            yield from self._told(name, now.snapshot)

    def _told(self, name: str, snapshot: Path) -> Iterator[str]:
        history = self._history(name)
        mine = [entry for entry in history if entry.snapshot == snapshot.name]
        if not mine:
            return
        best = best_of(name, history)
        between = f" ({mine[0].interval[0]:.4g} to {mine[0].interval[1]:.4g})" if mine[0].interval else ""
        is_best = best is not None and best.snapshot == snapshot.name
        if is_best and snapshot.is_file():
            keep(snapshot, self.run / f"best-{name}.safetensors")
        yield f"{name} {mine[0].value:.4g}{between} at {mine[0].kimg:g} kimg" + (", the best so far" if is_best else "")


def keep(snapshot: Path, path: Path) -> None:
    """Copy a snapshot; ``path`` holds the old one or the new one, never a part. Raises `OutputError`."""
    with atomic_path(path) as temporary:
        shutil.copyfile(snapshot, temporary)


def _without_gain(name: str, history: Sequence[Entry]) -> float:
    """Thousands of images since the best."""
    best = best_of(name, history)
    return 0.0 if best is None else history[-1].kimg - best.kimg
