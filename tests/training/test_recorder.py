"""The recorder leaves no trace in the training, keeps to its share of the time, and goes on where a resume goes on."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.data import ImageDataset
from allaprima.images import to_network, to_pixels
from allaprima.images.film_sheet import read_film_sheet
from allaprima.models.judging import in_company, judge
from allaprima.training import fit, open_session
from allaprima.training.film_log import FilmLog
from allaprima.training.recorder import SHARE, SPACING, Recorder
from allaprima.training.run import Run
from allaprima.training.state import same
from tests.training import test_systems
from tests.training.small import CPU, lasting_files, make_data, numbers, small_run, tiny, train

SYSTEMS: dict[str, dict[str, Any]] = {
    name: {"batch": 4, **test_systems.SYSTEMS[name]} for name in ("progan", "stylegan", "stylegan3-t", "r3gan")
}


@pytest.fixture(autouse=True)
def _small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer images than usual: painting them would take most of a tiny training's time."""
    monkeypatch.setattr("allaprima.training.recorder.SAMPLE", 6)


class Clock:
    """Every look at it takes some seconds."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder that may take all the time that it wants."""
    monkeypatch.setattr("allaprima.training.recorder.SHARE", float("inf"))


def recorder(run: Run, data: Path, path: Path, cost: float = 1.0) -> Recorder:
    return Recorder(run, ImageDataset(data, use_labels=run.G.c_dim > 0), path, clock=Clock(cost))


def blind(made: Recorder) -> Recorder:
    """One that looks at the clock alone, and neither paints nor judges."""
    made._assess = lambda: (torch.zeros(1, 1, 8, 8, dtype=torch.uint8), [0.0], [0.0])  # type: ignore[method-assign]
    return made


def kimgs(path: Path) -> list[float]:
    return [found.kimg for found in FilmLog(path).assessments()]


# Without a trace


@pytest.mark.parametrize("fields", [{}, {"cond": True}, {"precision": "bf16"}])
def test_a_training_with_it_is_the_training_without(
    fields: dict[str, Any], free: None, data: Path, tmp_path: Path
) -> None:
    sessions = {}
    for film in (True, False):
        session = open_session(data, tmp_path / f"{film}", tiny(**fields), device=CPU)
        list(fit(session, film=film))
        sessions[film] = session
    assert same(sessions[True].run, sessions[False].run)
    assert numbers(tmp_path / "True") == numbers(tmp_path / "False")
    assert lasting_files(tmp_path / "True") == lasting_files(tmp_path / "False")
    assert kimgs(tmp_path / "True") == [0.0, 0.008, 0.016, 0.024, 0.032]
    assert not (tmp_path / "False/film").exists()


def states_of(run: Run) -> dict[str, torch.Tensor]:
    networks = {"G": run.G, "D": run.D, "G_ema": run.G_ema}
    return {f"{role}.{name}": t.clone() for role, net in networks.items() for name, t in net.state_dict().items()}


@pytest.mark.parametrize("labels", [0, 3])
@pytest.mark.parametrize("shape", [(16, 16, 3), (24, 16, 1), (16, 16, 4)])
def test_no_weight_no_average_and_no_random_state_changes(
    shape: tuple[int, int, int], labels: int, tmp_path: Path
) -> None:
    run = small_run(shape=(shape[2], *shape[:2]), labels=labels)
    data = make_data(tmp_path / "set.zip", shape, classes=labels)
    before, random = states_of(run), torch.get_rng_state()
    modes = [network.training for network in (run.G, run.D, run.G_ema)]
    assert recorder(run, data, tmp_path).record(0.0)
    after = states_of(run)
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert torch.equal(torch.get_rng_state(), random)
    assert [network.training for network in (run.G, run.D, run.G_ema)] == modes
    assert all(p.grad is None for p in (*run.G.parameters(), *run.D.parameters()))


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_is_recorded_without_a_trace(system: str, free: None, data: Path, tmp_path: Path) -> None:
    recipe = tiny(kimg=0.008, **SYSTEMS[system])
    sessions = {}
    for film in (True, False):
        sessions[film] = open_session(data, tmp_path / f"{film}", recipe, device=CPU)
        list(fit(sessions[film], film=film))
    assert same(sessions[True].run, sessions[False].run)
    first, last = FilmLog(tmp_path / "True").assessments()
    assert all(map(math.isfinite, (*first.reals, *last.fakes)))
    assert first.fakes != last.fakes


# What is kept


def test_scores_are_those_of_the_images_that_are_kept(tmp_path: Path) -> None:
    run = small_run(shape=(3, 16, 16))
    made = recorder(run, make_data(tmp_path / "set.zip", (16, 16, 3)), tmp_path)
    made.record(12.5)
    (found,) = FilmLog(tmp_path).assessments()
    assert (found.images_seen, found.kimg, found.seconds, found.cost) == (0, 0.0, 12.5, 1.0)
    reals = read_film_sheet(tmp_path / "film/reals.png", len(found.reals))
    fakes = read_film_sheet(tmp_path / "film/fakes-000000000000.png", len(found.fakes))
    assert (len(reals), len(fakes)) == (6, 6)
    with torch.no_grad(), in_company(run.D, to_network(made._company)):
        torch.testing.assert_close(judge(run.D, to_network(reals)), torch.tensor(found.reals))
        painted = run.G_ema(made._z, None, noise_mode="const")
        torch.testing.assert_close(judge(run.D, painted), torch.tensor(found.fakes))
    assert torch.equal(fakes, to_pixels(painted))


def test_the_sample_is_always_the_same(tmp_path: Path) -> None:
    data = make_data(tmp_path / "set.zip", (16, 16, 3), count=100)
    sheets = []
    for name in ("a", "b"):
        recorder(small_run(shape=(3, 16, 16)), data, tmp_path / name).record(0.0)
        sheets.append([file.read_bytes() for file in sorted((tmp_path / name / "film").glob("*.png"))])
    assert sheets[0] == sheets[1]


# Its share of the time


@pytest.mark.parametrize("seed", range(5))
def test_it_keeps_to_its_share(seed: int, data: Path, tmp_path: Path) -> None:
    run = small_run()
    made = blind(recorder(run, data, tmp_path, cost=1.0))
    generator = torch.Generator().manual_seed(seed)
    trained, count = 0.0, 0
    for _ in range(60):
        if made.record(trained):
            count += 1
            assert count == 1 or count * 1.0 <= SHARE * trained
        trained += 60 * torch.rand((), generator=generator).item()
        run.images_seen += 100
    assert count - 1 <= SHARE * trained
    assert SHARE * trained - count < 1.6, "it takes its share where it may"


def test_the_first_record_is_made_in_any_case(data: Path, tmp_path: Path) -> None:
    made = recorder(small_run(), data, tmp_path, cost=1000.0)
    assert made.record(0.0)
    made.run.images_seen += 1000
    assert not made.record(1999 / SHARE)
    assert made.record(2000 / SHARE)


def test_time_that_was_spent_before_a_resume_counts(data: Path, tmp_path: Path) -> None:
    run = small_run()
    recorder(run, data, tmp_path).record(0.0)
    run.images_seen = 100
    again = recorder(run, data, tmp_path)
    assert not again.is_due(1.9 / SHARE)
    assert again.is_due(2.1 / SHARE)


def test_records_become_rarer_as_the_training_gets_longer(data: Path, tmp_path: Path) -> None:
    made = blind(recorder(small_run(), data, tmp_path, cost=0.0))
    made.log.write_fakes = lambda images, seen: None  # type: ignore[method-assign]

    def is_made(images_seen: int) -> bool:
        made.run.images_seen = images_seen
        return made.record(1.0)

    seen = [images_seen for images_seen in range(0, 1_000_000, 1000) if is_made(images_seen)]
    assert seen[:SPACING] == list(range(0, SPACING * 1000, 1000)), "as often as it can at first"
    assert len(seen) < 64 + 64 * 2.8, "1000 kimg: 64 + 64 ln(1000 / 64)"


# Going on


def test_a_resume_goes_on_with_the_film(free: None, data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "run", tiny(), stop_at=5)
    assert kimgs(tmp_path / "run") == [0.0, 0.008, 0.016]
    train(data, tmp_path / "run", tiny())
    assert kimgs(tmp_path / "run") == [0.0, 0.008, 0.016, 0.024, 0.032]
    train(data, tmp_path / "whole", tiny())
    for a, b in zip(*(FilmLog(tmp_path / name).assessments() for name in ("run", "whole")), strict=True):
        assert (a.reals, a.fakes) == (b.reals, b.fakes)


def test_a_resume_drops_what_came_after_its_state(free: None, data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "run", tiny())
    newest = max((tmp_path / "run/state").iterdir())
    newest.unlink()
    open_session(data, tmp_path / "run", tiny(), device=CPU)
    assert kimgs(tmp_path / "run") == [0.0, 0.008, 0.016]
    assert len(list((tmp_path / "run/film").glob("fakes-*.png"))) == 3


def test_going_back_drops_them_too(free: None, data: Path, tmp_path: Path) -> None:
    session = open_session(data, tmp_path / "run", tiny(kimg=0.04), device=CPU)
    poisoned: list[int] = []

    def spoil(run: Run) -> None:
        if run.step == 7 and not poisoned:
            poisoned.append(run.step)
            next(run.G.parameters()).data.view(-1)[0] = torch.nan

    reports = fit(session, on_divergence="rollback", on_step=spoil)
    seen_at_return = [kimgs(tmp_path / "run") for report in reports if report.went_back]
    assert seen_at_return == [[0.0, 0.008, 0.016]]
    assert kimgs(tmp_path / "run") == [0.0, 0.008, 0.016, 0.024, 0.032, 0.04]


def test_a_run_without_a_film_begins_one_when_it_goes_on(free: None, data: Path, tmp_path: Path) -> None:
    session = open_session(data, tmp_path / "run", tiny(kimg=0.016), device=CPU)
    list(fit(session, film=False))
    del session
    train(data, tmp_path / "run", tiny())
    assert kimgs(tmp_path / "run") == [0.024, 0.032]


def test_lines_are_plain_json(free: None, data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "run", tiny(kimg=0.008))
    rows = [json.loads(line) for line in (tmp_path / "run/film/assessment.jsonl").read_text().splitlines()]
    assert [row["kimg"] for row in rows] == [0.0, 0.008]
    assert {len(row["fakes"]) for row in rows} == {6}
    assert all(row["cost"] > 0 for row in rows)
    assert rows[0]["seconds"] == 0 < rows[1]["seconds"]


def test_a_record_for_which_there_is_no_memory_is_left_out(data: Path, tmp_path: Path) -> None:
    run = small_run()
    made = recorder(run, data, tmp_path)
    no_memory = run.D.register_forward_pre_hook(refuse)
    assert not made.record(1e6)
    assert not (tmp_path / "film").exists()
    no_memory.remove()
    assert made.record(1e6)


def refuse(*_: Any) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
