"""Images of the data sets that are served, and what the doctor says of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from allaprima.studio.errors import StudioError, UnknownError
from allaprima.studio.jobs import Job
from allaprima.studio.models import JobFacts, ModelFacts
from allaprima.studio.routes.parts import Here
from allaprima.studio.routes.pictures import PICTURES, ImageResponse
from allaprima.studio.studio import Studio
from allaprima.studio.wish import Name, Strict

router = APIRouter(prefix="/api/datasets", tags=["data"])
A_WHILE = "private, max-age=600"
MOST_IMAGES = 120  # of a page
CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}

DatasetName = Annotated[str, Path(max_length=200, description="A name from /api/studio.")]
Index = Annotated[int, Path(ge=0, lt=2**31, description="Counted from 0, in the order of the names.")]


class DatasetFacts(BaseModel):
    """A data set at a glance; height, width and mode are those of its first image."""

    name: str
    kind: str
    total: int
    height: int | None
    width: int | None
    mode: str | None
    labelled: bool
    class_names: list[str]


class ImageFacts(BaseModel):
    """An image: its number, its name, its class, and whether it cannot be read."""

    index: int
    name: str
    label: int | None
    broken: bool


class ImagePage(BaseModel):
    """Images in a row, and a sheet of rows and columns on which each has height × width pixels."""

    total: int
    start: int
    images: list[ImageFacts]
    height: int
    width: int
    columns: int
    rows: int
    sheet: str


class Examination(Strict):
    """An examination; ``again``: even if there has been one."""

    again: bool = False


class Judging(Strict):
    """A model whose discriminator shall judge all images; ``again``: even if it has."""

    model: Name
    again: bool = False


@router.get("/{name}")
async def facts(studio: Here, name: DatasetName) -> DatasetFacts:
    """What a data set holds, at a glance."""
    return DatasetFacts(**await studio.ask("datasets:describe", _known(studio, name)))


@router.get("/{name}/images")
async def images(
    studio: Here,
    name: DatasetName,
    response: Response,
    start: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    count: Annotated[int, Query(ge=1, le=MOST_IMAGES)] = 60,
) -> ImagePage:
    """Some images on one sheet, small."""
    page = ImagePage(**await studio.ask("datasets:page", _known(studio, name), start, count))
    response.headers["cache-control"] = A_WHILE
    return page


@router.get("/{name}/image/{index}", response_class=ImageResponse, responses=PICTURES)
async def image(
    studio: Here,
    name: DatasetName,
    index: Index,
    side: Annotated[int | None, Query(ge=8, le=4096, description="Longer images are reduced to this.")] = None,
) -> Response:
    """One image, upright, as a PNG file."""
    data = await studio.ask("datasets:image", _known(studio, name), index, side)
    return ImageResponse(data, headers={"cache-control": A_WHILE})


@router.get("/{name}/examination")
async def examination(studio: Here, name: DatasetName) -> JobFacts | None:
    """The newest examination of a data set, done or under way; null if there is none."""
    job = _newest(studio, "examination", _order(studio, name))
    return None if job is None else JobFacts.model_validate(studio.job_facts(job))


@router.post("/{name}/examination", status_code=201)
async def examine(studio: Here, name: DatasetName, order: Examination) -> JobFacts:
    """Look at every image once: sizes, modes, labels, duplicates, broken files. An earlier one is given if there is."""
    wanted = _order(studio, name)
    job = None if order.again else _newest(studio, "examination", wanted)
    if job is None:
        job = studio.jobs.order("examination", f"Examining {name}", "datasets:examine", wanted, resumes=True)
    return JobFacts.model_validate(studio.job_facts(job))


@router.get("/{name}/judgement")
async def judgement(studio: Here, name: DatasetName, model: Annotated[str, Query(max_length=200)]) -> JobFacts | None:
    """The newest judgement of a data set by a model's discriminator, done or under way; null if there is none."""
    job = _newest(studio, "judgement", _order(studio, name) | {"model": model})
    return None if job is None else JobFacts.model_validate(studio.job_facts(job))


@router.post("/{name}/judgement", status_code=201)
async def judge(studio: Here, name: DatasetName, order: Judging) -> JobFacts:
    """Let a model's discriminator score every image. An earlier judgement is given if there is one."""
    model = await studio.facts(order.model)
    if not model.has_judge:
        raise StudioError(f"the file of {order.model} holds no discriminator, so there is nobody who could judge")
    await require_alike(studio, model, name)
    wanted = _order(studio, name) | {"model": order.model}
    job = None if order.again else _newest(studio, "judgement", wanted)
    if job is None:
        title = f"Judging {name} by {order.model}"
        job = studio.jobs.order("judgement", title, "judgement:judge_data", wanted, resumes=True)
    return JobFacts.model_validate(studio.job_facts(job))


async def require_alike(studio: Studio, model: ModelFacts, name: str) -> None:
    """Raise a `StudioError` unless the images of a data set have the shape of the model's."""
    data = DatasetFacts(**await studio.ask("datasets:describe", _known(studio, name)))
    theirs, ours = (data.height, data.width, CHANNELS.get(data.mode or "")), (model.height, model.width, model.channels)
    if theirs != ours:
        said = "of unknown size" if data.mode is None else f"{data.height}×{data.width} {data.mode}"
        raise StudioError(
            f"the images of {name} are {said}, but {model.name} paints {model.height}×{model.width} with"
            f" {model.channels} {'channel' if model.channels == 1 else 'channels'}: choose images that are alike"
        )


def _known(studio: Studio, name: str) -> str:
    """The name itself. Raises `UnknownError`."""
    names = studio.settings.datasets
    if name not in names:
        there = f"there are {', '.join(names)}" if names else "start the studio with --data to serve some"
        raise UnknownError(f"no data set {name!r} is served here: {there}")
    return name


def _order(studio: Studio, name: str) -> dict[str, Any]:
    """What is asked of a data set as it is now: once it has changed, what was found before counts no more."""
    try:
        changed = int(studio.settings.datasets[_known(studio, name)].stat().st_mtime)
    except OSError:
        changed = 0
    return {"dataset": name, "changed": changed}


def _newest(studio: Studio, kind: str, order: dict[str, Any]) -> Job | None:
    """The newest work of that kind and order that has not failed."""
    fitting = [
        job
        for job in studio.jobs.all.values()
        if job.kind == kind and job.order == order and job.state not in ("failed", "stopped")
    ]
    return max(fitting, key=lambda job: job.made, default=None)
