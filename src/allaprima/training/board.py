"""The numbers of each tick for TensorBoard, where that is installed."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from allaprima.errors import OutputError


class Board:
    """Writes event files into a run directory; does nothing without the package ``tensorboard``.

    Args:
        path: The run directory.
        images_seen: Where the run goes on; later events of an earlier process are hidden.

    Raises:
        OutputError: The events cannot be written; `write` raises it too.
    """

    def __init__(self, path: Path, *, images_seen: int) -> None:
        self._path = path
        self._writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        try:
            self._writer = SummaryWriter(str(path), purge_step=images_seen // 1000 + 1 if images_seen else None)
        except OSError as error:
            raise self._failure(error) from error

    def write(self, summary: dict[str, dict[str, float]], *, images_seen: int) -> None:
        """Write the mean of each number, at the step of thousands of images, as the reference does."""
        if self._writer is None:
            return
        try:
            for name, row in summary.items():
                self._writer.add_scalar(name, row["mean"], global_step=images_seen // 1000)
            self._writer.flush()
        except OSError as error:
            raise self._failure(error) from error

    def close(self) -> None:
        """Close the event file; what was written is in it already."""
        if self._writer is not None:
            with suppress(OSError):
                self._writer.close()

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"cannot write TensorBoard events into {self._path}: {error.strerror or error}")
