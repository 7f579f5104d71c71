"""The game, and the page that shows another picture at each reload, as a person uses them."""

import re
from typing import Any

import pytest

MODELS = ["stylegan2", "classes", "stylegan3", "stylegan", "progan", "r3gan"]
SHOWN = (
    "() => [...document.querySelectorAll('.candidate img')].filter((i) => i.complete && i.naturalWidth).length === 2"
)


def open_play(page: Any, model: str = "stylegan2") -> None:
    page.goto(f"/#/play?model={model}")
    page.wait_for_function(SHOWN)


def right_of(page: Any) -> tuple[int, int]:
    found = re.search(r"(\d+) of (\d+)", page.locator(".score").inner_text())
    assert found
    return int(found[1]), int(found[2])


def test_a_guess_is_counted_and_the_score_survives_a_reload(page):
    open_play(page)
    assert right_of(page) == (0, 0)
    page.get_by_role("button", name="Left picture: this one is real").click()
    page.locator(".candidate.real").wait_for()
    assert page.locator(".candidate.painted").count() == 1
    words = page.locator(".verdict-words").inner_text()
    right, rounds = right_of(page)
    assert (words.startswith("Right"), rounds) == (right == 1, 1)
    page.reload()
    page.wait_for_function(SHOWN)
    assert right_of(page) == (right, 1)
    page.get_by_role("button", name="Begin again at nought").click()
    assert right_of(page) == (0, 0)


def test_it_is_played_with_the_keyboard_alone(page):
    open_play(page)
    before = page.locator(".candidate img").first.get_attribute("src")
    for rounds in (1, 2):
        page.keyboard.press("ArrowRight")
        page.locator(".candidate.real").wait_for()
        assert right_of(page)[1] == rounds
        page.keyboard.press("ArrowLeft")  # once answered, a round stays as it is
        page.keyboard.press("Enter")  # "Next two" has the focus
        page.locator(".candidate.real").wait_for(state="detached")
        page.wait_for_function(SHOWN)
    assert page.locator(".candidate img").first.get_attribute("src") != before
    assert right_of(page)[1] == 2


PRESSED_AT_ONCE = """new MutationObserver((_, watch) => {
  if (!document.querySelector(".candidate.real")) return;
  watch.disconnect();
  dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
}).observe(document.body, { subtree: true, attributes: true, childList: true })"""


def test_a_second_key_in_the_same_moment_is_no_second_guess(page):
    """The server would refuse it, and the page would lose the round."""
    open_play(page)
    page.evaluate(PRESSED_AT_ONCE)
    page.keyboard.press("ArrowRight")
    page.locator(".candidate.real").wait_for()
    page.wait_for_timeout(300)
    assert page.locator(".candidate.real").count() == 1
    assert right_of(page)[1] == 1


def test_the_painted_one_can_be_painted_with(page):
    open_play(page)
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Paint with the painted one").click()
    page.wait_for_url(re.compile(r"#/paint\?model=stylegan2&at="))


@pytest.mark.parametrize("model", [model for model in MODELS if model != "stylegan2"])
def test_without_data_of_its_shape_a_sentence_says_what_to_do(page, model):
    page.goto(f"/#/play?model={model}")
    page.locator(".page-play h1").wait_for()
    if model == "classes" or model == "progan":
        page.get_by_text(f"allaprima studio {model} --data").wait_for()
    page.get_by_role("link", name="This page").wait_for()


def test_each_reload_is_another_picture_without_scripts_too(chromium, address):
    context = chromium.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    seen = []
    for _ in range(3):
        page.goto("/random?model=classes")
        picture = page.locator("figure img")
        assert picture.bounding_box()["width"] > 100
        seen.append(picture.get_attribute("src"))
    assert len(set(seen)) == 3
    page.get_by_role("link", name="Another one").click()
    assert page.locator("figure img").get_attribute("src") not in seen
    seed = re.search(r"seed=(\d+)", page.locator("figure img").get_attribute("src"))[1]
    page.get_by_role("link", name=f"seed {seed}").first.click()
    assert f"seed={seed}&" in page.locator("figure img").get_attribute("src")
    context.close()


def test_from_the_random_page_one_goes_on_to_paint_it(page):
    page.goto("/random?model=stylegan2&seed=203")
    page.get_by_role("link", name="Paint with it").click()
    page.wait_for_url(re.compile(r"/#/paint\?"))
    page.locator("canvas").first.wait_for()


def test_it_fits_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 740})
    open_play(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    left, right = (page.locator(".candidate").nth(number).bounding_box() for number in (0, 1))
    assert left["y"] == right["y"]
    assert left["width"] == right["width"] > 140
