"""Who asks: a browser is known by a number that it was given with its first page, and sees its own works alone."""

import secrets
from contextvars import ContextVar

COOKIE = "allaprima-visitor"
LETTERS = 16
YEAR = 365 * 24 * 60 * 60  # seconds that a browser keeps it

visitor: ContextVar[str] = ContextVar("visitor", default="")
"""Of the request that is being answered; empty for programs, which keep the numbers of their works themselves."""


def new_visitor() -> str:
    """A number that nobody can guess."""
    return secrets.token_urlsafe(LETTERS)
