"""Which file names are images."""

from functools import lru_cache

from PIL import Image

_NO_PICTURES = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "PDF", "WMF"}
"""Formats that Pillow recognises by name but cannot decode by itself. For EPS it would start Ghostscript, to run the
program that such a file is."""

_FIRST = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""What is tried before all else."""


@lru_cache(maxsize=1)
def readable_formats() -> tuple[str, ...]:
    """List the formats by Pillow's names that it decodes by itself: a file is one of these, whatever it is called."""
    Image.init()
    known = [kind for kind in Image.ID if kind not in _NO_PICTURES]
    return tuple(sorted(known, key=lambda kind: _FIRST.index(kind) if kind in _FIRST else len(_FIRST)))


@lru_cache(maxsize=1)
def image_extensions() -> frozenset[str]:
    """List the extensions (".png", …) that Pillow can open here."""
    return frozenset(
        extension
        for extension, kind in Image.registered_extensions().items()
        if kind in Image.OPEN and kind not in _NO_PICTURES
    )


def is_image_name(name: str) -> bool:
    """Tell whether a file's name (with ``/``) is that of a visible image: no hidden file, no macOS shadow."""
    parts = name.split("/")
    if parts[0] == "__MACOSX" or any(part.startswith(".") for part in parts):
        return False
    dot = parts[-1].rfind(".")
    return dot > 0 and parts[-1][dot:].lower() in image_extensions()
