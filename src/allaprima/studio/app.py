"""The web application: routes, errors as sentences, what starts and ends with it."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from allaprima.errors import AllaPrimaError
from allaprima.studio.errors import StudioError
from allaprima.studio.guard import BodyTooLargeError, Guard
from allaprima.studio.models import Problem
from allaprima.studio.routes import ROUTERS
from allaprima.studio.sentences import sentence_about
from allaprima.studio.settings import Settings
from allaprima.studio.studio import Studio
from allaprima.version import __version__

log = logging.getLogger("allaprima.studio")
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in {
        400: "The model cannot do this.",
        401: "The token is missing.",
        404: "There is nothing of that name.",
        413: "It is more than a client may ask for.",
        422: "The request does not have the right form.",
        429: "Too many are waiting.",
        503: "The worker has died, and is started again.",
        504: "It took too long.",
    }.items()
}
AUTHORITY = "allaprima studio"


def create_app(settings: Settings) -> Any:
    """The application that a server such as uvicorn runs; its ``state.studio`` is the `Studio`."""
    studio = Studio(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await studio.start()
        yield
        await studio.stop()

    app = FastAPI(
        title=AUTHORITY,
        version=__version__,
        description="Pictures from style-based generators: generate, mix, walk, project.",
        lifespan=lifespan,
        docs_url=None,  # its page would load scripts from another host
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses=PROBLEMS,
    )
    app.state.studio = studio
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(StudioError, _refused)
    app.add_exception_handler(AllaPrimaError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _missing)
    app.add_exception_handler(BodyTooLargeError, _too_large)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(Guard, settings=settings)
    return app


def problem(status: int, sentence: str) -> JSONResponse:
    """An answer that says why not."""
    headers = {"retry-after": "1"} if status in (429, 503) else {}
    return JSONResponse({"detail": sentence}, status_code=status, headers=headers)


def _refused(request: Request, error: Exception) -> JSONResponse:
    return problem(error.status if isinstance(error, StudioError) else 400, str(error))


def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem(422, sentence_about(error.errors()))


def _missing(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    answer = problem(error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


def _too_large(request: Request, error: Exception) -> JSONResponse:
    return problem(413, str(error))


def _broken(request: Request, error: Exception) -> JSONResponse:
    log.error("%s failed", request.url.path, exc_info=error)
    return problem(500, f"something went wrong ({type(error).__name__}): the log has the rest")
