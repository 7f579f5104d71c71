"""The Train page, as people use it: watching, comparing, filming, starting and stopping."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.studio.conftest import SOURCE, running

SETTINGS = ("cbase=64", "gamma=none", "cmax=8", "z_dim=8", "w_dim=8", "map_depth=1", "batch=32", "precision=fp32",
            "tick=0.256", "snap=2", "holdout=2", "workers=0")  # fmt: skip


@pytest.fixture(scope="session")
def trained(image_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a tiny training, which is finished."""
    path = tmp_path_factory.mktemp("watched") / "tiny"
    words = [word for field in SETTINGS for word in ("--set", field)]
    subprocess.run(
        [sys.executable, "-m", "allaprima", "train", image_folder, path, "--recipe", "laptop", "--device", "cpu",
         "--kimg", "1.536", *words],
        check=True, env={"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return path


@pytest.fixture(scope="session")
def address(
    trained: Path, model_files: dict[str, Path], image_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A studio that serves that run, and may train."""
    out = tmp_path_factory.mktemp("trains")
    words = ["--run", str(trained), "--data", str(image_folder), "--out", str(out), "--allow-training"]
    with running(str(model_files["progan"]), *words) as (found, _):
        yield found


@pytest.fixture
def train(page: Any) -> Any:
    """The Train page, opened on its own."""
    page.goto("/#/train")
    page.get_by_role("heading", name="What it paints").wait_for()
    return page


def in_three_digits(value: float) -> str:
    return f"{float(f'{value:.3g}'):g}"


def test_a_training_is_seen_at_a_glance(train):
    status = train.get_by_role("region", name="How tiny stands")
    assert "finished" in status.inner_text()
    assert "1.54 of 1.54 kimg" in status.inner_text()
    assert "Healthy" in status.inner_text()
    assert train.get_by_role("img", name="What the discriminator thinks").is_visible()
    assert train.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_time_goes_back_to_the_first_images(train):
    image = train.get_by_alt_text("What the generator paints after")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 256
    time = train.get_by_role("slider", name="Time")
    time.focus()
    train.keyboard.press("Home")
    train.get_by_alt_text("What the generator paints before training").wait_for()
    assert "start" in train.locator(".train-sheet-time output").inner_text()
    train.get_by_role("button", name="Play").click()
    train.get_by_alt_text("What the generator paints after").wait_for()


def test_curves_tell_their_numbers_where_one_points(train, trained):
    rows = [json.loads(line) for line in (trained / "stats.jsonl").read_text().splitlines()]
    chart = train.get_by_role("img", name=re.compile("^Losses: "))
    chart.focus()
    train.keyboard.press("Home")
    shown = train.locator(".train-chart", has=chart).inner_text()
    first, last = (in_three_digits(row["Loss/G/loss"]["mean"]) for row in (rows[0], rows[-1]))
    assert first in shown
    assert last not in shown
    key = train.locator(".train-chart", has=chart).get_by_role("button", name="generator")
    lines = train.locator(".train-chart", has=chart).locator("path.train-line")
    assert lines.count() == 2
    key.click()
    assert key.get_attribute("aria-pressed") == "false"
    assert lines.count() == 1


def test_two_snapshots_are_compared_and_the_address_keeps_it(train):
    train.get_by_role("button", name="Compare", exact=True).click()
    train.get_by_label("First seed").fill("7")
    train.get_by_label("First seed").press("Enter")
    pair = train.get_by_role("button", name=re.compile("Seed 8"))
    pair.click()
    images = pair.locator("img")
    loaded = images.evaluate_all(
        "all => Promise.all(all.map(image => image.decode().then(() => [image.src, image.naturalWidth])))"
    )
    assert [width for _, width in loaded] == [16, 16]
    assert loaded[0][0] != loaded[1][0]
    edge = train.get_by_role("slider", name="Edge between the two pictures")
    before = train.locator(".train-over").get_attribute("style")
    edge.focus()
    train.keyboard.press("End")
    assert train.locator(".train-over").get_attribute("style") != before
    train.keyboard.press("Escape")
    assert not edge.is_visible()
    train.wait_for_function("() => location.hash.includes('seed=7')")
    train.reload()
    train.get_by_role("button", name=re.compile("Seed 18")).wait_for()


def test_what_is_being_typed_is_not_taken_back_when_the_page_is_drawn_again(train):
    train.get_by_role("button", name="Compare", exact=True).click()
    seed = train.get_by_label("First seed")
    seed.fill("12")
    train.wait_for_timeout(3000)  # the runs are asked about every two seconds
    assert seed.input_value() == "12"
    seed.press("Enter")
    train.wait_for_function("() => location.hash.includes('seed=12')")


def test_a_film_is_made_and_played(train):
    train.get_by_text("Learning", exact=True).click()
    train.get_by_role("slider", name="Length").press("Home")
    train.get_by_role("button", name="Make the film").click()
    video = train.locator("video")
    video.wait_for(timeout=180_000)
    assert video.evaluate(
        "film => new Promise(done => film.readyState ? done(film.duration) :"
        " film.addEventListener('loadedmetadata', () => done(film.duration)))"
    ) == pytest.approx(2, abs=0.2)
    assert train.get_by_role("link", name="Save learning.webm").is_visible()


def test_a_training_is_started_and_stopped(train):
    train.get_by_role("button", name="New training").click()
    name = train.get_by_label("Name")
    assert name.input_value().endswith("-1")
    name.fill("no good")
    assert train.get_by_role("button", name="Start").is_disabled()
    name.fill("fresh")
    train.get_by_role("button", name="Start").click()
    train.get_by_role("heading", name="fresh").wait_for()
    train.get_by_role("button", name="Save and stop").click()
    train.get_by_role("region", name="How fresh stands").get_by_text(re.compile("stopped|not begun")).wait_for()
    assert train.get_by_role("button", name="Continue").is_visible()


def test_who_may_not_train_reads_how_to_allow_it(page):
    def forbid(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "allow_training": False})

    page.route("**/api/studio", forbid)
    page.goto("/#/train?view=new")
    page.get_by_text("allaprima studio --allow-training").first.wait_for()
    page.get_by_role("button", name="Watch").click()
    page.get_by_text("Here one can only watch").wait_for()


def test_a_narrow_page_fits(page):
    page.set_viewport_size({"width": 360, "height": 740})
    for address in ("/#/train", "/#/train?view=compare", "/#/train?view=new"):
        page.goto(address)
        page.locator(".train-views ~ *").last.wait_for()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
