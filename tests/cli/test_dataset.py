from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from allaprima.cli.dataset import dataset
from allaprima.errors import AllaPrimaError, ConfigError, DataError, OutputError
from allaprima.images import write_png


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for i, name in enumerate(["cat/a.png", "cat/b.png", "dog/c.png"]):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, np.full((8, 8 + i, 3), 50 * i, np.uint8))
    return tmp_path / "photos"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(dataset, [str(argument) for argument in arguments])


def error_of(*arguments: object) -> AllaPrimaError:
    error = run(*arguments).exception
    assert isinstance(error, AllaPrimaError)
    assert "\n" not in str(error)
    return error


def test_it_says_where_the_archive_is_and_what_is_in_it(photos: Path, tmp_path: Path) -> None:
    (photos / "cat" / "broken.png").write_text("no image")
    out = tmp_path / "set.zip"
    result = run(photos, out, "--size", 8, "--labels", "folders")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "skipped cat/broken.png: is not an image that can be read",
        f"{out}: 3 images of 8×8 RGB, 2 classes, 1 skipped",
    ]
    assert out.is_file()


def test_heights_come_before_widths(photos: Path, tmp_path: Path) -> None:
    result = run(photos, tmp_path / "set.zip", "--height", 4, "--width", 6, "--channels", 4, "--fit", "pad")
    assert "3 images of 4×6 RGBA, no labels, 0 skipped" in result.stdout


def test_bad_input_is_one_sentence_and_nothing_is_written(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "set.zip"
    assert isinstance(error_of(photos, out), DataError)
    assert isinstance(error_of(tmp_path / "gone", out), DataError)
    assert isinstance(error_of(photos, out, "--size", 8, "--height", 8), ConfigError)
    assert isinstance(error_of(photos, out, "--height", 8), DataError)
    assert isinstance(error_of(photos, tmp_path / "gone" / "set.zip", "--size", 8), OutputError)
    assert list(tmp_path.iterdir()) == [photos]


def test_an_existing_archive_is_kept_unless_told(photos: Path, tmp_path: Path) -> None:
    run(photos, tmp_path / "set.zip", "--size", 8)
    assert isinstance(error_of(photos, tmp_path / "set.zip", "--size", 4), OutputError)
    assert "4×4" in run(photos, tmp_path / "set.zip", "--size", 4, "--overwrite").stdout


def test_help_shows_an_example_before_the_options() -> None:
    text = run("--help").stdout
    assert -1 < text.index("allaprima dataset photos flowers.zip --size 128") < text.index("Options:")


def test_it_has_few_options() -> None:
    assert len([parameter for parameter in dataset.params if parameter.param_type_name == "option"]) <= 10
