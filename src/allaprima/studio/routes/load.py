"""How busy the studio is: for who runs it."""

from fastapi import APIRouter
from pydantic import BaseModel

from allaprima.studio.routes.parts import Here

router = APIRouter(prefix="/api", tags=["models"])


class Load(BaseModel):
    """Since the studio was opened.

    Attributes:
        images: Pictures that were painted.
        batches: In so many batches.
        waiting: Pictures that wait.
        live: Live connections.
        jobs: Long works that wait or run.
        deaths: Of workers.
    """

    images: int
    batches: int
    waiting: int
    live: int
    jobs: int
    deaths: int


@router.get("/load")
async def load(studio: Here) -> Load:
    """How much has been painted, and how much waits."""
    return Load(
        images=studio.painter.images,
        batches=studio.painter.batches,
        waiting=studio.painter.waiting,
        live=studio.live,
        jobs=sum(not job.is_over for job in studio.jobs.all.values()),
        deaths=studio.painting.deaths + studio.working.deaths,
    )
