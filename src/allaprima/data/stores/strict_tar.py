"""Tar archives that end where they say so."""

import tarfile
from tarfile import TarFile


class StrictTarInfo(tarfile.TarInfo):
    """A member's header. ``tarfile`` itself takes a damaged one, or none, for the end, and what follows is lost."""

    @classmethod
    def fromtarfile(cls, archive: TarFile) -> "StrictTarInfo":
        """Read the next header; `tarfile.ReadError` if there is neither one nor the mark of the end."""
        try:
            return super().fromtarfile(archive)
        except tarfile.HeaderError as error:
            if isinstance(error, tarfile.EOFHeaderError):  # type: ignore[attr-defined]
                raise
            raise tarfile.ReadError(f"it breaks off, or is damaged, at byte {archive.offset}") from error
