"""Orders of many pictures, which come as an archive."""

import secrets
import shutil
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from allaprima.studio.errors import StudioError, TooLargeError
from allaprima.studio.models import JobFacts, ModelFacts
from allaprima.studio.routes.parts import Here
from allaprima.studio.wish import ImageFormat, Name, Seed, Share, Strict

router = APIRouter(prefix="/api", tags=["bulk"])
KIND = "bulk"
PLAIN_SEEDS = 10**6
TWICE = 2  # the parts, and the archive that is made of them
ROOM = {"png": 1.0, "webp": 0.25}  # bytes of a file for each byte of its pixels, at most; WebP's are measured


class BulkOrder(Strict):
    """Pictures that are wanted as a ZIP archive with a manifest.

    Attributes:
        model: Name of one that is served.
        count: How many.
        seed: Of the first; the next ones follow. None: one is drawn.
        truncation: 1 leaves styles as they are, 0 gives the model's average image.
        classes: How many of each class, by weights; empty: as many of each.
        format: Of the files.
    """

    model: Name
    count: Annotated[int, Field(ge=1, le=10**9)]
    seed: Seed | None = None
    truncation: Annotated[float, Field(ge=-4, le=4, allow_inf_nan=False)] = 1.0
    classes: dict[Annotated[int, Field(ge=0, lt=2**16)], Share] = Field(default_factory=dict, max_length=1000)
    format: ImageFormat = "png"


@router.post("/bulk")
async def bulk(studio: Here, order: BulkOrder) -> JobFacts:
    """Order pictures. They come as ``pictures.zip``, with ``manifest.json`` and ``manifest.csv`` in it."""
    facts = await studio.facts(order.model)
    if order.count > studio.limits.order:
        raise TooLargeError(f"{order.count:,} pictures in one order: at most {studio.limits.order:,} are painted")
    _require_room(shutil.disk_usage(studio.settings.out).free, order, facts)
    seed = secrets.randbelow(PLAIN_SEEDS) if order.seed is None else order.seed
    content = order.model_dump(mode="json") | {"seed": seed, "classes": _classes(order, facts)}
    title = f"{order.count:,} {'picture' if order.count == 1 else 'pictures'} of {order.model}"
    job = studio.jobs.order(KIND, title, "bulk:paint", content, resumes=True)
    return JobFacts.model_validate(studio.job_facts(job))


def _classes(order: BulkOrder, facts: ModelFacts) -> dict[str, float]:
    """Weights as JSON holds them. Raises `StudioError`."""
    known = len(facts.classes)
    if not known:
        if any(order.classes.values()):
            raise StudioError("this model knows no classes: order without them")
        return {}
    if wrong := [number for number in order.classes if number >= known]:
        raise StudioError(f"there is no class {wrong[0]}: this model has classes 0 to {known - 1}")
    if order.classes and not any(order.classes.values()):
        raise StudioError("give at least one class a weight above 0")
    return {str(number): weight for number, weight in (order.classes or dict.fromkeys(range(known), 1.0)).items()}


def _require_room(free: int, order: BulkOrder, facts: ModelFacts) -> None:
    """Raise `TooLargeError` if the disk may not have the room."""
    pixels = facts.height * facts.width * min(facts.channels, 4)
    wanted = int(TWICE * order.count * (1024 + ROOM[order.format] * pixels))
    if wanted > free:
        raise TooLargeError(
            f"{order.count:,} pictures may take {wanted / 2**20:,.0f} MiB while they are made, and the disk has"
            f" {free / 2**20:,.0f} MiB free: order fewer, or make room"
        )
