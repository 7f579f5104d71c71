"""The pages, their scripts and styles: files of the package, looked up by name."""

from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from allaprima.studio.errors import UnknownError

STATIC = Path(__file__).parents[1] / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
FILES = {path.relative_to(STATIC).as_posix(): path for path in STATIC.rglob("*") if path.suffix in TYPES}
router = APIRouter(include_in_schema=False)


@router.get("/")
async def index() -> Response:
    """The application."""
    return _file("index.html")


@router.get("/static/{name:path}")
async def static(name: str) -> Response:
    """A part of it."""
    return _file(name)


def _file(name: str) -> Response:
    if name not in FILES:
        raise UnknownError("there is no such page")
    path = FILES[name]
    return FileResponse(path, media_type=TYPES[path.suffix], headers={"cache-control": "no-cache"})
