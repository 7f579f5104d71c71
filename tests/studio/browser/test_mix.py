"""The page Mix, as a person uses it."""

import pytest
from playwright.sync_api import expect

expect.set_options(timeout=20_000)
PICTURES = ".mix-grid tbody td img"


def opened(page, model="stylegan2", fields=""):
    page.goto(f"/#/mix?model={model}{fields}")
    expect(page.get_by_role("heading", name="Mix styles")).to_be_visible()


def sources(page):
    expect(page.locator(f"{PICTURES}[src^='data:image/png']").first).to_be_visible()
    return page.locator(PICTURES).evaluate_all("all => all.map((one) => one.src)")


@pytest.mark.parametrize("model", ["stylegan2", "classes", "stylegan3", "stylegan"])
def test_a_grid_of_pictures_appears(page, model):
    opened(page, model)
    expect(page.locator(PICTURES)).to_have_count(4 * 5)
    assert page.locator(PICTURES).evaluate_all("all => all.every((one) => one.complete && one.naturalWidth > 0)")


@pytest.mark.parametrize("model", ["progan", "r3gan"])
def test_a_model_without_layers_says_why_not(page, model):
    opened(page, model)
    expect(page.get_by_text("nothing to mix")).to_be_visible()


def test_a_new_seed_of_a_column_changes_that_column_alone(page):
    opened(page, fields="&rows=0,1&columns=5,6")
    expect(page.locator(PICTURES)).to_have_count(4)
    before = sources(page)
    seed = page.get_by_label("Seed of column 2")
    seed.fill("77")
    seed.press("Enter")
    page.wait_for_function("() => location.hash.includes('columns=5,77')")
    page.wait_for_function(f"(old) => document.querySelectorAll('{PICTURES}')[1].src !== old", arg=before[1])
    page.wait_for_function(f"(old) => document.querySelectorAll('{PICTURES}')[3].src !== old", arg=before[3])
    after = sources(page)
    assert (after[0], after[2]) == (before[0], before[2])


def test_depth_changes_the_pictures_and_the_words(page):
    opened(page)
    expect(page.locator(PICTURES)).to_have_count(20)
    before = sources(page)
    page.get_by_text("Middle", exact=True).click()
    expect(page.locator(".lead strong")).to_have_text("middle")
    page.wait_for_function(f"(old) => document.querySelectorAll('{PICTURES}')[7].src !== old", arg=before[7])
    page.get_by_text("Choose…").click()
    for box in page.locator(".mix-layers input").all():
        box.uncheck()
    expect(page.locator(".lead strong")).to_have_text("no")


def test_a_picture_is_opened_in_paint_with_its_mixture(page):
    opened(page, fields="&rows=3&columns=9")
    page.locator(f"{PICTURES}").first.click()
    page.wait_for_function("() => location.hash.startsWith('#/paint')")
    address = page.evaluate("location.hash")
    assert "at=3,0" in address
    assert "mix=9:" in address


def test_the_address_gives_the_same_grid_again(page):
    opened(page, fields="&rows=3,4&columns=9&depth=middle&psi=0.5")
    expect(page.locator(PICTURES)).to_have_count(2)
    before = sources(page)
    page.reload()
    expect(page.locator(PICTURES)).to_have_count(2)
    assert sources(page) == before
    expect(page.locator(".lead strong")).to_have_text("middle")


def test_the_sheet_is_saved(page):
    opened(page, fields="&rows=1,2&columns=5")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Save the sheet").click()
    assert caught.value.suggested_filename == "mix-stylegan2.png"


def test_rows_come_and_go(page):
    opened(page, fields="&rows=1,2&columns=5")
    page.get_by_role("button", name="Add a row").click()
    expect(page.locator(PICTURES)).to_have_count(3)
    page.locator(".mix-source").nth(1).hover()
    page.get_by_role("button", name="Remove row 1").click()
    expect(page.get_by_label("Seed of row 1")).to_have_value("2")
