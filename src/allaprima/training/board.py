"""The numbers of each tick for TensorBoard, where that is installed."""

from pathlib import Path
from typing import Any


class Board:
    """Writes event files into a run directory; does nothing without the package ``tensorboard``.

    Args:
        path: The run directory.
        images_seen: Where the run goes on; later events of an earlier process are hidden.
    """

    def __init__(self, path: Path, *, images_seen: int) -> None:
        self._writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(str(path), purge_step=images_seen // 1000 + 1 if images_seen else None)

    def write(self, summary: dict[str, dict[str, float]], *, images_seen: int) -> None:
        """Write the mean of each number, at the step of thousands of images, as the reference does."""
        if self._writer is None:
            return
        for name, row in summary.items():
            self._writer.add_scalar(name, row["mean"], global_step=images_seen // 1000)
        self._writer.flush()

    def close(self) -> None:
        """Close the event file."""
        if self._writer is not None:
            self._writer.close()
