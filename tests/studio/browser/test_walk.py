"""The page Walk, as a person uses it."""

from importlib.util import find_spec

import pytest
from playwright.sync_api import expect

expect.set_options(timeout=20_000)
THUMBS = ".walk-strip li:not(.walk-more) img"
PAINTED = """() => {
  const canvas = document.querySelector(".walk-easel canvas");
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.reduce((a, b) => a + b, 0);
}"""


def opened(page, model="stylegan2", fields=""):
    page.goto(f"/#/walk?model={model}{fields}")
    expect(page.get_by_role("heading", name="Walk from picture to picture")).to_be_visible()


def is_painted(page):
    expect(page.get_by_text("the film is smoother")).to_be_visible()
    return page.evaluate(PAINTED)


@pytest.mark.parametrize("model", ["stylegan2", "classes", "stylegan3", "stylegan", "progan", "r3gan"])
def test_a_walk_is_shown_at_once(page, model):
    opened(page, model, "&seconds=1")
    expect(page.locator(THUMBS)).to_have_count(4)
    first = is_painted(page)
    assert first > 0
    page.get_by_label("Place in the walk").fill("12")
    page.wait_for_timeout(50)
    assert page.evaluate(PAINTED) != first


def test_it_plays_and_pauses(page):
    """Who prefers no motion sees it stand still until he asks for it."""
    opened(page, fields="&seconds=2")
    is_painted(page)
    place = page.get_by_label("Place in the walk")
    expect(place).to_have_value("0")
    page.get_by_role("button", name="Play").click()
    expect(place).not_to_have_value("0")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(200)
    here = place.input_value()
    page.wait_for_timeout(300)
    assert place.input_value() == here


def test_pictures_are_put_into_another_order(page):
    opened(page)
    expect(page.locator(THUMBS)).to_have_count(4)
    alts = "all => all.map((one) => one.alt.match(/seed (\\d+)/)[1])"
    page.get_by_role("button", name="Move picture 1 to the back").click()
    assert page.locator(THUMBS).evaluate_all(alts) == ["1", "0", "2", "3"]
    page.locator(".walk-strip li").nth(3).drag_to(page.locator(".walk-strip li").nth(0))
    expect(page.locator(THUMBS).first).to_have_attribute("alt", "Picture of stylegan2: seed 3, truncation 0.8")
    page.get_by_role("button", name="Remove picture 1").click()
    expect(page.locator(THUMBS)).to_have_count(3)
    page.reload()  # the address holds it all
    expect(page.locator(THUMBS)).to_have_count(3)
    assert page.locator(THUMBS).evaluate_all(alts) == ["1", "0", "2"]


def test_the_address_changes_in_the_moment_when_the_page_does(page):
    """So that a reload at any time comes back to what was seen."""
    opened(page)
    expect(page.locator(THUMBS)).to_have_count(4)
    page.evaluate(
        """(thumbs) => new MutationObserver((_, watch) => {
          if (document.querySelectorAll(thumbs).length === 4) return;
          watch.disconnect();
          window.addressThen = location.hash;
        }).observe(document.querySelector(".walk-strip"), { subtree: true, childList: true })""",
        THUMBS,
    )
    page.get_by_role("button", name="Remove picture 1").click()
    page.wait_for_function("window.addressThen")
    assert page.evaluate("window.addressThen").count("key=") == 3


def test_seeds_are_typed(page):
    opened(page)
    page.get_by_text("From seeds").click()
    page.get_by_label("Seeds").fill("7, 9-10")
    page.get_by_role("button", name="Walk through these alone").click()
    expect(page.locator(THUMBS)).to_have_count(3)
    page.get_by_label("Seeds").fill("seven")
    expect(page.get_by_text("Write numbers and ranges")).to_be_visible()
    expect(page.get_by_role("button", name="Add them")).to_be_disabled()


def test_the_tray_is_walked_through_in_the_order_of_choosing(page):
    opened(page, fields="&kind=loop")
    expect(page.get_by_text("Choose at least two pictures")).to_be_visible()
    expect(page.get_by_role("button", name="Render film")).to_be_disabled()
    page.evaluate("""async () => {
      const { keep } = await import("/static/js/tray.js");
      const { firstWish } = await import("/static/js/wish.js");
      const facts = await (await fetch("/api/models/stylegan2")).json();
      for (const seed of [21, 22]) await keep(firstWish(facts, seed), facts);
    }""")
    tray = page.get_by_role("list", name="Kept pictures").get_by_title("Choose")
    tray.nth(1).click()
    tray.nth(0).click()
    expect(page.locator(THUMBS)).to_have_count(2)
    alts = page.locator(THUMBS).evaluate_all("all => all.map((one) => one.alt)")
    assert "seed 22" in alts[0]
    assert "seed 21" in alts[1]
    is_painted(page)
    tray.nth(0).click()
    expect(page.locator(THUMBS)).to_have_count(1)


def test_a_film_is_rendered_played_and_saved(page):
    video = find_spec("av") is not None
    opened(page, fields="&seconds=0.5")
    if not video:
        page.get_by_text("The film", exact=True).click()
        expect(page.get_by_text("Only GIF can be made")).to_be_visible()
    page.get_by_role("button", name="Render film").click()
    name = "walk.mp4" if video else "walk.gif"
    save = page.get_by_role("link", name=f"Save {name}")
    expect(save).to_be_visible(timeout=60_000)
    if video:
        page.wait_for_function("() => document.querySelector('video').readyState >= 2")
    with page.expect_download() as caught:
        save.click()
    assert caught.value.suggested_filename == name
    page.reload()  # it is still there
    expect(save).to_be_visible()
    page.get_by_role("button", name="Put away").click()
    expect(save).to_have_count(0)


def test_stylegan3_can_move_a_single_picture(page):
    opened(page, "stylegan3", "&kind=loop&seconds=1&key=at%3D3%252C0%26psi%3D0.8")
    expect(page.get_by_text("nowhere to walk to")).to_be_visible()
    page.get_by_text("Movement").click()
    page.get_by_label("To the right").fill("0.5")
    expect(page.get_by_role("button", name="Render film")).to_be_enabled()


def test_too_long_a_film_is_not_offered(page):
    opened(page, fields="&seconds=60&fps=60")
    expect(page.get_by_text("may have 1800 frames")).to_be_visible()
    expect(page.get_by_role("button", name="Render film")).to_be_disabled()
