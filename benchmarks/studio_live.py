"""How fast does the studio's picture follow a hand, in a real browser?

    python benchmarks/studio_live.py emoji-64                                  # needs Chromium and playwright
    python benchmarks/studio_live.py emoji-64 --form-python /tmp/gradio/bin/python

Starts the studio and Chromium, and drags through the map for some seconds: pictures a second, and milliseconds from the
hand's movement to the frame that shows its picture (the browser's own measures, "live picture"). With
``--form-python``, a Python with Gradio, the same model behind a form's sliders is dragged in turn with it: what a form
gives. Prints JSON.
"""

import argparse
import math
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from measuring import show
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
FORM_PORT = 7871
PATIENCE = 60.0
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
WATCH_FORM = """() => {
  window.shown = [];
  const look = () => {
    const image = document.querySelector("#picture img");
    if (image && image.src !== window.last && image.complete) {
      window.last = image.src;
      window.shown.push(performance.now());
    }
    requestAnimationFrame(look);
  };
  look();
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--seconds", type=float, default=6.0, help="of one drag")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--form-python", help="a Python that has Gradio, for the comparison")
    parser.add_argument("--picture", type=Path, help="PNG of the page after the last drag")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver, studio(arguments.model) as (address, opened_in):
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}#/paint?model={arguments.model}&at=3,1")
        page.wait_for_function("() => document.querySelector('.board canvas')?.dataset.shown")
        page.wait_for_timeout(2000)  # until the thumbnails are there
        figures: dict[str, Any] = {"model": arguments.model, "seconds_until_it_answers": round(opened_in, 2)}
        if arguments.form_python:
            with form(arguments.form_python, arguments.model) as (form_address, form_opened_in):
                other = browser.new_page(viewport={"width": 1280, "height": 900})
                other.goto(form_address)
                other.wait_for_selector("#x input[type=range]")
                other.wait_for_timeout(2000)
                other.evaluate(WATCH_FORM)
                figures |= rounds(page, arguments, other) | {"form_seconds_until_it_answers": round(form_opened_in, 2)}
        else:
            figures |= rounds(page, arguments, None)
        if arguments.picture:
            page.bring_to_front()
            page.screenshot(path=arguments.picture)
        browser.close()
    show(figures)


def rounds(page: Page, arguments: argparse.Namespace, other: Page | None) -> dict[str, Any]:
    """Drags in turn; medians of the rounds."""
    live = []
    forms = []
    for _ in range(arguments.rounds):
        page.bring_to_front()
        live.append(drag_map(page, arguments.seconds))
        if other is not None:
            other.bring_to_front()
            forms.append(drag_slider(other, arguments.seconds))
    figures: dict[str, Any] = {name: round(median(each[name] for each in live), 1) for name in live[0]}
    figures["pictures_a_second_of_each_round"] = [round(each["pictures_a_second"], 1) for each in live]
    if forms:
        figures["form_pictures_a_second"] = round(median(forms), 1)
        ratios = [mine["pictures_a_second"] / its for mine, its in zip(live, forms, strict=True)]
        figures["times_the_form"] = round(median(ratios), 2)
    return figures


def drag_map(page: Page, seconds: float) -> dict[str, float]:
    """Around on the map, as fast as the browser takes movements."""
    box = page.locator(".map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate("performance.clearMeasures()")
    page.mouse.move(x, y)
    page.mouse.down()
    moves, took = drag(lambda turn: page.mouse.move(x + 100 * math.sin(turn), y + 80 * math.sin(1.3 * turn)), seconds)
    page.mouse.up()
    page.wait_for_timeout(300)
    times = page.evaluate("performance.getEntriesByName('live picture').map((each) => each.duration)")
    times.sort()
    return {
        "movements_a_second": moves / took,
        "pictures_a_second": len(times) / took,
        "latency_p50_ms": times[len(times) // 2],
        "latency_p95_ms": times[int(0.95 * len(times))],
    }


def drag_slider(page: Page, seconds: float) -> float:
    """To and fro on the form's slider: pictures a second."""
    box = page.locator("#x input[type=range]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate("() => { window.shown = []; }")
    page.mouse.move(x, y)
    page.mouse.down()
    _, took = drag(lambda turn: page.mouse.move(x + 0.4 * box["width"] * math.sin(turn), y), seconds)
    page.mouse.up()
    page.wait_for_timeout(300)
    return float(page.evaluate("window.shown.length")) / took


def drag(move: Any, seconds: float) -> tuple[int, float]:
    """Move until the time is over: how often, in which time."""
    begun = time.perf_counter()
    moves = 0
    while (now := time.perf_counter()) - begun < seconds:
        move(1.5 * (now - begun))
        moves += 1
    return moves, time.perf_counter() - begun


@contextmanager
def studio(model: str) -> Iterator[tuple[str, float]]:
    """The studio as a process: its address, and how long it took until it answered."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "allaprima", "studio", model, "--port", "0", "--out", out]
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        try:
            yield found[0], time.perf_counter() - begun
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def form(python: str, model: str) -> Iterator[tuple[str, float]]:
    """The form as a process."""
    address = f"http://127.0.0.1:{FORM_PORT}/"
    begun = time.perf_counter()
    process = subprocess.Popen([python, str(HERE / "studio_form.py"), model, str(FORM_PORT)], stdout=subprocess.DEVNULL)
    try:
        wait_for(address)
        yield address, time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait(20)


def wait_for(address: str) -> None:
    from urllib.error import URLError
    from urllib.request import urlopen

    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            urlopen(address, timeout=10).close()
        except URLError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"{address} does not answer")


if __name__ == "__main__":
    main()
