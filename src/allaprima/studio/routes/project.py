"""Projection over HTTP: a picture goes up, and a long work looks for the styles that paint it."""

from base64 import b64encode
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from allaprima.errors import OutputError
from allaprima.files import write_bytes
from allaprima.studio.errors import StudioError
from allaprima.studio.models import JobFacts
from allaprima.studio.routes.parts import Here
from allaprima.studio.studio import Studio

router = APIRouter(prefix="/api/project", tags=["project"])
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bytes of a PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Model = Annotated[str, Query(max_length=200, description="A name from /api/studio.")]
FitQuery = Annotated[
    Literal["crop", "pad"],
    Query(alias="fit", description="crop: the middle of the picture; pad: all of it, with something around."),
]
Quality = Literal["quick", "good", "best"]
EFFORT: dict[Quality, int] = {"quick": 100, "good": 300, "best": 1000}
"""Steps of the search."""

CANDIDATES = 64  # random pictures, the nearest of which is where the search starts
MOST_STEPS = 5000


class FittedPicture(BaseModel):
    """A picture as a model could have painted it.

    Attributes:
        image: As base64 of a PNG.
        notes: What was changed, a sentence each.
        height: Of what was sent.
        width: Of what was sent.
    """

    image: str
    notes: list[str]
    height: int
    width: int


async def picture_in(request: Request) -> bytes:
    """The body. Raises `StudioError` if there is none."""
    data = await request.body()
    if not data:
        raise StudioError("the body is empty: send the bytes of a picture")
    return data


Upload = Annotated[bytes, Depends(picture_in)]


@router.post("/fit", openapi_extra=BODY)
async def fit(studio: Here, data: Upload, model: Model, fit_: FitQuery = "crop") -> FittedPicture:
    """A picture of any size and mode, fitted to a model: what a projection will look for."""
    found = await fitted(studio, data, model, fit_)
    return FittedPicture(**found | {"image": b64encode(found["image"]).decode()})


@router.post("", openapi_extra=BODY)
async def project(
    studio: Here,
    data: Upload,
    model: Model,
    quality: Annotated[Quality, Query(description="quick: 100 steps; good: 300; best: 1000.")] = "good",
    steps: Annotated[int | None, Query(ge=1, le=MOST_STEPS, description="Instead of a quality.")] = None,
    space: Annotated[
        Literal["w", "w+"], Query(description="w: one style for all layers; w+: one for each, which comes nearer.")
    ] = "w+",
    fit_: FitQuery = "crop",
    class_: Annotated[int | None, Query(alias="class", ge=0, lt=2**16, description="Class to start in.")] = None,
) -> JobFacts:
    """Find the styles with which a model paints a picture, as nearly as it can.

    The work's files are ``target.png``, ``preview.png`` while it runs, ``projected.png``, ``latents.safetensors``, with
    which pictures are painted whose wish names the work by ``found``, ``projected_w.npz``, the distances and a film of
    the way. If it is stopped, what was found until then stays.
    """
    facts = await studio.facts(model)
    if class_ is not None and class_ >= len(facts.classes):
        known = f"it has classes 0 to {len(facts.classes) - 1}" if facts.classes else "it knows no classes"
        raise StudioError(f"this model has no class {class_}: {known}")
    found = await fitted(studio, data, model, fit_)
    order = {
        "model": model,
        "quality": quality if steps is None else None,
        "steps": EFFORT[quality] if steps is None else steps,
        "space": space,
        "class": class_,
        "fit": fit_,
        "notes": found["notes"],
        "candidates": CANDIDATES,
    }
    job = studio.jobs.order("project", f"Projection into {model}", "projecting:project", order)
    try:
        write_bytes(studio.jobs.folder(job) / "target.png", found["image"])  # no await before: it has not begun yet
    except OutputError:
        studio.jobs.remove(job)
        raise
    return JobFacts.model_validate(studio.job_facts(job))


async def fitted(studio: Studio, data: bytes, model: str, how: str) -> dict[str, Any]:
    """What `allaprima.studio.work.projecting.fit` says of a picture. Raises `StudioError`."""
    await studio.facts(model)
    found: dict[str, Any] = await studio.ask("projecting:fit", data, model, how, studio.limits.pixels)
    return found
