"""The log gives back what was written, and forgets what a resume will make again."""

import json
from pathlib import Path

import pytest
import torch

from allaprima.errors import OutputError
from allaprima.images.film_sheet import read_film_sheet
from allaprima.training.film_log import Assessment, FilmLog, spent


def assessment(images_seen: int, cost: float = 0.5) -> Assessment:
    return Assessment(
        images_seen=images_seen, kimg=images_seen / 1000, seconds=images_seen / 10, cost=cost, reals=[1.5], fakes=[-2.0]
    )


def filled(path: Path) -> FilmLog:
    log = FilmLog(path)
    for images_seen in (0, 8, 16, 24):
        log.write_fakes(torch.full((3, 1, 4, 4), images_seen, dtype=torch.uint8), images_seen)
        log.append(assessment(images_seen))
    return log


def test_there_and_back(tmp_path: Path) -> None:
    log = filled(tmp_path)
    assert log.assessments() == [assessment(n) for n in (0, 8, 16, 24)]
    assert spent(log.assessments()) == 2.0
    sheet = read_film_sheet(tmp_path / "film/fakes-000000000016.png", 3)
    assert sheet.shape == (3, 1, 4, 4)
    assert bool((sheet == 16).all())


def test_what_came_after_is_forgotten(tmp_path: Path) -> None:
    log = filled(tmp_path)
    log.write_fakes(torch.zeros(3, 1, 4, 4, dtype=torch.uint8), 12)  # killed before its line was written
    log.forget_after(0.016)
    assert log.assessments() == [assessment(n) for n in (0, 8, 16)]
    names = sorted(path.name for path in (tmp_path / "film").glob("fakes-*.png"))
    assert names == [f"fakes-{n:012d}.png" for n in (0, 8, 16)]


def test_nothing_is_touched_where_nothing_is_to_be_forgotten(tmp_path: Path) -> None:
    log = FilmLog(tmp_path)
    log.forget_after(1.0)
    assert log.assessments() == []
    assert not (tmp_path / "film").exists()
    filled(tmp_path)
    file = tmp_path / "film/assessment.jsonl"
    before = file.stat().st_mtime_ns
    log.forget_after(0.024)
    assert file.stat().st_mtime_ns == before


def test_a_line_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    log = filled(tmp_path)
    with (tmp_path / "film/assessment.jsonl").open("a") as file:
        file.write('{"images_seen": 32, "kimg"\n' + json.dumps([1]) + "\n")
    assert len(log.assessments()) == 4
    log.forget_after(0.016)
    assert len((tmp_path / "film/assessment.jsonl").read_text().splitlines()) == 3


def test_a_cut_line_does_not_spoil_the_one_after_it(tmp_path: Path) -> None:
    log = filled(tmp_path)
    with (tmp_path / "film/assessment.jsonl").open("a") as file:
        file.write('{"images_seen": 32, "kimg"')  # killed while writing
    log.forget_after(0.024)
    log.append(assessment(32))
    assert [found.images_seen for found in log.assessments()] == [0, 8, 16, 24, 32]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "film").write_text("a file")
    with pytest.raises(OutputError, match="film"):
        FilmLog(tmp_path).write_fakes(torch.zeros(1, 1, 4, 4, dtype=torch.uint8), 0)
    with pytest.raises(OutputError, match=r"assessment\.jsonl"):
        FilmLog(tmp_path).append(assessment(0))
