"""Complaints of pydantic as sentences."""

from typing import Any


def sentence_about(errors: Any) -> str:
    """The first of pydantic's complaints as a sentence."""
    first = errors[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))[:200]
    message = str(first["msg"])[:200]
    rest = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    sentence = f"{where or 'the request'}: {message[:1].lower()}{message[1:]}{rest}"
    return sentence.encode("utf-8", "replace").decode()  # half of a surrogate pair may stand in a field's name
