"""Ordering many pictures, as a person does."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 90_000  # milliseconds: long work waits for all other programs
MODELS = ["stylegan2", "classes", "stylegan3", "stylegan", "progan", "r3gan"]


def open_order(page: Any, fields: str) -> None:
    page.goto(f"/#/order?{fields}")
    page.wait_for_function("() => document.querySelector('.samples img')?.naturalWidth > 0")


def saved(page: Any, title: str) -> zipfile.ZipFile:
    """The archive of the newest order of that title."""
    order = page.locator(".order").filter(has_text=title).first
    with page.expect_download(timeout=PATIENCE) as download:
        order.get_by_role("link", name="Save pictures.zip").click(timeout=PATIENCE)
    return zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))


@pytest.mark.parametrize("model", MODELS)
def test_an_order_is_painted_and_saved(page, model):
    open_order(page, f"model={model}&count=7&seed=3")
    page.get_by_role("button", name="Order 7 pictures").click()
    archive = saved(page, f"7 pictures of {model}")
    rows = json.loads(archive.read("manifest.json"))["images"]
    assert [row["seed"] for row in rows] == list(range(3, 10))
    page.locator(".order").first.get_by_role("button", name="Throw away").click()
    page.wait_for_function(f"() => !document.querySelector('.orders').innerText.includes('7 pictures of {model}')")


def test_what_is_chosen_is_what_is_ordered_and_stands_in_the_address(page):
    open_order(page, "model=classes")
    page.get_by_label("How many").fill("4")
    page.get_by_label("First seed").fill("50")
    page.get_by_label("dog", exact=True).fill("0")
    page.get_by_label("newt", exact=True).fill("0")
    page.get_by_label("Truncation", exact=True).fill("0.5")
    page.get_by_text("WebP, smaller").click()
    page.wait_for_url(re.compile(r"count=4&seed=50&psi=0\.5&class=0:1,1:0,2:0&format=webp"))
    page.reload()
    page.get_by_role("button", name="Order 4 pictures").click()
    manifest = json.loads(saved(page, "4 pictures of classes").read("manifest.json"))
    found = {(row["class_name"], row["truncation"], Path(row["file"]).suffix) for row in manifest["images"]}
    assert found == {("cat", 0.5, ".webp")}
    assert manifest["images"][0]["seed"] == 50


def test_what_cannot_be_ordered_is_said_in_a_sentence(page):
    open_order(page, "model=classes&count=4")
    for name in ("cat", "dog", "newt"):
        page.get_by_label(name, exact=True).fill("0")
    page.get_by_text("Give at least one class a weight.").wait_for()
    count = page.get_by_label("How many")
    count.fill("99999999")
    count.blur()
    assert count.input_value() == "10000"  # as many as can be ordered


def test_a_seed_is_drawn(page):
    open_order(page, "model=progan&count=2")
    assert page.get_by_label("First seed").input_value() == "0"
    page.get_by_role("button", name="Draw one").click()
    assert page.get_by_label("First seed").input_value() != "0"


def test_it_fits_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 740})
    open_order(page, "model=classes")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
