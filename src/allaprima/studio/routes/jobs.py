"""Long works: how they stand, what they have made, stopping them."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import FileResponse

from allaprima.studio.errors import UnknownError
from allaprima.studio.jobs import TYPES
from allaprima.studio.models import JobFacts
from allaprima.studio.routes.parts import Here
from allaprima.studio.visitor import visitor

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
JobNumber = Annotated[str, Path(max_length=64)]
FileName = Annotated[str, Path(max_length=200)]
SHOWN = (".png", ".webp", ".gif", ".mp4", ".webm", ".json")  # in the page; the rest is saved


@router.get("")
async def every(studio: Here) -> list[JobFacts]:
    """The works that this browser has ordered, the newest first; programs remember the numbers of theirs."""
    own = [job for job in studio.jobs.all.values() if job.owner and job.owner == visitor.get()]
    newest = sorted(own, key=lambda job: -job.made)
    return [JobFacts.model_validate(studio.job_facts(job)) for job in newest]


@router.get("/{number}")
async def one(studio: Here, number: JobNumber) -> JobFacts:
    """How a work stands."""
    return JobFacts.model_validate(studio.job_facts(studio.jobs.find(number)))


@router.post("/{number}/stop")
async def stop(studio: Here, number: JobNumber) -> JobFacts:
    """Stop a work; what it has made stays."""
    job = studio.jobs.find(number)
    studio.jobs.stop_one(job)
    return JobFacts.model_validate(studio.job_facts(job))


@router.delete("/{number}", status_code=204)
async def remove(studio: Here, number: JobNumber) -> Response:
    """Stop a work, and remove what it has made."""
    studio.jobs.remove(studio.jobs.find(number))
    return Response(status_code=204)


@router.get("/{number}/files/{name}", response_class=FileResponse)
async def file(studio: Here, number: JobNumber, name: FileName) -> FileResponse:
    """A file that a work has made. Names are looked up among those that are there: none is made into a path."""
    job = studio.jobs.find(number)
    path = studio.jobs.files(job).get(name)
    if path is None:
        raise UnknownError(f"the work {job.title!r} has made no file of that name yet")
    disposition = "inline" if path.suffix in SHOWN else "attachment"
    return FileResponse(
        path, media_type=TYPES[path.suffix], filename=name, content_disposition_type=disposition,
        headers={"cache-control": "no-cache"},
    )  # fmt: skip
