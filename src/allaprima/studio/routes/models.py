"""What is served, and what is known of it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel

from allaprima.studio.models import DirectionFacts, ModelFacts
from allaprima.studio.routes.parts import Here
from allaprima.studio.wish import PLAIN
from allaprima.version import __version__

router = APIRouter(prefix="/api", tags=["models"])
ModelName = Annotated[str, Path(min_length=1, max_length=200, pattern=PLAIN, description="A name from /api/studio.")]


class Served(BaseModel):
    """Names of all that is here, and how much of it one may ask for."""

    version: str
    models: list[str]
    runs: list[str]
    datasets: list[str]
    allow_training: bool
    limits: dict[str, float]


@router.get("/studio")
async def served(studio: Here) -> Served:
    """What this studio serves."""
    settings, limits = studio.settings, studio.limits
    return Served(
        version=__version__,
        models=list(settings.models),
        runs=list(settings.runs),
        datasets=list(settings.datasets),
        allow_training=settings.allow_training,
        limits={name: getattr(limits, name) for name in limits.__slots__},
    )


@router.get("/models/{model}")
async def facts(studio: Here, model: ModelName) -> ModelFacts:
    """What is known of a model."""
    return await studio.facts(model)


@router.get("/models/{model}/directions")
async def directions(studio: Here, model: ModelName, method: Literal["sefa", "pca"] = "sefa") -> list[DirectionFacts]:
    """Directions in the styles of a model, found when they are first asked for: SeFa in closed form, or PCA of W."""
    await studio.facts(model)
    found: list[dict[str, Any]] = await studio.ask("facts:directions", model, method)
    return [DirectionFacts(**each) for each in found]
