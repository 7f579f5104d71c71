"""What routes take from the running studio."""

from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection

from allaprima.studio.studio import Studio


def studio_of(connection: HTTPConnection) -> Studio:
    """The studio that answers."""
    studio: Any = connection.app.state.studio
    assert isinstance(studio, Studio)
    return studio


Here = Annotated[Studio, Depends(studio_of)]
