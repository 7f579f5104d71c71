"""What a training keeps for its films, and where: the folder ``film`` of the run directory.

reals.png               the fixed sample of real images that the discriminator is asked about
fakes-000000123456.png  what the averaged generator paints from fixed latents, after so many images seen
assessment.jsonl        a line for each of these: images_seen, kimg, seconds of training, and the discriminator's scores
                        of the real images and of the fakes, in the order of the sheets; cost: seconds that it took

How a sheet is laid out is in `allaprima.images.film_sheet`.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from jaxtyping import UInt8
from torch import Tensor

from allaprima.errors import OutputError
from allaprima.files import make_directory, write_text
from allaprima.images.film_sheet import write_film_sheet

FOLDER, LINES = "film", "assessment.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One line of the log.

    Attributes:
        images_seen: When it was made.
        kimg: The same in thousands.
        seconds: Of training until then.
        cost: Seconds that it took.
        reals: Scores of the real images.
        fakes: Scores of the fakes.
    """

    images_seen: int
    kimg: float
    seconds: float
    cost: float
    reals: list[float]
    fakes: list[float]


class FilmLog:
    """The folder of one run; made when something is written. All methods raise `OutputError`.

    Args:
        run: The run directory.
    """

    def __init__(self, run: Path) -> None:
        self.path = run / FOLDER
        self._lines = self.path / LINES

    def assessments(self) -> list[Assessment]:
        """What is there, the earliest first; a line that was cut short is passed over."""
        lines = self._lines.read_text(encoding="utf-8").splitlines() if self._lines.is_file() else []
        return [found for line in lines if (found := _parsed(line)) is not None]

    def write_reals(self, images: UInt8[Tensor, "n c h w"]) -> None:
        """Write reals.png from images of the size that is kept."""
        make_directory(self.path)
        write_film_sheet(self.path / "reals.png", images)

    def write_fakes(self, images: UInt8[Tensor, "n c h w"], images_seen: int) -> None:
        """Write a sheet."""
        make_directory(self.path)
        write_film_sheet(self._sheet(images_seen), images)

    def append(self, assessment: Assessment) -> None:
        """Add a line, whose sheet has been written."""
        try:
            with self._lines.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(assessment)) + "\n")
        except OSError as error:
            raise OutputError(f"cannot write {self._lines}: {error.strerror or error}") from error

    def forget_after(self, kimg: float) -> None:
        """Remove what came after ``kimg``, as a resume will make it again, and sheets that no line tells of."""
        if not self.path.is_dir():
            return
        kept = [found for found in self.assessments() if found.kimg <= kimg + 1e-6]
        text = "".join(f"{json.dumps(asdict(found))}\n" for found in kept)
        if not self._lines.is_file() or self._lines.read_text(encoding="utf-8") != text:
            write_text(self._lines, text)
        known = {self._sheet(found.images_seen) for found in kept}
        for sheet in set(self.path.glob("fakes-*.png")) - known:
            with suppress(OSError):
                sheet.unlink()

    def _sheet(self, images_seen: int) -> Path:
        return self.path / f"fakes-{images_seen:012d}.png"


def _parsed(line: str) -> Assessment | None:
    try:
        row: dict[str, Any] = json.loads(line)
        return Assessment(**{field.name: row[field.name] for field in fields(Assessment)})
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def spent(assessments: Sequence[Assessment]) -> float:
    """Seconds that all of them took."""
    return sum(found.cost for found in assessments)
