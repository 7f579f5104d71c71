"""The page Data, as a person uses it."""

import re

import pytest

PATIENCE = 180_000  # milliseconds


def opened(page, view: str = "images", model: str = "stylegan2"):
    page.goto(f"/#/data?model={model}&view={view}")
    page.locator(".data-facts", has_text="41 images").wait_for()
    return page.locator("main")


def test_images_are_looked_at_one_by_one(page):
    main = opened(page)
    buttons = main.locator(".sheet button")
    buttons.first.wait_for()
    assert buttons.count() == 41
    main.get_by_role("button", name="07.png").click()
    viewer = page.get_by_role("dialog")
    viewer.get_by_text("number 7").wait_for()
    page.keyboard.press("ArrowRight")
    viewer.get_by_text("number 8").wait_for()
    assert viewer.locator("img").get_attribute("src").endswith("/image/8?side=1024")
    page.wait_for_function("() => document.querySelector('dialog img').naturalWidth === 16")
    page.keyboard.press("Escape")
    viewer.wait_for(state="detached")


def test_an_image_is_taken_to_be_projected(page):
    opened(page).locator(".sheet button").nth(3).click()
    page.get_by_role("button", name="Project it").click()
    page.wait_for_url(re.compile(r"#/project\?.*data=images0.*index=3"))
    page.locator("main.page-project").wait_for()


def test_the_report_says_what_to_type(page):
    main = opened(page, "report")
    main.get_by_role("button", name=re.compile("Examine (41 images|again)")).first.click()
    main.get_by_role("heading", name="Ready to train on").wait_for(timeout=PATIENCE)
    assert "allaprima train images0 RUN --recipe laptop-24" in main.locator(".command code").inner_text()
    main.get_by_role("heading", name="Sizes").wait_for()
    assert main.get_by_text("all 41").count() >= 2


def test_the_twin_is_shown_beside_its_twin(page):
    main = opened(page, "duplicates")
    main.locator("button.main, .group").first.wait_for()
    if main.get_by_role("button", name="Examine 41 images").count():
        main.get_by_role("button", name="Examine 41 images").click()
    group = main.locator(".group").first
    group.wait_for(timeout=PATIENCE)
    assert [image.get_attribute("alt") for image in group.locator("img").all()] == ["07.png", "twin.png"]
    main.get_by_text("1 group, with 1 image more than one").wait_for()


def test_odd_images_are_found_by_a_discriminator(page):
    main = opened(page, "odd")
    main.get_by_role("button", name="Judge 41 images").click()
    main.get_by_role("heading", name=re.compile("Most believable")).wait_for(timeout=PATIENCE)
    assert main.locator(".odd-strip").first.locator("img").count() == 41
    main.locator(".odd-strip button").first.click()
    page.get_by_role("dialog").get_by_text("score").wait_for()
    page.keyboard.press("Escape")
    main.get_by_role("link", name="Save ranking.csv").wait_for()


@pytest.mark.parametrize(("model", "words"), [("classes", "no discriminator"), ("stylegan", "discriminator judges")])
def test_a_model_that_cannot_judge_says_why(page, model, words):
    main = opened(page, "odd", model)
    main.get_by_text(words).wait_for()
    assert main.get_by_role("button", name=re.compile("Judge")).count() == 0
