"""Footage from what a training kept, and from its snapshots."""

import math
from pathlib import Path

import pytest
import torch

from allaprima.checkpoint import load_networks, save
from allaprima.errors import DataError, RunError
from allaprima.generation import generate, latents_of_seeds
from allaprima.images import to_network, to_pixels
from allaprima.images.film_sheet import write_film_sheet
from allaprima.models.judging import in_company, judge
from allaprima.training import fit, open_session
from allaprima.training.film_log import Assessment, FilmLog
from allaprima.visuals.film_records import Sample, from_snapshots, recorded
from tests.training.small import CPU, make_data, tiny
from tests.visuals.small_footage import make_run, pixels

PAIRS = [
    ("skip", "resnet"),
    ("stylegan", "stylegan"),
    ("progan", "progan"),
    ("r3gan", "r3gan"),
    ("stylegan3", "resnet"),
]


def sample(count: int, *shape: int) -> Sample:
    images = pixels(count + 3, *shape)
    return Sample(images=images[:count], labels=torch.zeros(count, 0), company=images[count:])


# What a training kept


def test_what_a_training_keeps_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allaprima.training.recorder.SHARE", float("inf"))
    monkeypatch.setattr("allaprima.training.recorder.SAMPLE", 5)
    data = make_data(tmp_path / "set.zip", (8, 8, 4))
    session = open_session(data, tmp_path / "run", tiny(), device=CPU)
    list(fit(session))
    footage, kept = recorded(tmp_path / "run"), FilmLog(tmp_path / "run").assessments()
    assert footage is not None
    assert footage.is_judged
    assert footage.reals is not None
    assert footage.reals.shape == (5, 4, 8, 8)
    assert [moment.kimg for moment in footage.moments] == [row.kimg for row in kept] == [0, 0.008, 0.016, 0.024, 0.032]
    for moment, row in zip(footage.moments, kept, strict=True):
        assert moment.fakes().shape == (5, 4, 8, 8)
        torch.testing.assert_close(moment.fake_scores, torch.tensor(row.fakes))
        torch.testing.assert_close(moment.real_scores, torch.tensor(row.reals))
    assert not torch.equal(footage.moments[0].fakes(), footage.moments[-1].fakes())


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    assert recorded(tmp_path) is None
    log = FilmLog(tmp_path)
    for seen, score in ((2000, 1.0), (1000, 1.0), (3000, math.nan), (4000, 1.0)):
        log.write_fakes(pixels(2, 1, 4, 4), seen)
        log.append(
            Assessment(images_seen=seen, kimg=seen / 1000, seconds=1.0, cost=0.1, reals=[1.0], fakes=[score, 0.0])
        )
    write_film_sheet(tmp_path / "film/reals.png", pixels(1, 1, 4, 4))
    (tmp_path / "film/fakes-000000004000.png").unlink()
    with (tmp_path / "film/assessment.jsonl").open("a") as file:
        file.write('{"images_seen": 5000}\n[1]\n{"imag')
    footage = recorded(tmp_path)
    assert footage is not None
    assert [moment.kimg for moment in footage.moments] == [1, 2]


# Snapshots


@pytest.mark.parametrize(("g", "d"), PAIRS)
def test_snapshots_paint_the_seeds_and_judge(g: str, d: str, tmp_path: Path) -> None:
    run, told = make_run(tmp_path / "run", (g, d)), []
    reals = sample(4, 3, 16, 16)
    footage = from_snapshots(run, reals=reals, num_fakes=3, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert [(moment.kimg, moment.seconds) for moment in footage.moments] == [(0, 0), (4, 240), (8, 480)]
    assert footage.is_judged
    last = load_networks(run)
    moment = footage.moments[-1]
    with torch.no_grad(), in_company(last.D, to_network(reals.company)):
        painted = last.G_ema(latents_of_seeds(range(3), last.G_ema.z_dim), None, noise_mode="const")
        torch.testing.assert_close(moment.fake_scores, judge(last.D, painted), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(moment.real_scores, judge(last.D, to_network(reals.images)), rtol=1e-4, atol=1e-4)
    assert (moment.fakes().int() - to_pixels(painted).int()).abs().max() <= 1


@pytest.mark.parametrize("shape", [(24, 16, 1), (16, 24, 4)])
def test_fakes_alone(shape: tuple[int, int, int], tmp_path: Path) -> None:
    footage = from_snapshots(make_run(tmp_path / "run", shape=shape), num_fakes=5)
    assert footage.reals is None
    assert footage.is_judged
    assert footage.moments[0].fakes().shape == (5, shape[2], *shape[:2])
    assert footage.moments[0].real_scores is None


def test_labels_are_the_classes_in_turn(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", c_dim=2)
    footage = from_snapshots(run, num_fakes=4, judged=False)
    assert not footage.is_judged
    G = load_networks(run).G_ema
    for index in (2, 3):
        (image,) = generate(G, seeds=[index], class_index=index % 2)
        painted = footage.moments[-1].fakes()[index].permute(1, 2, 0)
        assert (painted.int() - torch.from_numpy(image).int()).abs().max() <= 1
    with pytest.raises(DataError, match="has 2 labels"):
        from_snapshots(run, reals=sample(2, 3, 16, 16))


def test_no_discriminator_is_no_scores(tmp_path: Path) -> None:
    footage = from_snapshots(make_run(tmp_path / "run", ("skip", None)), num_fakes=2)
    assert not footage.is_judged
    assert footage.moments[0].fake_scores is None


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run directory"):
        from_snapshots(tmp_path / "nothing")
    with pytest.raises(RunError, match="neither records for a film nor snapshots"):
        from_snapshots(tmp_path)
    with pytest.raises(DataError, match=r"8×8 with 3 channels, but .* 16×16 with 3 channels"):
        from_snapshots(make_run(tmp_path / "run"), reals=sample(2, 3, 8, 8))


def test_a_snapshot_tells_its_age_by_its_name_if_need_be(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", kimgs=(3,))
    networks = load_networks(run)
    networks.provenance.clear()
    (path,) = (run / "snapshots").iterdir()
    save(networks, path)
    assert from_snapshots(run, num_fakes=1, judged=False).moments[0].kimg == 3
    path.rename(path.with_name("final.safetensors"))
    with pytest.raises(RunError, match="does not say how many images it has seen"):
        from_snapshots(run, num_fakes=1, judged=False)
