"""Films from the command line end well, whatever ends them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from allaprima.cli.filming import film


def frames(count: int, *, stops: bool = False) -> Iterator[NDArray[np.uint8]]:
    for index in range(count):
        yield np.full((4, 4), index, np.uint8)
    if stops:
        raise KeyboardInterrupt


def test_a_film_is_written_in_its_style(tmp_path: Path) -> None:
    assert film(tmp_path / "film.png", frames(5), 5, fps=10, loop=False) == 5
    with Image.open(tmp_path / "film.png") as image:
        assert (image.n_frames, image.info["duration"], image.info["loop"]) == (5, 100, 1)


@pytest.mark.parametrize(
    ("count", "sentence"),
    [(3, "film.png holds the first 3 of 9 frames, and can be played"), (0, "before the film began")],
)
def test_ctrl_c_is_status_130_and_says_what_there_is(
    tmp_path: Path, count: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        film(tmp_path / "film.png", frames(count, stops=True), 9)
    assert stop.value.code == 130
    said = capsys.readouterr().err
    assert said.startswith("allaprima: stopped: ")
    assert said.endswith(f"{sentence}\n")
    assert (tmp_path / "film.png").exists() == (count > 0)
