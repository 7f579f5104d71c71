"""Which file names are images."""

from functools import lru_cache

from PIL import Image

_NO_PICTURES = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "PDF", "WMF"}
"""Formats that Pillow recognises by name but cannot decode by itself."""


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
