"""Trainings to watch: how they stand, their numbers, sheets and snapshots, films of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from allaprima.errors import OutputError
from allaprima.files import write_text
from allaprima.studio.errors import TooLargeError, UnknownError
from allaprima.studio.models import JobFacts
from allaprima.studio.routes.parts import Here
from allaprima.studio.routes.pictures import PICTURES, ImageResponse
from allaprima.studio.runs import Piece, Run, Runs
from allaprima.studio.trainings import Training, Trainings
from allaprima.studio.wish import ImageFormat, Name, Strict

PLACE = ".run"  # as allaprima.studio.work.runs says
FOREVER = "private, max-age=31536000, immutable"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What runs and trainings need lives as long as the studio; trainings save and stop before it closes."""
    settings = app.state.studio.settings
    app.state.trainings = Trainings(settings)
    app.state.runs = Runs(settings.runs, app.state.trainings.directory, app.state.trainings.all)
    yield
    await app.state.trainings.close()


router = APIRouter(prefix="/api/runs", tags=["runs"], lifespan=lifespan)


def trainings_of(connection: HTTPConnection) -> Trainings:
    """The trainings that pages have started."""
    found: Any = connection.app.state.trainings
    assert isinstance(found, Trainings)
    return found


def runs_of(connection: HTTPConnection) -> Runs:
    """All runs."""
    found: Any = connection.app.state.runs
    assert isinstance(found, Runs)
    return found


TrainingsHere = Annotated[Trainings, Depends(trainings_of)]
RunsHere = Annotated[Runs, Depends(runs_of)]


def run_of(runs: RunsHere, run: Annotated[str, Path(max_length=200)]) -> Run:
    """The run that the address names. Raises `UnknownError`."""
    return runs.find(run)


RunHere = Annotated[Run, Depends(run_of)]
PieceName = Annotated[str, Path(max_length=200)]


class Made(BaseModel):
    """A sheet or a snapshot: its name, when it was made, and which version of it this is."""

    name: str
    kimg: float
    version: str


class Point(BaseModel):
    """A metric's value."""

    kimg: float
    value: float


class RunFacts(BaseModel):
    """How a run stands.

    Attributes:
        state: running, finished, stopped, or empty: nothing has been trained yet.
        wanted: Thousands of images that it is to see.
        images_per_second: Median of the last ticks.
        seconds_left: At this speed.
        updated: Seconds since 1970, of the last tick.
        condition: Verdict of the last tick: healthy, overfitting, collapsing or diverging.
        shape: Channels, height and width of its images.
        classes: Number of them, 0 for a training without.
        phase: Of the process that this studio has started: running, stopping, done, stopped or failed.
        said: The last that this process has said.
    """

    name: str
    state: str
    kimg: float
    wanted: float | None
    images_per_second: float | None
    seconds_left: float | None
    seconds_trained: float
    memory_gb: float | None
    ticks: int
    updated: float | None
    condition: str | None
    shape: list[int]
    classes: int
    z_dim: int | None
    data: str | None
    images: int | None
    recipe: dict[str, Any]
    sheets: list[Made]
    reals: Made | None
    snapshots: list[Made]
    num_records: int
    metrics: dict[str, list[Point]]
    log: list[str]
    phase: str | None = None
    problem: str = ""
    said: list[str] = []


class RunBrief(BaseModel):
    """A run in the list of them."""

    name: str
    state: str
    kimg: float
    wanted: float | None
    sheet: Made | None
    phase: str | None = None


class Numbers(BaseModel):
    """Numbers of ticks, from number ``first`` on, of ``total`` that are known."""

    edition: str
    first: int
    total: int
    columns: dict[str, list[float | None]]


class FilmOrder(Strict):
    """What to film: learning shows what one generator paints, assessment what the discriminator thinks of it."""

    what: Literal["learning", "assessment"] = "assessment"
    seconds: Annotated[float, Field(ge=1, le=120, allow_inf_nan=False)] = 12.0
    format: Literal["webm", "mp4", "gif"] = "webm"
    data: Name | None = None


@router.get("")
async def every(runs: RunsHere, trainings: TrainingsHere) -> list[RunBrief]:
    """All runs, in short."""
    found = [runs.find(name) for name in runs.names()]
    return await asyncio.to_thread(lambda: [brief_of(run, trainings.all.get(run.name)) for run in found])


@router.get("/{run}")
async def one(run: RunHere, trainings: TrainingsHere) -> RunFacts:
    """How a run stands."""
    return await asyncio.to_thread(facts_of, run, trainings.all.get(run.name), trainings)


@router.get("/{run}/statistics")
async def statistics(
    run: RunHere,
    after: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    edition: Annotated[str, Query(max_length=32)] = "",
) -> Numbers:
    """Numbers of the ticks after so many that the client knows already; all of them, if it knows another edition."""

    def read() -> Numbers:
        run.statistics.read()
        first, columns = run.statistics.since(after, edition)
        return Numbers(edition=run.statistics.edition, first=first, total=run.statistics.count, columns=columns)

    return await asyncio.to_thread(read)


@router.get("/{run}/sheets/{sheet}", response_class=FileResponse)
async def sheet(run: RunHere, sheet: PieceName) -> FileResponse:
    """A sheet of images: of the data (reals.png), or of what the generator painted."""
    piece = run.pictures().get(sheet)
    if piece is None:
        raise UnknownError("this run has no sheet of that name")
    return FileResponse(piece.path, media_type="image/png", headers={"cache-control": FOREVER})


@router.get("/{run}/snapshots/{snapshot}/picture", response_class=ImageResponse, responses=PICTURES)
async def picture(
    studio: Here,
    connection: HTTPConnection,
    run: RunHere,
    snapshot: PieceName,
    seed: Annotated[int, Query(ge=0, lt=2**32)] = 0,
    truncation: Annotated[float, Query(ge=-4, le=4, allow_inf_nan=False)] = 1.0,
    class_: Annotated[int | None, Query(alias="class", ge=0, lt=2**16)] = None,
    format_: Annotated[ImageFormat, Query(alias="format")] = "png",
) -> Response:
    """What a snapshot paints from a seed: of two snapshots, the same seed shows what was learned between them."""
    piece = run.snapshots().get(snapshot)
    if piece is None:
        raise UnknownError("this run has no snapshot of that name")
    data: bytes = await studio.ask("runs:picture", str(piece.path), piece.version, seed, truncation, class_, format_)
    return ImageResponse(data, media_type=f"image/{format_}", headers={"cache-control": FOREVER})


@router.post("/{run}/film")
async def film(studio: Here, run: RunHere, order: FilmOrder) -> JobFacts:
    """Order a film of a training, from what it kept, or from its snapshots."""
    if order.data is not None and order.data not in studio.settings.datasets:
        raise UnknownError(f"no data set {order.data!r} is served here")
    frames = order.seconds * 24
    if frames > studio.limits.frames:
        raise TooLargeError(f"a film of {frames:.0f} frames: at most {studio.limits.frames} are made")
    content = {"run": run.name, **order.model_dump(exclude_none=True)}
    job = studio.jobs.order("film", f"{order.what.capitalize()} film of {run.name}", "runs:film", content, resumes=True)
    try:  # before the worker, to whom the event loop turns later, can look for it
        write_text(studio.jobs.folder(job) / PLACE, str(run.path.resolve()))
    except OutputError:
        studio.jobs.remove(job)
        raise
    return JobFacts.model_validate(studio.job_facts(job))


def brief_of(run: Run, training: Training | None) -> RunBrief:
    """A run in short."""
    run.statistics.read()
    is_open = training is not None and not training.is_over
    wanted = training.plan.kimg if training is not None and is_open and training.plan.kimg else run.wanted()
    sheets = [_made(piece) for piece in run.sheets().values()]
    return RunBrief(
        name=run.name,
        state=run.state(wanted),
        kimg=run.kimg() or 0.0,
        wanted=wanted,
        sheet=sheets[-1] if sheets else None,
        phase=None if training is None else training.phase,
    )


def facts_of(run: Run, training: Training | None, trainings: Trainings) -> RunFacts:
    """All that is known of a run but its numbers."""
    run.statistics.read()
    config, brief = run.config(), brief_of(run, training)
    recipe, data = (part if isinstance(part, dict) else {} for part in (config.get("recipe"), config.get("data")))
    per_kimg = run.statistics.recent("Timing/sec_per_kimg")
    left = max((brief.wanted or 0.0) - brief.kimg, 0.0)
    pictures = run.pictures()
    shape = data.get("shape")
    return RunFacts(
        **brief.model_dump(include={"name", "state", "kimg", "wanted", "phase"}),
        images_per_second=1000 / per_kimg if per_kimg else None,
        seconds_left=left * per_kimg if per_kimg and brief.wanted else None,
        seconds_trained=run.statistics.total("Timing/sec_per_tick"),
        memory_gb=run.statistics.last("Resources/peak_gpu_mem_gb") or run.statistics.last("Resources/cpu_mem_gb"),
        ticks=run.statistics.count,
        updated=run.updated(),
        condition=run.condition(),
        shape=[int(side) for side in shape] if isinstance(shape, list) and len(shape) == 3 else [],
        classes=int(_number(data, "label_dim") or 0) if recipe.get("cond") else 0,
        z_dim=int(_number(recipe, "z_dim") or 0) or None,
        data=str(data["name"]) if "name" in data else None,
        images=int(_number(data, "images") or 0) or None,
        recipe=recipe,
        sheets=[_made(piece) for name, piece in pictures.items() if name != "reals.png"],
        reals=_made(pictures["reals.png"]) if "reals.png" in pictures else None,
        snapshots=[_made(piece, name) for name, piece in run.snapshots().items()],
        num_records=run.num_records(),
        metrics={
            name: [Point(kimg=kimg, value=value) for kimg, value in values] for name, values in run.metrics().items()
        },
        log=run.log(),
        problem="" if training is None else training.sentence,
        said=[] if training is None else trainings.output(training),
    )


def _made(piece: Piece, name: str | None = None) -> Made:
    return Made(name=name or piece.path.name, kimg=piece.kimg, version=f"{piece.version:x}")


def _number(fields: Any, name: str) -> float | None:
    value = fields.get(name) if isinstance(fields, dict) else None
    return float(value) if isinstance(value, int | float) and abs(value) < float("inf") else None
