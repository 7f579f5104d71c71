"""Any shape trains from end to end, and paints images of exactly that shape."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import allaprima
from tests.training.small import make_data, numbers, tiny, train

SHAPES = [  # height, width, channels, mode
    (24, 24, 1, "L"),
    (64, 64, 4, "RGBA"),
    (128, 64, 3, "RGB"),
    (64, 128, 1, "L"),
    (48, 80, 3, "RGB"),
    (101, 67, 3, "RGB"),
    (16, 16, 2, "LA"),
    (3, 9, 3, "RGB"),
]


@pytest.mark.parametrize(("height", "width", "channels", "mode"), SHAPES)
def test_any_shape_trains_two_ticks_and_paints(
    height: int, width: int, channels: int, mode: str, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    data = make_data(tmp_path / "set.zip", (height, width, channels), count=6)
    _, reports = train(data, path, tiny(kimg=0.016))

    assert [report.tick for report in reports] == [1, 2]
    assert {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()} - events(path) == {
        ".lock",
        "config.json",
        "log.txt",
        "stats.jsonl",
        "reals.png",
        "fakes_init.png",
        "fakes000000.png",
        "film/assessment.jsonl",
        "film/fakes-000000000000.png",
        "film/reals.png",
        "snapshots/network-snapshot-000000.safetensors",
        "state/state-000000000016.safetensors",
    }
    assert (path / "log.txt").read_text().splitlines() == [report.line() for report in reports]
    assert [row["Progress/kimg"]["mean"] for row in numbers(path)] == [0.008, 0.016]
    assert json.loads((path / "config.json").read_text())["data"]["shape"] == [channels, height, width]

    G = allaprima.load(path)
    assert G(torch.zeros(2, G.z_dim)).shape == (2, channels, height, width)
    for image in allaprima.generate(G, seeds=[1, 2]):
        assert image.dtype == np.uint8
        assert image.shape == ((height, width) if channels == 1 else (height, width, channels))
    for name, count in (("reals", (2, 4)), ("fakes_init", (3, 4)), ("fakes000000", (3, 4))):
        with Image.open(path / f"{name}.png") as sheet:
            assert (sheet.mode, sheet.size) == (mode, (count[1] * width, count[0] * height))


def events(path: Path) -> set[str]:
    return {file.name for file in path.glob("events.out.tfevents.*")}
