"""Walks over HTTP: a few frames at once, or a film as a long work."""

from base64 import b64encode
from importlib.util import find_spec
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from allaprima.studio.errors import StudioError, TooLargeError
from allaprima.studio.films import FASTEST_GIF, OF_A_CIRCLE, Film, FilmFormat, Way
from allaprima.studio.models import JobFacts, ModelFacts
from allaprima.studio.painter import PIXELS_AT_ONCE
from allaprima.studio.routes.parts import Here
from allaprima.studio.routes.pictures import Painted
from allaprima.studio.studio import Studio
from allaprima.studio.wish import ImageFormat, Strict

router = APIRouter(prefix="/api/walk", tags=["walk"])
MOST_PREVIEWED, MOST_WANTED = 240, 24
WITHOUT_VIDEO = "mp4 and webm need PyAV, which is not installed here: pip install av"


class FramesOrder(Strict):
    """Some frames of a walk.

    Attributes:
        way: The walk.
        total: Into how many frames it is divided.
        wanted: Numbers of frames, from 0 to ``total`` - 1.
        format: Of each.
    """

    way: Way
    total: Annotated[int, Field(ge=1, le=MOST_PREVIEWED)] = 24
    wanted: Annotated[list[Annotated[int, Field(ge=0, lt=MOST_PREVIEWED)]], Field(min_length=1, max_length=MOST_WANTED)]
    format: ImageFormat = "webp"


class Formats(BaseModel):
    """What films can be saved as here, and why not as something else."""

    formats: list[FilmFormat]
    sentence: str


@router.get("/formats")
async def formats() -> Formats:
    """What films can be saved as here."""
    if find_spec("av") is None:
        return Formats(formats=["gif"], sentence=WITHOUT_VIDEO)
    return Formats(formats=["mp4", "webm", "gif"], sentence="")


@router.post("/frames")
async def frames(studio: Here, order: FramesOrder) -> Painted:
    """Some frames of a walk, for a preview; few are painted at a time, so that live pictures go on between."""
    facts = await checked(studio, order.way)
    if wrong := [number for number in order.wanted if number >= order.total]:
        raise StudioError(f"there is no frame {wrong[0]}: a walk of {order.total} has frames 0 to {order.total - 1}")
    found = await studio.check(*order.way.keys)
    at_once = max(1, PIXELS_AT_ONCE // (facts.height * facts.width))
    way = order.way.model_dump(mode="json")
    files: list[bytes] = []
    for first in range(0, len(order.wanted), at_once):
        some = order.wanted[first : first + at_once]
        files += await studio.ask("walking:frames", way, found, order.total, some, order.format)
    return Painted(media_type=f"image/{order.format}", images=[b64encode(file).decode() for file in files])


@router.post("")
async def walk(studio: Here, film: Film) -> JobFacts:
    """A film of a walk, painted in the background: the work's file is ``walk.mp4``, ``walk.webm`` or ``walk.gif``."""
    facts = await checked(studio, film)
    if film.format != "gif" and find_spec("av") is None:
        raise StudioError(WITHOUT_VIDEO)
    if film.format == "gif" and film.fps > FASTEST_GIF:
        raise StudioError(f"a GIF plays at most {FASTEST_GIF} frames per second, not {film.fps:g}")
    if film.frames > studio.limits.frames:
        raise TooLargeError(f"a film of {film.frames:,} frames: at most {studio.limits.frames:,} are painted")
    side = film.enlarge * max(facts.height, facts.width)
    if film.enlarge > 1 and side > studio.limits.side:
        raise TooLargeError(f"a film {side:,} pixels wide or high: at most {studio.limits.side:,} are made")
    await studio.check(*film.keys)
    title = f"Walk through {film.keys[0].model}, {film.seconds:g} s"
    job = studio.jobs.order("walk", title, "walking:film", film.model_dump(mode="json"))
    return JobFacts.model_validate(studio.job_facts(job))


async def checked(studio: Studio, way: Way) -> ModelFacts:
    """Facts of the model that is walked through. Raises `StudioError` for a walk that leads nowhere."""
    models = list(dict.fromkeys(key.model for key in way.keys))
    if len(models) > 1:
        raise StudioError(f"a walk stays in one model: these pictures are of {' and '.join(models[:2])}")
    if way.kind == "circle" and len(way.keys) != OF_A_CIRCLE:
        raise StudioError(f"a circle leads through two pictures, not {len(way.keys)}")
    if way.kind == "random" and len(way.keys) > 1:
        raise StudioError(f"a random walk begins at one picture, not at {len(way.keys)}")
    return await studio.facts(models[0])
