"""What is kept of a training: numbers, verdict, pictures, snapshots, film. Of several processes the first keeps it."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from allaprima.training.board import Board
from allaprima.training.clock import Clock
from allaprima.training.directory import sheet_size
from allaprima.training.health import Verdict, Vitals, examine
from allaprima.training.recorder import Recorder
from allaprima.training.report import Report
from allaprima.training.session import Session
from allaprima.training.vitals import Examiner, vitals_of


class Keeper:
    """Keeps the run directory of one session.

    Args:
        session: The opened run.
        expected_gb: Peak memory that was expected, which stats.jsonl then has beside what was used.
        film: Keep the records that `allaprima film` is made of; see `allaprima.training.recorder`.
    """

    def __init__(self, session: Session, expected_gb: float | None, *, film: bool) -> None:
        self.session, self.run, self.directory = session, session.run, session.directory
        self.board = Board(session.directory.path, images_seen=session.run.images_seen)
        self.expected = {} if expected_gb is None else {"Resources/expected_mem_gb": expected_gb}
        self.examiner = Examiner(session.run, session.dataset)
        self.history = [self._vitals(row) for row in session.directory.statistics()]
        self.seconds_trained = session.directory.seconds_trained()
        self.recorder = Recorder(session.run, session.dataset, session.directory.path) if film else None
        self.has_warned = False

    def close(self) -> None:
        """Let go of the files that are open."""
        self.board.close()

    def begin(self) -> None:
        """Keep what there is before the first step: a sheet of reals, one of fakes, the first record of the film."""
        dataset = self.session.dataset
        rows, columns = sheet_size(dataset.height, dataset.width)
        count = min(rows * columns, len(dataset.names))
        reals = torch.stack([dataset[i * len(dataset.names) // count][0] for i in range(count)])
        self.directory.write_reals(reals)
        self.directory.write_fakes(self.run, "fakes_init")
        self.record()

    def end_tick(self, clock: Clock, *, snap: bool) -> Report:
        """Keep the numbers of a tick, with sheet and snapshot if ``snap`` says so, and judge the training by them."""
        run, directory = self.run, self.directory
        run.statistics.add(self.examiner.measure())
        run.statistics.add(self.expected)
        clock.note(run)
        summary = run.statistics.summary()
        directory.append_statistics(summary)
        self.seconds_trained += summary["Timing/sec_per_tick"]["mean"]
        self.board.write(summary, images_seen=run.images_seen)
        self.history.append(self._vitals(summary))
        report = dataclasses.replace(clock.report(run, verdict=self._verdict()), warning=self._warning())
        directory.append("log.txt", report.line())
        if snap:
            report = dataclasses.replace(report, snapshot=self._paint())
        return report

    def paint_early(self) -> None:
        """Keep sheet and snapshot of a training that stops before its first one."""
        if not any(self.directory.snapshots.glob("*.safetensors")):
            self._paint()

    def remember_halving(self) -> str:
        """Note how many images fit, as what did not fit once is not tried again by a resume; the sentence to tell."""
        run, directory = self.run, self.directory
        directory.write_config((directory.config() or {}) | {"halvings": run.halvings})
        note = halving_note(self.session)
        directory.append("log.txt", note)
        return note

    def forget_what_came_after(self, reason: str) -> None:
        """Keep nothing of what came after the state that the training has gone back to."""
        run, directory = self.run, self.directory
        directory.forget_after(run.images_seen / 1000)
        self.seconds_trained = directory.seconds_trained()
        if self.recorder is not None:
            self.recorder.reread()
        directory.append(
            "log.txt", f"{reason}: back to {run.images_seen / 1000:g} kimg with {run.slowdown:g} times the rates"
        )
        self.history = [vitals for vitals in self.history if vitals.kimg <= run.images_seen / 1000]

    def record(self) -> None:
        """Make a record for the film if one is due."""
        if self.recorder is not None:
            self.recorder.record(self.seconds_trained)

    def _paint(self) -> Path:
        """Keep a sheet of fakes and a snapshot."""
        run, directory = self.run, self.directory
        directory.write_fakes(run, f"fakes{run.images_seen // 1000:06d}")
        return directory.write_snapshot(run, self.session.provenance, self.session.dataset.class_names)

    def _verdict(self) -> Verdict:
        recipe = self.run.recipe
        return examine(self.history, augmented=recipe.aug != "noaug", settings=dataclasses.asdict(recipe))

    def _warning(self) -> str | None:
        """What to say of an augmentation that has reached its cap, the first time that it has."""
        recipe, p = self.run.recipe, self.run.strength
        if self.has_warned or recipe.aug not in ("ada", "apa") or p < recipe.p_max:
            return None
        self.has_warned = True
        return (
            f"the augmentation is as strong as it may become (p_max={recipe.p_max:g}), and would be stronger:"
            " the images are too few for this discriminator; more of them help, or a larger gamma"
        )

    def _vitals(self, row: Mapping[str, Any]) -> Vitals:
        adaptive = self.run.recipe.aug in ("ada", "apa")
        return vitals_of(row, self.run.recipe.p_max if adaptive else None)


def halving_note(session: Session) -> str:
    """What is told when memory has run out."""
    run = session.run
    return f"not enough memory: {run.batch_gpu} of the {len(run.share)} images of an iteration go at once from here on"
