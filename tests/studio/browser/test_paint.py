"""The page Paint, as a person uses it."""

from typing import Any

import pytest

MODELS = ["stylegan2", "classes", "stylegan3", "stylegan", "progan", "r3gan"]


def open_paint(page: Any, fields: str) -> None:
    page.goto(f"/#/paint?{fields}")
    settled(page)


def settled(page: Any) -> str:
    """The picture, when it is the one that was wished for."""
    page.wait_for_function(
        "() => { const c = document.querySelector('.board canvas'); return c && c.dataset.shown === c.dataset.where; }"
    )
    picture: str = page.evaluate("document.querySelector('.board canvas').toDataURL()")
    return picture


def middle_of(page: Any, what: str) -> tuple[float, float]:
    box = page.locator(what).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Any, what: str, right: float, down: float) -> None:
    x, y = middle_of(page, what)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2)
    page.mouse.move(x + right, y + down)
    page.mouse.up()


def is_blank(page: Any) -> bool:
    blank: bool = page.evaluate(
        "() => { const c = document.querySelector('.board canvas'); const d = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; return d.every((v, i) => v === d[i % 4]); }"
    )
    return blank


@pytest.mark.parametrize("model", MODELS)
def test_the_picture_follows_the_map(page, model):
    open_paint(page, f"model={model}&at=3,1")
    assert not is_blank(page)
    before = settled(page)
    drag(page, ".map", -60, 30)
    after = settled(page)
    assert after != before
    page.wait_for_function("() => !location.hash.includes('at=3,1&')")
    assert "Between four seeds" in page.locator(".where").inner_text()


def test_a_click_leads_to_the_seed_that_was_clicked(page):
    open_paint(page, "model=stylegan2&at=3,1")
    box = page.locator(".map").bounding_box()
    x, y = middle_of(page, ".map")
    page.mouse.click(x + box["width"] / 5, y)  # one thumbnail to the right
    page.get_by_text("This is seed 104.").wait_for()


def test_a_link_gives_the_same_picture(page, address):
    fields = "model=classes&at=2.25,0.5&class=0:0.5,2:1&psi=0.7&cutoff=2&mix=9:1-2&push=sefa-1:2.5&silent=b8.conv0"
    open_paint(page, f"{fields}&noise=random:4:0")
    picture, first = settled(page), page.url
    other = page.context.new_page()
    open_paint(other, first.split("?", 1)[1])
    assert settled(other) == picture
    open_paint(page, fields)
    assert settled(page) != picture


def test_the_address_says_what_was_done(page):
    open_paint(page, "model=stylegan2&at=3,1")
    page.get_by_label("Truncation", exact=True).fill("0.5")
    page.get_by_text("Noise", exact=True).click()
    page.get_by_text("none", exact=True).click()
    page.wait_for_function("() => location.hash.includes('psi=0.5') && location.hash.includes('noise=none')")
    picture = settled(page)
    page.reload()
    assert settled(page) == picture


def test_undo_and_redo(page):
    open_paint(page, "model=stylegan2&at=3,1")
    first = settled(page)
    page.get_by_role("button", name="Surprise me").click()
    page.wait_for_timeout(500)
    second = settled(page)
    page.get_by_label("Truncation", exact=True).fill("0.1")
    page.wait_for_timeout(500)
    third = settled(page)
    assert len({first, second, third}) == 3
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo").click()
    assert settled(page) == second
    page.keyboard.press("Control+z")
    assert settled(page) == first
    assert page.get_by_role("button", name="Undo").is_disabled()
    page.get_by_role("button", name="Redo").click()
    assert settled(page) == second
    page.keyboard.press("Control+y")
    assert settled(page) == third


def test_the_arrow_keys_move_on_the_map(page):
    open_paint(page, "model=stylegan2&at=3,1")
    page.locator(".map").focus()
    page.keyboard.press("Shift+ArrowRight")
    page.get_by_text("This is seed 104.").wait_for()
    page.keyboard.press("ArrowDown")
    page.get_by_text("Between four seeds, nearest to seed 104.").wait_for()
    settled(page)


def test_what_is_kept_stays_until_it_is_thrown_away(page):
    open_paint(page, "model=stylegan2&at=3,1")
    page.get_by_role("button", name="Keep").click()
    page.get_by_text("Kept.").wait_for()
    page.get_by_role("button", name="Surprise me").click()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Keep").click()
    page.wait_for_function("() => document.querySelectorAll('.tray li').length === 2")
    page.reload()
    settled(page)
    assert page.locator(".tray li").count() == 2
    page.locator(".tray .picture-button").first.click()
    page.get_by_text("This is seed 103.").wait_for()
    page.get_by_role("button", name="Throw away").first.click(force=True)
    assert page.locator(".tray li").count() == 1


def test_save_gives_the_file_of_the_picture(page):
    open_paint(page, "model=stylegan2&at=3,1")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save").click()
    data = download.value.path().read_bytes()
    assert data.startswith(b"\x89PNG")
    assert download.value.suggested_filename == "stylegan2-3.00_1.00.png"


def test_directions_are_found_with_one_click(page):
    open_paint(page, "model=stylegan2&at=3,1")
    before = settled(page)
    page.get_by_role("button", name="Find directions").click()
    slider = page.get_by_label("Direction 1", exact=True)
    slider.fill("4")
    page.wait_for_function("() => location.hash.includes('push=sefa-0:4')")
    assert settled(page) != before
    page.get_by_role("button", name="Back to 0").click()
    assert settled(page) == before


def test_layers_are_borrowed_from_another_seed(page):
    open_paint(page, "model=stylegan2&at=3,1")
    before = settled(page)
    page.get_by_text("Layers from other pictures").click()
    seed = page.get_by_label("Seed of Coarse layers: shape")
    seed.fill("77")
    seed.press("Enter")
    page.wait_for_function("() => location.hash.includes('mix=77:')")
    assert settled(page) != before
    page.get_by_role("button", name="None of others").click()
    assert settled(page) == before


def test_classes_are_mixed(page):
    open_paint(page, "model=classes&at=3,1&class=0")
    cat = settled(page)
    page.get_by_label("newt", exact=True).fill("1")
    both = settled(page)
    page.get_by_role("button", name="Only newt").click()
    newt = settled(page)
    assert len({cat, both, newt}) == 3


def test_noise_moves(page):
    open_paint(page, "model=stylegan2&at=3,1")
    page.get_by_text("Noise", exact=True).click()
    page.locator(".choice").get_by_text("moving", exact=True).click()
    page.wait_for_function(
        "() => Number(/noise=moving:0:([\\d.]+)/"
        ".exec(document.querySelector('.board canvas').dataset.shown)?.[1]) > 0.01"
    )
    page.locator(".choice").get_by_text("still", exact=True).click()
    settled(page)


def test_stylegan3_is_moved_by_its_handles(page):
    open_paint(page, "model=stylegan3&at=3,1")
    before = settled(page)
    x, y = middle_of(page, ".handles")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y)
    page.mouse.up()
    page.wait_for_function("() => /move=0,0\\.\\d+,0,1/.test(location.hash)")
    moved = settled(page)
    drag(page, ".handles .knob", 0, 60)
    page.wait_for_function("() => /move=-\\d/.test(location.hash)")
    turned = settled(page)
    page.get_by_role("button", name="Back to the middle").click()
    assert settled(page) == before
    assert len({before, moved, turned}) == 3


def test_other_architectures_offer_no_handles(page):
    open_paint(page, "model=r3gan&at=3,1")
    assert page.locator(".handles").count() == 0
    assert page.get_by_text("Layers from other pictures").count() == 0
    assert page.get_by_text("Noise", exact=True).count() == 0


def test_another_model_is_chosen(page):
    open_paint(page, "model=stylegan2&at=3,1")
    page.get_by_label("Model", exact=True).select_option("classes")
    page.get_by_text("classes learned from").wait_for()
    settled(page)
    assert page.locator(".board canvas").get_attribute("width") == "16"
    assert page.locator(".board canvas").get_attribute("height") == "24"


def test_an_address_of_nonsense_opens_all_the_same(page):
    page.goto(
        "/#/paint?model=stylegan2&at=x,y&psi=none&mix=a:b,3:999&push=up:1&noise=loud&move=1,2&cutoff=-3.5&class=9"
    )
    settled(page)
    page.goto("/#/nowhere?model=nobody")
    page.get_by_role("heading", name="Every place on this map is a picture").wait_for()
