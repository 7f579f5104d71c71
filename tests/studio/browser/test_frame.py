"""What all pages have in common: they open, fit a phone, can be read, and have names for those who hear them."""

import pytest

PAGES = ["paint", "mix", "walk", "project", "inside", "train", "data", "play", "order"]

NAMELESS = """() => [...document.querySelectorAll(
    "input, select, textarea, button, canvas, img, video, progress, [role=img]"
  )].filter((e) => !(e.labels?.length || e.getAttribute("aria-label") || e.getAttribute("aria-labelledby")
    || e.hasAttribute("alt") || e.title || e.textContent.trim()
    || e.querySelector("img[alt]:not([alt=''])") || e.closest("[aria-hidden=true]")))
  .map((e) => e.outerHTML.slice(0, 120))"""

CONTRAST = """() => {
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => [r, g, b].map((v) => linear(v / 255))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const probe = document.body.appendChild(document.createElement("div"));
  const rgb = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color.match(/[\\d.]+/g).map(Number);
  };
  const ratio = (a, b) => {
    const [x, y] = [light(rgb(a)), light(rgb(b))].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  return [["--ink", "--paper"], ["--ink", "--card"], ["--soft", "--paper"], ["--soft", "--card"],
    ["--accent", "--paper"], ["--accent", "--accent-wash"], ["--on-accent", "--accent"], ["--good", "--paper"],
    ["--warn", "--paper"]]
    .map(([a, b]) => [a, b, ratio(a, b)]).filter(([, , found]) => found < 4.5);
}"""


@pytest.mark.parametrize("model", ["stylegan2", "classes", "stylegan3", "stylegan", "progan", "r3gan"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_with_a_heading_and_names_for_all(page, name, model):
    page.goto(f"/#/{name}?model={model}")
    page.locator("main h1").wait_for()
    page.wait_for_timeout(300)
    assert page.locator("main h1").count() == 1
    assert page.locator(".top nav a.here").get_attribute("aria-current") == "page"
    assert page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(page, name):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"/#/{name}?model=stylegan2")
    page.locator("main h1").wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_by_day_and_by_night(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto("/#/paint?model=stylegan2")
    page.locator("main h1").wait_for()
    assert page.evaluate(CONTRAST) == []


def test_the_button_changes_the_colours(page):
    page.goto("/#/paint?model=stylegan2")
    button = page.get_by_role("button", name="Colours")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    button.click()
    page.locator("html[data-theme=light]").wait_for()
    assert page.evaluate(paper) == light
    button.click()
    page.locator("html[data-theme=dark]").wait_for()
    assert page.evaluate(paper) != light
    page.reload()
    page.locator("main h1").wait_for()
    assert page.evaluate(paper) != light


def test_a_studio_that_is_gone_is_told(page):
    page.goto("/#/paint?model=stylegan2")
    page.locator("main h1").wait_for()
    page.refusals.add(503)
    page.context.route("**/api/**", lambda route: route.fulfill(status=503, json={"detail": "the painter is resting"}))
    page.get_by_role("button", name="Find directions").click()
    page.get_by_role("alert").get_by_text("The painter is resting.").wait_for()
