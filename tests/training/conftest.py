from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training.small import MIDDLE, make_data, tiny, train

SHEET = "allaprima.training.directory.SHEET_PIXELS"
SAMPLE = "allaprima.training.recorder.SAMPLE"


@pytest.fixture(autouse=True, scope="session")
def _small_sheets() -> Iterator[None]:
    """Sheets of 3×4 images, films of 4: painting them would take most of a tiny training's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SHEET, (1, 1))
        patch.setattr(SAMPLE, 4)
        yield


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten gray images of 8×8 pixels in three classes."""
    return make_data(tmp_path_factory.mktemp("data") / "set.zip", classes=3)


@pytest.fixture(scope="session")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a tiny training that never stopped; not to be changed."""
    path = tmp_path_factory.mktemp("runs") / "whole"
    train(data, path, tiny())
    return path


@pytest.fixture(scope="session")
def stopped(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a tiny training that was stopped in the middle of a tick; not to be changed."""
    path = tmp_path_factory.mktemp("runs") / "stopped"
    train(data, path, tiny(), stop_at=MIDDLE)
    return path
