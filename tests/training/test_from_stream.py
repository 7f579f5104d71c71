"""Training from images that come once, forward only."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from allaprima.errors import RunError
from allaprima.images.png import encode_png
from tests.training.small import numbers, tiny, train


@pytest.fixture
def stream(tmp_path: Path) -> str:
    for shard in range(2):
        with tarfile.open(tmp_path / f"{shard}.tar", "w") as archive:
            for i in range(12):
                png = encode_png(np.random.RandomState(100 * shard + i).randint(0, 256, (8, 8, 1), dtype=np.uint8))
                member = tarfile.TarInfo(f"{shard}{i:03d}.png")
                member.size = len(png)
                archive.addfile(member, io.BytesIO(png))
    return f"pipe:cat {tmp_path}/{{0..1}}.tar"


def test_it_trains_stops_and_goes_on(stream: str, tmp_path: Path) -> None:
    path = tmp_path / "run"
    session, _ = train(stream, path, tiny(mirror=True), stop_at=3)
    assert session.run.step == 3
    session, reports = train(stream, path, tiny(mirror=True))
    assert session.run.images_seen == 32
    assert [row["Progress/kimg"]["mean"] for row in numbers(path)] == [0.008, 0.016, 0.024, 0.032]
    assert reports[-1].snapshot is not None


def test_another_stream_is_another_training(stream: str, tmp_path: Path) -> None:
    train(stream, tmp_path / "run", tiny(), stop_at=2)
    with pytest.raises(RunError, match="was trained on other images"):
        train(stream.replace("{0..1}", "{0..0}"), tmp_path / "run", tiny())
