import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from allaprima.cli.inspect import inspect
from allaprima.errors import DataError
from allaprima.images import write_png


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for i in range(4):
        write_png(tmp_path / f"{i}.png", np.random.RandomState(i % 3).randint(0, 256, (8, 6, 3), dtype=np.uint8))
    return tmp_path


def test_it_is_a_page_for_people(photos: Path) -> None:
    result = CliRunner().invoke(inspect, [str(photos)])
    assert result.exit_code == 0
    assert f"{photos}: 4 images (folder)" in result.stdout
    assert "size        8×6 (4)" in result.stdout
    assert "duplicates  1 in 1 groups exact, 0 near" in result.stdout
    assert "the same: 0.png, 3.png" in result.stdout
    assert result.stdout.splitlines()[-1] == f"  allaprima train {photos} RUN --recipe laptop-24"


def test_the_next_step_of_a_mixed_folder_is_an_archive(photos: Path) -> None:
    write_png(photos / "x.png", np.zeros((9, 9), np.uint8))
    result = CliRunner().invoke(inspect, [str(photos)])
    wanted = f"  first make an archive: allaprima dataset {photos} OUT.zip --height 8 --width 6 --channels 3"
    assert result.stdout.splitlines()[-1] == wanted


def test_json_holds_everything(photos: Path) -> None:
    (photos / "broken.png").write_text("no image")
    content = json.loads(CliRunner().invoke(inspect, [str(photos), "--json"]).stdout)
    assert content["num_images"] == 4
    assert content["sizes"] == {"8x6": 4}
    assert content["broken"][0]["name"] == "broken.png"
    assert content["is_ready"] is False
    assert content["exact"] == [["0.png", "3.png"]]
    assert content["advice"]["recipe"] == "laptop-24"


def test_bad_input_is_one_sentence(tmp_path: Path) -> None:
    error = CliRunner().invoke(inspect, [str(tmp_path / "gone")]).exception
    assert isinstance(error, DataError)
    assert "does not exist" in str(error)
