"""Trainings that pages start, check and stop: each is an ``allaprima train`` in a process of its own.

Nothing of a request becomes a path or a shell's word: data are looked up by name, the run's name has a strict form, and
settings are ``FIELD=VALUE`` of letters, digits and a few signs, which the command checks itself.
"""

import asyncio
import json
import logging
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import allaprima
from allaprima.errors import OutputError
from allaprima.files import make_directory, write_text
from allaprima.studio.errors import BusyError, LateError, StudioError, UnknownError
from allaprima.studio.runs import Run, is_begun, tail
from allaprima.studio.settings import Settings

Size = Literal["recipe", "small", "tiny"]
Phase = Literal["running", "stopping", "done", "stopped", "failed"]
SIZES: dict[str, tuple[str, ...]] = {
    "recipe": (),
    "small": ("cbase=2048", "cmax=128"),
    "tiny": ("cbase=512", "cmax=32"),
}
NICENESS = 10  # so that painting stays live
MOST_RUNNING = 1
MOST_RUNS = 100
STOP_SECONDS = 60.0  # from the wish that a training saves and stops until it is ended
CHECK_SECONDS = 120.0
LINES = 40
PACKAGE = str(Path(allaprima.__file__).parents[1])
BEGIN = "import sys; sys.path.append(sys.argv.pop(1)); from allaprima.studio.leash import main; main()"
NOT_ALLOWED = (
    "this studio was not told to train: start it with --allow-training, and pages may start and stop trainings"
)
log = logging.getLogger("allaprima.studio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a training shall be.

    Attributes:
        data: Name of a data set.
        recipe: Name of a recipe; None: the run's own, which it was started with.
        kimg: Its length, in thousands of images; None: as the recipe says.
        settings: Fields that differ from the recipe, as ``mirror=true``.
    """

    data: str
    recipe: str | None = None
    kimg: float | None = None
    settings: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """For ``allaprima train DATA RUN``."""
        words = [] if self.recipe is None else ["--recipe", self.recipe]
        words += [] if self.kimg is None else ["--kimg", f"{self.kimg:.12g}"]
        return [*words, *(word for setting in self.settings for word in ("--set", setting))]


@dataclass(slots=True, kw_only=True)
class Training:
    """A process that trains, or has trained.

    Attributes:
        name: Of the run.
        phase: How it stands.
        sentence: Why it failed.
        begun: Seconds since 1970.
    """

    name: str
    path: Path
    plan: Plan
    process: Process
    output: Path
    phase: Phase = "running"
    sentence: str = ""
    begun: float = field(default_factory=time.time)
    watcher: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether the process has ended."""
        return self.phase in ("done", "stopped", "failed")


class Trainings:
    """The trainings of one studio. They outlive nothing: when it closes, they save and stop, and can be gone on with.

    Args:
        settings: What the studio was told.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.directory = settings, settings.out / "runs"
        self.all: dict[str, Training] = {}
        self._recipes: list[str] = []
        self._listing, self._checking = asyncio.Lock(), asyncio.Lock()

    async def recipes(self) -> list[str]:
        """Names of all recipes, as the command lists them."""
        async with self._listing:
            if not self._recipes:
                status, text = await self._ask(["--list-recipes"])
                if status:
                    raise StudioError(f"the recipes cannot be listed: {last_sentence(text.splitlines())}")
                self._recipes = text.split()
        return self._recipes

    async def check(self, plan: Plan) -> tuple[dict[str, Any], list[str]]:
        """What the training would be: its decided recipe, and what the dry run says. Raises `StudioError`."""
        self._require_allowed()
        data = self._data(plan)
        if self._checking.locked():
            raise BusyError("another training is being checked: try again in a moment")
        async with self._checking:
            status, text = await self._ask([str(data), str(self.directory / ".check"), *plan.arguments(), "--dry-run"])
        lines = self._shown(text.splitlines(), plan, self.directory / ".check")
        if status:
            raise StudioError(last_sentence(lines))
        recipe, end = json.JSONDecoder().raw_decode(text.lstrip())
        return recipe, [line for line in self._shown(text.lstrip()[end:].splitlines(), plan, data) if line]

    async def start(self, name: str, plan: Plan) -> Training:
        """Start a new training. Raises `StudioError`, `BusyError` or `OutputError`."""
        self._require_allowed()
        taken = {*self.settings.runs, *(path.name for path in self.directory.glob("*") if is_begun(path))}
        if name.lower() in {other.lower() for other in taken}:
            raise StudioError(f"there is a run {name} already: give another name, or go on with that one")
        if len(taken) >= MOST_RUNS:
            raise StudioError(f"{len(taken)} runs are kept already: remove some of them from the studio's directory")
        return await self._begin(name, self.directory / name, plan, remember=True)

    async def go_on(self, run: Run, data: str | None, kimg: float | None) -> Training:
        """Go on with a training where it stopped. Raises `StudioError`, `BusyError` or `OutputError`."""
        self._require_allowed()
        begun = self._remembered(run.name)
        name = data or (begun.data if begun else str((run.config().get("data") or {}).get("name", "")))
        if name not in self.settings.datasets:
            raise StudioError(
                f"the studio does not have the images of {run.name}: start it with --data and what it was trained on"
            )
        seen, wanted = run.kimg() or 0.0, kimg or run.wanted()
        if wanted is not None and seen >= wanted - 1e-6:
            raise StudioError(f"{run.name} has seen {seen:g} of {wanted:g} kimg, and is finished: give a larger length")
        if begun is None:
            return await self._begin(run.name, run.path, Plan(data=name, kimg=wanted))
        return await self._begin(run.name, run.path, replace(begun, data=name, kimg=wanted), remember=True)

    def stop(self, name: str) -> Training:
        """Have a training save and stop. Raises `UnknownError`."""
        self._require_allowed()
        training = self.all.get(name)
        if training is None or training.is_over:
            raise UnknownError(f"no training of {name} was started here: stop it where it was started, with Ctrl-C")
        training.phase = "stopping"
        _let_go(training)
        return training

    def output(self, training: Training) -> list[str]:
        """The last that a training has said."""
        return self._shown(tail(training.output, LINES), training.plan, training.path)

    async def close(self) -> None:
        """Have all trainings save and stop, and wait until they have."""
        open_ = [training for training in self.all.values() if not training.is_over]
        for training in open_:
            training.phase = "stopping"
            _let_go(training)
        watchers = [training.watcher for training in open_ if training.watcher is not None]
        if watchers:
            await asyncio.wait(watchers, timeout=STOP_SECONDS)
        for training in open_:
            if not training.is_over:
                log.warning("the training %s did not stop within %g s: it is ended", training.name, STOP_SECONDS)
                with suppress(ProcessLookupError):
                    training.process.kill()
        if watchers:
            await asyncio.wait(watchers, timeout=STOP_SECONDS)

    async def _begin(self, name: str, path: Path, plan: Plan, *, remember: bool = False) -> Training:
        data = self._data(plan)
        running = [training.name for training in self.all.values() if not training.is_over]
        if name in running:
            raise StudioError(f"{name} is training already")
        if len(running) >= MOST_RUNNING:
            raise BusyError(f"{running[0]} is training: stop it first, or wait until it is done")
        make_directory(self.directory)
        output = self.directory / f".{name}.out"
        words = ["train", str(data), str(path), *plan.arguments(), "--device", self.settings.device]
        if remember:
            write_text(self.directory / f".{name}.json", json.dumps(asdict(plan)) + "\n")
        try:
            with output.open("wb") as file:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-c", BEGIN, PACKAGE, str(NICENESS), *words,
                    stdin=PIPE, stdout=file, stderr=STDOUT, start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            raise OutputError(f"the training cannot be started: {error.strerror or error}") from error
        training = Training(name=name, path=path, plan=plan, process=process, output=output)
        self.all[name] = training
        training.watcher = asyncio.create_task(self._watch(training))
        return training

    async def _watch(self, training: Training) -> None:
        status = await training.process.wait()
        was_asked = training.phase == "stopping"
        if status and not was_asked:
            training.phase, training.sentence = "failed", last_sentence(self.output(training))
        else:
            training.phase = "stopped" if was_asked else "done"

    def _remembered(self, name: str) -> Plan | None:
        """What a run was started with, if that was here."""
        try:
            fields = json.loads((self.directory / f".{name}.json").read_text(encoding="utf-8"))
            return Plan(**{**fields, "settings": tuple(fields["settings"])})
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def _data(self, plan: Plan) -> Path:
        if plan.data not in self.settings.datasets:
            here = ", ".join(self.settings.datasets) or "none: start the studio with --data"
            raise UnknownError(f"no data set {plan.data!r} is served here: there are {here}")
        return self.settings.datasets[plan.data]

    def _require_allowed(self) -> None:
        if not self.settings.allow_training:
            raise StudioError(NOT_ALLOWED)

    async def _ask(self, arguments: list[str]) -> tuple[int, str]:
        """Status and words of a command that is soon over. Raises `LateError`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", BEGIN, PACKAGE, "0", "train", *arguments,
            stdin=PIPE, stdout=PIPE, stderr=STDOUT, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                text = await process.stdout.read()
                return await process.wait(), text.decode("utf-8", "replace")
        except TimeoutError as error:
            raise LateError(
                f"the check took more than {CHECK_SECONDS:g} s: the data may be too many to look at"
            ) from error
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()

    def _shown(self, lines: list[str], plan: Plan, path: Path) -> list[str]:
        """Lines without the server's paths."""
        names = {str(path): path.name, str(self.settings.datasets.get(plan.data, "")): plan.data}
        for place, name in sorted(names.items(), key=lambda pair: -len(pair[0])):
            lines = [line.replace(place, name) if place else line for line in lines]
        return lines


def last_sentence(lines: list[str]) -> str:
    """What a command said last: why it failed."""
    said = [line.strip() for line in lines if line.strip()]
    return said[-1].removeprefix("allaprima: ")[:500] if said else "it ended without a word"


def _let_go(training: Training) -> None:
    if training.process.stdin is not None:
        training.process.stdin.close()
