"""Metrics by their names, all from the same fakes: right numbers, all that one must know, and nothing done twice."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from allaprima.data import ImageDataset
from allaprima.errors import ConfigError, DownloadError
from allaprima.metrics import evaluate, sliced_wasserstein
from allaprima.metrics.detector import Detector
from allaprima.metrics.fakes import painted
from allaprima.metrics.frechet import frechet_distance
from allaprima.metrics.moments import moments_of
from allaprima.metrics.own_detector import own_detector as real_own
from allaprima.metrics.result import Result
from allaprima.models import build
from tests.models.stylegan2.small import small_generator
from tests.models.stylegan3.small import small_generator as stylegan3

Make = Callable[..., ImageDataset]
FEATURES = ["fid30_full", "fid20", "kid30_full", "pr30_own", "density_coverage30_own", "copies30_own", "is30"]


def generator(channels: int = 3, **fields: Any) -> Any:
    return build(small_generator(16, 24, channels, **fields)).eval()


def run(names: list[str], G: Any, data: ImageDataset, looking: Detector | None = None, **options: Any) -> list[Result]:
    if looking is not None:
        options["detectors"] = dict.fromkeys(("inception", "vgg16", "dinov2", "own"), looking)
    return list(evaluate(names, G, data, **options))


def test_the_numbers_are_those_of_the_images(make_data: Make, looking: Detector) -> None:
    G, data = generator(), make_data()
    fid, old = run(["fid30_full", "fid20"], G, data, looking, batch_size=7)
    fakes = torch.cat(list(painted(G, None, 30, seed=0, batch_size=30)))
    real, fake = (looking.features(x) for x in (data.load_all()[0], fakes))
    assert fid.value == pytest.approx(frechet_distance(moments_of(real), moments_of(fake)), rel=1e-3)
    assert old.value == pytest.approx(frechet_distance(moments_of(real[:20]), moments_of(fake[:20])), rel=1e-3)
    assert (fid.reals, fid.fakes, old.reals, old.fakes) == (40, 30, 20, 20)


def test_results_say_all_that_one_must_know(make_data: Make, looking: Detector) -> None:
    results = run([*FEATURES, "swd30", "msssim30", "spectra30"], generator(), make_data(), looking)
    for result in results:
        content = json.loads(json.dumps(result.to_dict(), allow_nan=False))
        assert content["name"] == result.name
        assert result.fakes == (20 if result.name == "fid20" else 30)
        assert result.seconds["painting"] > 0
        assert result.images_per_second["painting"] > 0
        if result.name in FEATURES:
            assert (result.detector, result.detector_sha256) == ("means and deviations", looking.sha256)
            assert result.resize == "not resized"
            assert result.images_per_second["features"] > 0
    by_name = {result.name: result for result in results}
    assert list(by_name["pr30_own"].values) == ["precision", "recall"]
    assert set(by_name["pr30_own"].intervals) == {"precision", "recall"}
    assert by_name["copies30_own"].pairs[0][1].endswith(".png")
    assert by_name["fid30_full"].intervals["distance"][0] < by_name["fid30_full"].value


def test_fakes_and_reals_are_shown_to_each_detector_once(make_data: Make, looking: Detector) -> None:
    network: Any = looking.network
    run(["kid30_full", "fid30_full", "kid20_full"], generator(), make_data(), looking)
    assert network.seen == 30 + 40
    run(["fid10_full"], generator(), make_data(), looking)
    assert network.seen == 30 + 40 + 10  # the reals are known


def test_neither_order_nor_batch_nor_company_changes_a_number(make_data: Make, looking: Detector) -> None:
    G, data = generator(), make_data()
    alone = run(["kid20_full"], G, data, looking)[0]
    many = run(["swd30", "kid20_full", "fid30_full"], G, data, looking, batch_size=4)
    assert [result.name for result in many] == ["swd30", "kid20_full", "fid30_full"]
    assert many[1].value == pytest.approx(alone.value, rel=1e-2, abs=1e-6)
    other = run(["kid20_full"], G, data, looking, seed=1000)[0]
    assert other.value != alone.value
    assert other.seed == 1000


@pytest.mark.parametrize("name", ["swd20", "msssim20", "spectra20"])
def test_metrics_of_images_see_their_own_count_in_any_batches(make_data: Make, looking: Detector, name: str) -> None:
    G, data = generator(), make_data()
    (alone,) = run([name], G, data, batch_size=20)
    among = run([name, "fid30_full"], G, data, looking, batch_size=15)[0]
    assert among.value == pytest.approx(alone.value, rel=2e-2)
    assert among.intervals.keys() == alone.intervals.keys()
    for low_high, wanted in zip(among.intervals.values(), alone.intervals.values(), strict=True):
        assert low_high == pytest.approx(wanted, rel=2e-2)


@pytest.mark.parametrize(("channels", "notes"), [(1, 1), (2, 2), (3, 0), (4, 1)])
def test_any_channels_and_what_was_done_with_them(
    make_data: Make, looking: Detector, channels: int, notes: int
) -> None:
    results = run(
        ["fid30_full", "swd30", "msssim20", "spectra20"], generator(channels), make_data(40, channels=channels), looking
    )
    assert len(results[0].notes) == notes
    assert all(math.isfinite(result.value) for result in results)


def test_labels_come_from_the_data(make_data: Make, looking: Detector) -> None:
    (result,) = run(["fid30_full"], generator(c_dim=2), make_data(use_labels=True), looking)
    assert result.value > 0
    with pytest.raises(ConfigError, match="use_labels"):
        run(["fid30_full"], generator(c_dim=2), make_data(), looking)


def test_the_sliced_wasserstein_distance_is_that_of_its_own_file(make_data: Make) -> None:
    G, data = generator(), make_data()
    (result,) = run(["swd40"], G, data, batch_size=40)
    fakes = torch.cat(list(painted(G, None, 40, seed=0, batch_size=40)))
    wanted = sliced_wasserstein(data.load_all()[0], fakes)
    assert result.value == pytest.approx(wanted.mean, rel=1e-6)
    assert set(result.values) == {"mean", *(f"level_{side}" for side in wanted.by_level)}


def test_sliced_wasserstein_has_an_interval_when_there_are_enough(make_data: Make) -> None:
    told: list[tuple[str, int, int]] = []
    (result,) = run(["swd128"], generator(), make_data(130), progress=lambda *words: told.append(words))
    low, high = result.intervals["mean"]
    assert low < result.value < high
    assert result.reals == 128
    assert [done for what, done, total in told if (what, total) == ("comparing patches", 16)] == [0, *range(8, 17)]


def test_own_features_are_trained_on_the_spot(make_data: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "allaprima.metrics.evaluation.own_detector",
        lambda data, *, cache, progress, processes: real_own(data, cache=cache, steps=2, progress=progress),
    )
    told: list[str] = []
    (result,) = run(["fd30_own"], generator(), make_data(), progress=lambda what, _done, _all: told.append(what))
    assert result.detector == f"own network of {make_data().name}, 2 steps"
    assert sorted(set(told)) == ["learning features", "looking at reals", "painting"]
    assert any("fewer images" in note for note in result.notes)


def test_path_length_and_equivariance_paint_pairs_of_their_own(make_data: Make) -> None:
    distance = type("Distance", (torch.nn.Module,), {"forward": lambda self, a, b: (a - b).square().mean((1, 2, 3))})()
    (path,) = run(["ppl2_6_wend"], generator(), make_data(), perceptual=distance, batch_size=4)
    assert path.value > 0
    assert path.intervals["path_length"][0] <= path.value <= path.intervals["path_length"][1]
    G = build(stylegan3(16, 24)).eval()
    for result in run(["eqt3_int", "eqt3_frac", "eqr3"], G, make_data(), batch_size=2):
        assert 0 < result.value < 200
        assert result.detector is None


def test_what_cannot_be_computed_is_said_before_anything_is_painted(make_data: Make, looking: Detector) -> None:
    G, data = generator(), make_data()
    for names, error, message in (
        (["fid50k_full"], DownloadError, "pt_inception"),
        (["ppl2_wend"], DownloadError, "LPIPS"),
        (["eqt50k_int"], ConfigError, "only StyleGAN3"),
        (["swd30", "best"], ConfigError, "no metric"),
        (["is9"], ConfigError, "at least 10"),
        (["pr3_own"], ConfigError, "at least 4"),
    ):
        with pytest.raises(error, match=message):
            evaluate(names, G, data)
    with pytest.raises(ConfigError, match="the model paints"):
        evaluate(["swd30"], G, make_data(40, 16, 16))
    with pytest.raises(ConfigError, match="16 pixels"):
        evaluate(["msssim30"], build(small_generator(8, 24)), make_data(40, 8, 24))


def test_an_infinite_number_is_none_in_json() -> None:
    result = Result(name="a", values={"x": float("nan")}, intervals={"x": (0.0, float("inf"))})
    assert result.to_dict()["values"] == {"x": None}
    assert result.to_dict()["intervals"] == {"x": [0.0, None]}
