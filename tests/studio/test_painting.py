"""What the painter's process does to paint."""

from io import BytesIO

import pytest
import torch
from PIL import Image

from allaprima.metrics.detector import hash_of
from allaprima.origin.xmp import TRAINED, source_type
from allaprima.studio.wish import Wish
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.painting import PIXELS_OF_A_THREAD, paint_files, threads_for
from allaprima.studio.work.styles import corners, seed_at, styles_of


@pytest.mark.parametrize(("share", "wanted"), [(0.1, 1), (1, 1), (2.5, 2), (100, 3)])
def test_small_pictures_take_one_thread_and_large_ones_all(share, wanted):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with threads_for(round(share * PIXELS_OF_A_THREAD)):
            assert torch.get_num_threads() == wanted
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_the_number_of_threads_comes_back_after_an_error(model_files):
    bench = Bench({"stylegan2": str(model_files["stylegan2"])}, torch.device("cpu"))
    before = torch.get_num_threads()
    with pytest.raises(Exception, match="no classes"):
        paint_files(bench, [Wish(model="stylegan2", seed=1, classes={0: 1.0})], {})
    assert torch.get_num_threads() == before


def test_corners_of_a_place_have_the_sum_1_and_go_around():
    for place in [(0.0, 0.0), (2.25, -0.5), (-3.75, 1e5 + 0.125)]:
        found = list(corners(*place))
        assert sum(weight for _, weight in found) == pytest.approx(1)
        assert all(weight > 0 for _, weight in found)
    assert list(corners(3.0, 2.0)) == [(203, 1.0)]
    assert seed_at(-1, 0) == 2**32 - 1


@pytest.mark.parametrize("model", ["progan", "r3gan"])
def test_latents_without_w_keep_their_length_between_seeds(model_files, model):
    bench = Bench({model: str(model_files[model])}, torch.device("cpu"))
    wishes = [Wish(model=model, seed=0), Wish(model=model, seed=1), Wish(model=model, at=(0.5, 0.0))]
    first, second, between = styles_of(bench, wishes, {}).norm(dim=-1)[:, 0].tolist()
    assert between == pytest.approx((first + second) / 2, rel=1e-5)


def test_files_say_where_they_come_from(model_files):
    bench = Bench({"classes": str(model_files["classes"])}, torch.device("cpu"))
    wish = Wish(model="classes", seed=7, truncation=0.5, classes={1: 1.0})
    png, webp = (Image.open(BytesIO(paint_files(bench, [wish], {}, kind)[0])) for kind in ("png", "webp"))
    assert png.text["Model SHA-256"] == hash_of(bench.generator("classes"))
    assert (png.text["Seed"], png.text["Truncation"], png.text["Class"]) == ("7", "0.5", "1: 1")
    assert source_type(png.text["XML:com.adobe.xmp"]) == source_type(webp.info["xmp"]) == TRAINED


def test_a_place_on_the_map_is_no_seed(model_files):
    bench = Bench({"stylegan2": str(model_files["stylegan2"])}, torch.device("cpu"))
    data = paint_files(bench, [Wish(model="stylegan2", at=(0.5, 0.5))], {})[0]
    assert "Seed" not in Image.open(BytesIO(data)).text
