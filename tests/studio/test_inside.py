"""What is said of a picture's inside agrees with the picture, with one another, and with the networks."""

import asyncio
import json
from base64 import b64decode
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import allaprima
from allaprima.checkpoint import load_networks
from allaprima.models import feature_layers, noise_maps
from allaprima.studio.asking import Asking
from allaprima.studio.errors import BusyError, LateError
from allaprima.studio.settings import Limits
from allaprima.studio.work.told import steps_of
from tests.studio import loops
from tests.studio.conftest import finished
from tests.studio.test_pictures import MODELS, near, pixels

PAINTED_IN_STEPS = {"stylegan2": "sum", "classes": "sum", "stylegan": "levels", "progan": "levels"}
JUDGED = ["stylegan2", "stylegan", "progan", "r3gan"]


def wish(model: str, **fields: Any) -> dict[str, Any]:
    return {"model": model, "seed": 3, **({"classes": {"1": 1.0}} if model == "classes" else {}), **fields}


def inside(client: Any, what: str, order: dict[str, Any], **fields: Any) -> Any:
    answer = client.get(f"/api/inside/{what}", params={"wish": json.dumps(order), **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def seen(address: str) -> NDArray[np.uint8]:
    return pixels(b64decode(address.removeprefix("data:image/png;base64,")))


def painted(client: Any, order: dict[str, Any]) -> NDArray[np.uint8]:
    return pixels(client.post("/api/picture", json=order).content)


@pytest.mark.parametrize("model", MODELS)
def test_the_last_sum_is_the_picture(client, model):
    answer = inside(client, "growth", wish(model))
    assert answer["kind"] == PAINTED_IN_STEPS.get(model, "none")
    assert answer["text"]
    if answer["steps"]:
        assert near(seen(answer["steps"][-1]["sum"]), painted(client, wish(model)))
        assert not near(seen(answer["steps"][0]["sum"]), painted(client, wish(model)))
        assert (answer["steps"][0]["alpha"] is not None) == (model == "stylegan2")


@pytest.mark.parametrize("model", MODELS)
def test_every_layer_that_runs_is_shown_with_its_grid(client, model_files, model):
    G = allaprima.load(model_files[model])
    layers = inside(client, "features", wish(model))["layers"]
    assert [each["name"] for each in layers] == feature_layers(G)
    for each in layers:
        assert seen(each["picture"]).shape == (each["height"], each["width"], 3)
        assert 0 < each["share"] <= 1 + 1e-6


@pytest.mark.parametrize("model", MODELS)
def test_a_channel_is_its_part_of_the_sheet(client, model):
    layer = inside(client, "features", wish(model))["layers"][-1]["name"]
    answer = inside(client, "channels", wish(model), layer=layer)
    assert sorted(answer["order"]) == list(range(answer["total"]))
    assert answer["rows"] * answer["columns"] >= answer["total"]
    sheet, place = seen(answer["sheet"]), answer["total"] - 1
    height, width = answer["height"], answer["width"]
    assert sheet.shape == (answer["rows"] * height, answer["columns"] * width)
    one = inside(client, "channel", wish(model), layer=layer, number=answer["order"][place])
    row, column = divmod(place, answer["columns"])
    part = sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]
    assert near(part, seen(one["picture"]))
    assert one["lowest"] <= one["mean"] <= one["highest"]


@pytest.mark.parametrize("model", MODELS)
def test_noise_is_left_out_and_put_in(client, model_files, model):
    names = list(noise_maps(allaprima.load(model_files[model])))
    answer = inside(client, "noise", wish(model))
    if not names:
        assert answer["deviation"] is None
        assert "no noise" in answer["text"]
        return
    assert [each["name"] for each in answer["layers"]] == names
    assert near(seen(answer["pictures"]["own"]), painted(client, wish(model)))
    assert near(seen(answer["pictures"]["without"]), painted(client, wish(model, noise={"mode": "none"})))
    assert not near(seen(answer["pictures"]["other"]), seen(answer["pictures"]["own"]))
    alone = inside(client, "noise", wish(model), layer=names[-1])
    silent = painted(client, wish(model, noise={"silent": [names[-1]]}))
    assert near(seen(alone["pictures"]["without"]), silent)
    assert 0 < alone["typical"] <= alone["most"]


@pytest.mark.parametrize("model", MODELS)
def test_truncation_leads_from_the_mean_to_the_picture(client, model):
    here, there = (inside(client, "truncation", wish(model, seed=seed)) for seed in (3, 4))
    psis = [each["psi"] for each in here["steps"]]
    assert psis[0] == 0
    assert psis[-1] == 1.2
    for psi in (0.5, 1.0):
        picture = seen(here["steps"][psis.index(psi)]["picture"])
        assert near(picture, painted(client, wish(model, truncation=psi)))
    assert near(seen(here["steps"][0]["picture"]), seen(there["steps"][0]["picture"]))
    assert here["has_mean"] == (model not in ("progan", "r3gan"))


@pytest.mark.parametrize("model", JUDGED)
def test_a_verdict_is_the_score_that_a_ranking_gives(client, model_files, model):
    order = {"model": model, "count": 12, "truncation": 0.7}
    job = finished(client, client.post("/api/inside/ranking", json=order).json())
    assert job["state"] == "done", job
    ranking = client.get(f"/api/jobs/{job['id']}/files/ranking.json").json()
    assert sorted(ranking["seeds"]) == list(range(12))
    assert ranking["scores"] == sorted(ranking["scores"], reverse=True)
    verdict = inside(client, "verdict", wish(model, seed=5, truncation=0.7))
    assert verdict["score"] == pytest.approx(ranking["scores"][ranking["seeds"].index(5)], abs=1e-3)
    networks = load_networks(model_files[model], roles=("G_ema", "D"))
    assert seen(verdict["map"]).shape == (networks.G_ema.img_height, networks.G_ema.img_width, 3)
    assert sum(ranking["histogram"]["kinds"][0]["shares"]) == pytest.approx(1, abs=1e-3)


def test_real_images_are_scored_beside_the_painted_ones(client):
    order = {"model": "stylegan2", "count": 8, "dataset": "pictures"}
    job = finished(client, client.post("/api/inside/ranking", json=order).json())
    assert job["result"] == {"count": 8, "reals": 41}
    ranking = client.get(f"/api/jobs/{job['id']}/files/ranking.json").json()
    assert [each["count"] for each in ranking["histogram"]["kinds"]] == [8, 41]
    assert 0 <= ranking["told_apart"] <= 1


def test_a_model_without_a_judge_says_so(client):
    answer = inside(client, "verdict", wish("classes"))
    assert answer["score"] is None
    assert "discriminator" in answer["text"]
    refused = client.post("/api/inside/ranking", json={"model": "classes", "class": 1})
    assert refused.status_code == 400
    assert "no discriminator" in refused.json()["detail"]


def test_what_was_mixed_is_what_is_explained(client):
    order = wish("stylegan2", mix=[{"seed": 9, "layers": [0, 1]}], cutoff=2, truncation=0.5)
    assert near(seen(inside(client, "growth", order)["steps"][-1]["sum"]), painted(client, order))


def test_an_explanation_is_one_file_to_save(client, settings):
    order = {"model": "stylegan2", "seed": 2, "truncation": 0.8, "dataset": "pictures", "films": False}
    job = finished(client, client.post("/api/inside/explanation", json=order).json())
    assert job["state"] == "done", job
    assert job["files"] == ["index.html"]
    answer = client.get(f"/api/jobs/{job['id']}/files/index.html")
    assert answer.headers["content-disposition"].startswith("attachment")
    for section in ("layers", "features", "noise", "verdicts"):
        assert f'<section id="{section}">' in answer.text
    assert {path.name for path in (settings.out / job["id"]).iterdir()} == {"index.html", "job.json"}


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ('growth?wish={"model":"nobody","seed":1}', 404, "no model"),
        ("growth?wish=nonsense", 400, "json"),
        ('growth?wish={"model":"stylegan2","seed":-1}', 400, "seed"),
        ('growth?wish={"model":"stylegan2","seed":1,"path":"/etc"}', 400, "extra inputs"),
        ('growth?wish={"model":"classes","seed":1}', 400, "classes"),
        ("growth", 422, "wish"),
        ('channels?wish={"model":"stylegan2"}&layer=synthesis.b4', 400, "no layer"),
        ('channel?wish={"model":"stylegan2"}&layer=synthesis.b4.conv1&number=99999', 400, "no channel"),
        ('noise?wish={"model":"stylegan2"}&layer=b3.conv7', 400, "no layer"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence(client, address, status, words):
    answer = client.get(f"/api/inside/{address}")
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"].lower()


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({"model": "stylegan2", "count": 10**9}, 413),
        ({"model": "stylegan2", "count": 1}, 422),
        ({"model": "stylegan2", "class": 2}, 400),
        ({"model": "stylegan2", "dataset": "nobody's"}, 404),
        ({"model": "progan", "dataset": "pictures"}, 400),
        ({"model": "stylegan2", "truncation": "NaN"}, 422),
    ],
)
def test_a_ranking_that_cannot_be_is_refused(client, order, status):
    answer = client.post("/api/inside/ranking", json=order)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]


def test_an_answer_may_be_kept_by_the_browser(client):
    answer = client.get("/api/inside/growth", params={"wish": json.dumps(wish("stylegan2"))})
    assert "max-age" in answer.headers["cache-control"]
    assert Image.open(BytesIO(b64decode(answer.json()["steps"][0]["sum"].partition(",")[2]))).format == "PNG"


class Slow:
    """A worker that never answers."""

    async def run(self, *_: Any) -> None:
        await asyncio.sleep(60)


def test_who_comes_when_too_many_wait_is_sent_away_and_nobody_waits_for_ever():
    async def all_at_once() -> list[Any]:
        asking = Asking(Slow(), Limits(seconds=0.05, asked=5))  # type: ignore[arg-type]
        answers = await asyncio.gather(*(asking.ask("a:b") for _ in range(8)), return_exceptions=True)
        assert asking.waiting == 0
        return answers

    answers = loops.run(all_at_once())
    assert [type(each) for each in answers] == [LateError] * 5 + [BusyError] * 3


def test_steps_come_before_the_end_and_errors_come_out():
    def work(tell: Any) -> int:
        tell({"done": 1})
        tell({"done": 2})
        return 7

    def broken(tell: Any) -> None:
        tell({"done": 1})
        raise KeyError("lost")

    made = steps_of(work)
    assert [next(made), next(made)] == [{"done": 1}, {"done": 2}]
    with pytest.raises(StopIteration) as end:
        next(made)
    assert end.value.value == 7
    failing = steps_of(broken)
    next(failing)
    with pytest.raises(KeyError, match="lost"):
        next(failing)
