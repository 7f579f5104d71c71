"""Images of a data set come as they are, the report counts them rightly, and nobody learns where they lie."""

import csv
import io
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image

from allaprima.images import write_png
from allaprima.studio.settings import Settings
from tests.studio.conftest import finished, studio
from tests.studio.test_pictures import pixels

ADDRESS = "/api/datasets/pictures"


@pytest.fixture(scope="module")
def untidy(tmp_path_factory: pytest.TempPathFactory, model_files: dict[str, Path]) -> Iterator[TestClient]:
    """A studio with a folder of images of two sizes and modes, one of them broken; and with one that is gone."""
    folder, gone = tmp_path_factory.mktemp("secret-place"), tmp_path_factory.mktemp("was-here")
    numbers = torch.Generator().manual_seed(2)
    for index, shape in enumerate([(12, 20, 3), (12, 20, 3), (300, 200, 3), (8, 8, 1)]):
        write_png(folder / f"{index}.png", torch.randint(256, shape, generator=numbers, dtype=torch.uint8).numpy())
    (folder / "4.png").write_bytes(b"\x89PNG\r\n\x1a\nbut no more")
    settings = Settings(
        models={"stylegan2": str(model_files["stylegan2"])},
        datasets={"untidy": folder, "gone": gone / "nothing.zip"},
        out=tmp_path_factory.mktemp("untidy-out"),
        device="cpu",
    )
    with studio(settings) as client:
        yield client


def job_of(client: Any, address: str, **order: Any) -> dict[str, Any]:
    answer = client.post(address, json=order)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_data_set_at_a_glance(client):
    found = client.get(ADDRESS).json()
    assert (found["total"], found["height"], found["width"], found["mode"]) == (41, 16, 16, "RGBA")
    assert found["kind"] == "folder"
    assert found["labelled"] is False


def test_an_image_is_the_file(client, image_folder):
    for index in (0, 7, 40):
        name = sorted(path.name for path in image_folder.iterdir())[index]
        wanted = np.asarray(Image.open(image_folder / name))
        answer = client.get(f"{ADDRESS}/image/{index}")
        assert answer.headers["content-type"] == "image/png"
        assert (pixels(answer.content) == wanted).all()


def test_a_sheet_holds_the_images_in_their_order(client):
    page = client.get(f"{ADDRESS}/images", params={"start": 5, "count": 20}).json()
    assert [each["index"] for each in page["images"]] == list(range(5, 25))
    assert page["total"] == 41
    sheet = pixels(b64decode(page["sheet"].partition(",")[2]))
    height, width = page["height"], page["width"]
    assert sheet.shape == (page["rows"] * height, page["columns"] * width, 4)
    for place in (0, 13, 19):
        row, column = divmod(place, page["columns"])
        part = sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]
        assert (part == pixels(client.get(f"{ADDRESS}/image/{5 + place}").content)).all()


def test_behind_the_last_image_is_nothing(client):
    page = client.get(f"{ADDRESS}/images", params={"start": 40, "count": 60}).json()
    assert [each["name"] for each in page["images"]] == ["twin.png"]
    beyond = client.get(f"{ADDRESS}/images", params={"start": 10**6}).json()
    assert (beyond["images"], beyond["sheet"], beyond["rows"]) == ([], "", 0)
    answer = client.get(f"{ADDRESS}/image/41")
    assert answer.status_code == 400
    assert "no image 41" in answer.json()["detail"]


def test_the_report_finds_the_twin_and_is_made_once(client):
    first = job_of(client, f"{ADDRESS}/examination")
    assert job_of(client, f"{ADDRESS}/examination")["id"] == first["id"]
    assert client.get(f"{ADDRESS}/examination").json()["id"] == first["id"]
    job = finished(client, first)
    assert job["state"] == "done", job
    report = client.get(f"/api/jobs/{job['id']}/files/report.json").json()
    assert report["images"] == 41
    assert report["sizes"] == [[16, 16, 41]]
    assert report["is_ready"]
    assert report["exact"]["copies"] == 1
    assert report["exact"]["shown"][0]["images"] == [{"index": 7, "name": "07.png"}, {"index": 40, "name": "twin.png"}]
    assert report["next"].startswith("allaprima train ")
    assert job_of(client, f"{ADDRESS}/examination", again=True)["id"] != first["id"]


def test_all_images_are_judged(client):
    job = finished(client, job_of(client, f"{ADDRESS}/judgement", model="stylegan2"))
    assert job["state"] == "done", job
    ranking = client.get(f"/api/jobs/{job['id']}/files/ranking.json").json()
    highest, lowest = ([each["score"] for each in ranking[end]] for end in ("highest", "lowest"))
    assert highest == sorted(highest, reverse=True)
    assert lowest == highest[::-1]
    rows = list(csv.DictReader(io.StringIO(client.get(f"/api/jobs/{job['id']}/files/ranking.csv").text)))
    assert len(rows) == ranking["total"] == 41
    assert rows[0]["name"] == ranking["highest"][0]["name"]
    scores = {each["name"]: each["score"] for each in ranking["highest"]}
    assert scores["07.png"] == pytest.approx(scores["twin.png"], abs=1e-4)


@pytest.mark.parametrize(
    ("model", "status", "words"),
    [("classes", 400, "no discriminator"), ("stylegan", 400, "alike"), ("nobody", 404, "no model")],
)
def test_a_model_that_cannot_judge_them_says_why(client, model, status, words):
    answer = client.post(f"{ADDRESS}/judgement", json={"model": model})
    assert answer.status_code == status
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("rest", ["", "/images", "/image/0", "/examination", "/judgement?model=stylegan2"])
@pytest.mark.parametrize("name", ["nobody", "..%2F..%2Fetc", "%00"])
def test_only_data_sets_that_are_served_are_there(client, name, rest):
    answer = client.get(f"/api/datasets/{name}{rest}")
    assert answer.status_code == 404, answer.text


@pytest.mark.parametrize(
    "rest", ["/images?count=100000", "/images?start=-1", "/image/-1", "/image/x", "/image/0?side=0"]
)
def test_what_is_no_number_of_an_image_is_refused(client, rest):
    assert client.get(f"{ADDRESS}{rest}").status_code == 422


def test_broken_images_have_a_place_and_a_reason(untidy):
    page = untidy.get("/api/datasets/untidy/images").json()
    assert [each["broken"] for each in page["images"]] == [False] * 4 + [True]
    answer = untidy.get("/api/datasets/untidy/image/4")
    assert answer.status_code == 400
    assert "4.png" in answer.json()["detail"]
    assert "secret-place" not in answer.text
    small = pixels(untidy.get("/api/datasets/untidy/image/2", params={"side": 30}).content)
    assert small.shape == (30, 20, 3)
    job = finished(untidy, job_of(untidy, "/api/datasets/untidy/examination"))
    text = untidy.get(f"/api/jobs/{job['id']}/files/report.json").text
    report = untidy.get(f"/api/jobs/{job['id']}/files/report.json").json()
    assert report["broken_total"] == 1
    assert report["broken"][0]["name"] == "4.png"
    assert not report["is_ready"]
    assert "--height 12 --width 20 --channels 3" in report["next"]
    assert str(Path("/tmp")) not in text.replace(report["next"], "")


def test_a_data_set_that_has_gone_is_said_to_be(untidy):
    for rest in ("", "/images", "/image/0"):
        answer = untidy.get(f"/api/datasets/gone{rest}")
        assert answer.status_code == 400
        assert "does not exist" in answer.json()["detail"]
        assert "was-here" not in answer.text
    job = finished(untidy, job_of(untidy, "/api/datasets/gone/examination"))
    assert job["state"] == "failed"
    assert "was-here" not in job["sentence"]
