"""The page Project, as a person uses it."""

from io import BytesIO

from PIL import Image
from playwright.sync_api import expect

expect.set_options(timeout=20_000)


def png(size=(40, 20), colour="orange"):
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": out.getvalue()}


def opened(page, model="stylegan2"):
    page.goto(f"/#/project?model={model}")
    expect(page.get_by_role("heading", name="Find a picture in the model")).to_be_visible()


def given(page, model="stylegan2", file=None):
    opened(page, model)
    page.get_by_label("Choose a file").first.set_input_files(file or png())
    expect(page.get_by_alt_text("Your picture as the model could have painted it")).to_be_visible()


def test_a_picture_is_found_and_taken_to_paint(page):
    given(page)
    page.get_by_text("Quick").click()
    page.get_by_role("button", name="Find it").click()
    expect(page.get_by_alt_text("The picture that is looked for")).to_be_visible()
    expect(page.get_by_role("img", name="The distance has fallen")).to_be_visible(timeout=60_000)
    take = page.get_by_role("button", name="Take it to Paint")
    expect(take).to_be_visible(timeout=60_000)
    expect(page.get_by_text("dB")).to_be_visible()
    expect(page.get_by_role("link", name="Save latents.safetensors")).to_be_visible()
    take.click()
    page.wait_for_function("() => location.hash.startsWith('#/paint') && location.hash.includes('found=')")


def test_the_part_of_the_picture_can_be_chosen(page):
    given(page)
    picture = page.get_by_alt_text("Your picture as the model could have painted it")
    expect(page.get_by_text("40 × 20")).to_be_visible()
    before = picture.get_attribute("src")
    half = Image.new("RGB", (60, 20), "blue")
    half.paste("red", (20, 0, 40, 20))
    out = BytesIO()
    half.save(out, "PNG")
    page.get_by_role("button", name="Another picture").click()
    page.get_by_label("Choose a file").first.set_input_files(
        {"name": "two.png", "mimeType": "image/png", "buffer": out.getvalue()}
    )
    expect(picture).to_be_visible()
    cropped = picture.get_attribute("src")
    assert cropped != before
    page.get_by_text("All of it").click()
    expect(picture).not_to_have_attribute("src", cropped)


def test_what_is_no_picture_gets_a_sentence(page):
    page.refusals.add(400)
    opened(page)
    with page.expect_response("**/api/project/fit**") as answer:
        page.get_by_label("Choose a file").first.set_input_files(
            {"name": "mine.txt", "mimeType": "text/plain", "buffer": b"no picture"}
        )
    assert answer.value.status == 400
    expect(page.get_by_role("alert")).to_contain_text("no image that is read here")
    expect(page.get_by_text("Drop a picture here")).to_be_visible()


def test_a_picture_is_pasted_or_dropped(page):
    opened(page)
    page.evaluate("""async () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 20, height: 20 });
      const blob = await new Promise((done) => canvas.toBlob(done));
      const data = new DataTransfer();
      data.items.add(new File([blob], "pasted.png", { type: "image/png" }));
      document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
    }""")
    expect(page.get_by_alt_text("Your picture as the model could have painted it")).to_be_visible()
    page.get_by_role("button", name="Another picture").click()
    page.get_by_role("button", name="Take one that the model painted").click()
    expect(page.get_by_alt_text("Your picture as the model could have painted it")).to_be_visible()


def test_stop_keeps_what_is_found(page):
    given(page)
    page.get_by_text("Best", exact=True).click()
    page.get_by_role("button", name="Find it").click()
    expect(page.get_by_role("img", name="The distance has fallen")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("what was found until then is kept")).to_be_visible()
    page.get_by_role("button", name="Keep it in the tray").click()
    expect(page.get_by_text("It lies in the tray")).to_be_visible()
    page.reload()  # it is still there
    expect(page.get_by_role("button", name="Take it to Paint")).to_be_visible()
    page.get_by_role("button", name="Another picture").click()
    expect(page.get_by_text("Drop a picture here")).to_be_visible()


def test_an_image_of_a_data_set_comes_with_the_address(page):
    name = page.request.get("/api/studio").json()["datasets"][0]
    page.goto(f"/#/project?model=stylegan2&data={name}&index=7")
    page.get_by_role("button", name="Find it").wait_for()
    page.refusals.add(404)
    page.goto("/#/project?model=stylegan2&data=nothing&index=7")
    page.reload()
    page.get_by_role("alert").wait_for()
