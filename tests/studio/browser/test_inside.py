"""Look inside, as a person uses it."""

import re

import pytest

MODELS = ["stylegan2", "classes", "stylegan3", "stylegan", "progan", "r3gan"]
LACKS = {
    ("layers", "stylegan3"), ("layers", "r3gan"),
    ("noise", "stylegan3"), ("noise", "progan"), ("noise", "r3gan"),
    ("judge", "classes"), ("judge", "stylegan3"),
}  # fmt: skip
PATIENCE = 180_000  # milliseconds


def opened(page, model: str, show: str, rest: str = ""):
    page.goto(f"/#/inside?model={model}&show={show}{rest}")
    section = page.locator(".inside-section")
    section.locator("p:not(.starting)").first.wait_for()
    return section


@pytest.mark.parametrize("model", MODELS)
def test_each_part_shows_pictures_or_says_what_is_missing(page, model):
    for show in ("layers", "features", "noise", "truncation", "judge"):
        section = opened(page, model, show)
        assert page.locator(".tabs a.here").get_attribute("aria-current") == "true"
        if (show, model) in LACKS:
            assert section.locator("img").count() == 0
        else:
            section.locator("img").first.wait_for()
            assert page.evaluate(
                "() => [...document.querySelectorAll('.inside-section img')].every((image) => image.alt)"
            )


def test_arrows_lead_from_seed_to_seed_and_the_address_follows(page):
    opened(page, "stylegan2", "layers")
    before = page.locator(".subject img").get_attribute("src")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"at=2,0"))
    page.wait_for_function("(before) => document.querySelector('.subject img').src !== before", arg=before)
    assert page.get_by_label("Seed", exact=True).last.input_value() == "2"
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(r"at=1,0"))
    page.get_by_role("spinbutton", name="Seed").fill("150")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"at=50,1"))
    page.reload()
    page.locator(".subject img").wait_for()
    assert page.get_by_role("spinbutton", name="Seed").input_value() == "150"


def test_the_picture_grows(page):
    section = opened(page, "stylegan2", "layers")
    large = section.locator(".pair img").first
    whole = large.get_attribute("src")
    section.get_by_role("slider").fill("0")
    assert large.get_attribute("src") != whole
    section.get_by_text("up to 4×4").first.wait_for()
    page.get_by_role("button", name="Watch it grow").click()
    section.locator(".pair").get_by_text("up to 16×16").wait_for()
    assert large.get_attribute("src") == whole


def test_a_channel_is_chosen_and_stays_in_the_address(page):
    section = opened(page, "stylegan2", "features")
    section.get_by_role("button", name="Layer b16.conv0").click()
    section.get_by_role("heading", name=re.compile("b16.conv0: .* channels of 16×16")).wait_for()
    section.get_by_role("button", name="channel 3", exact=True).click()
    section.get_by_text("b16.conv0, channel 3", exact=True).wait_for()
    page.reload()
    page.get_by_text("b16.conv0, channel 3", exact=True).wait_for()
    assert page.get_by_role("button", name="channel 3", exact=True).get_attribute("aria-pressed") == "true"


def test_the_noise_of_one_layer_is_looked_at(page):
    section = opened(page, "stylegan2", "noise")
    section.locator("label", has_text="b16.conv1").click()
    section.get_by_text("The noise of b16.conv1 moves").wait_for()
    assert "noisy=b16.conv1" in page.url


def test_a_truncation_is_gone_on_with(page):
    section = opened(page, "stylegan2", "truncation")
    assert section.locator(".shown").count() == 13
    section.get_by_role("button", name="The picture at truncation 0.3").click()
    page.wait_for_url(re.compile(r"psi=0.3"))
    page.get_by_role("button", name="Paint with it").click()
    page.wait_for_url(re.compile(r"#/paint.*psi=0.3"))


def test_seeds_are_ranked_beside_real_images(page):
    section = opened(page, "stylegan2", "judge")
    section.get_by_text("Rank some seeds").wait_for()
    section.get_by_label("Beside real images of").wait_for()
    page.get_by_role("button", name="Rank 256 seeds").click()
    section.get_by_role("heading", name="Most believable").wait_for(timeout=PATIENCE)
    section.get_by_text(re.compile("More believable than \\d+ % of 256 seeds")).wait_for()
    assert section.locator("svg path").count() == 2
    best = section.locator(".strip .picture-button").first
    seed = int(re.search(r"Seed (\d+)", best.locator("img").get_attribute("alt"))[1])
    best.click()
    page.wait_for_url(re.compile(f"at={seed % 100},{seed // 100}"))
    section.get_by_text(re.compile("More believable than (99|100) % of 256 seeds")).wait_for()
    page.reload()
    section.get_by_role("heading", name="Most believable").wait_for()
    section.get_by_text("Where it looks").wait_for()
    words = section.inner_text()
    assert words.index("The discriminator was") < words.index("Where it looks") < words.index("Most believable")


def test_the_explanation_can_be_saved(page):
    opened(page, "progan", "layers")
    page.get_by_text("Keep the whole explanation").click()
    page.get_by_label("With films").uncheck()
    page.get_by_role("button", name="Write the whole explanation").click()
    link = page.get_by_role("link", name="Save index.html")
    link.wait_for(timeout=PATIENCE)
    with page.expect_download() as saved:
        link.click()
    assert saved.value.suggested_filename == "index.html"
