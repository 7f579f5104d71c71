"""A film as a folder of numbered PNGs."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allaprima.files import make_directory
from allaprima.images.films.recorder import Style
from allaprima.images.png import write_png

PATTERN = "frame*.png"


class FolderRecorder:
    """``frame000000.png``, ``frame000001.png``, … of frames [h, w, c]; nothing is lost, alpha included.

    Arguments are those of `Recorder`.
    """

    def __init__(self, path: Path, frame: NDArray[np.uint8], style: Style) -> None:
        make_directory(path)
        self.path, self.count, self.texts = path, 0, style.texts

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Write one file more."""
        write_png(self.path / f"frame{self.count:06d}.png", frame, texts=self.texts)
        self.count += 1

    def close(self) -> None:
        """Nothing is left to do."""
