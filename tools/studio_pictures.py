"""Take the pictures of the studio that the docs show.

    python tools/studio_pictures.py shared/data/emoji-noto-64-rgba.zip runs/emoji-64 [NAME…]

Starts ``allaprima studio emoji-64 dress-24`` on the data and the run, opens each page in Chromium as a person would,
and writes ``docs/images/studio-NAME.png``. Needs the development dependencies and a Chromium.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
LONG = 300_000  # milliseconds: until a work in the background is done
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: where to go, what to do there, how to look."""

    address: str
    act: Callable[[Page], None] = lambda page: page.wait_for_timeout(1500)
    dark: bool = False
    phone: bool = False
    height: int = 900


def painting(page: Page) -> None:
    """Until the picture is the one of the address."""
    page.wait_for_function(
        "() => { const c = document.querySelector('.board canvas'); return c && c.dataset.shown === c.dataset.where; }"
    )
    page.wait_for_timeout(1500)  # the thumbnails


def kept(page: Page) -> None:
    """A few in the tray, then directions."""
    painting(page)
    for _ in range(5):
        page.get_by_role("button", name="Surprise me").click()
        page.wait_for_timeout(600)
        page.get_by_role("button", name="Keep").click()
        page.get_by_text("Kept.").wait_for()
    page.get_by_role("button", name="Find directions").click()
    page.get_by_label("Direction 2", exact=True).fill("3")
    painting(page)


def projecting(page: Page) -> None:
    """Until it is found."""
    page.get_by_role("button", name="Find it").click()
    page.get_by_role("button", name="Take it to Paint").wait_for(timeout=LONG)
    page.wait_for_timeout(1500)


def examining(page: Page) -> None:
    """Until the report is there."""
    button = page.get_by_role("button", name=re.compile("^Examine"))
    if button.count():
        button.first.click()
    page.get_by_text("Ready to train on").wait_for(timeout=LONG)
    page.wait_for_timeout(500)


SHOTS = {
    "paint": Shot("#/paint?model=emoji-64&at=3.2,1.4", kept, height=1000),
    "paint-dark": Shot("#/paint?model=dress-24&at=7,3", painting, dark=True),
    "paint-phone": Shot("#/paint?model=emoji-64&at=2,4", painting, phone=True),
    "mix": Shot("#/mix?model=emoji-64"),
    "walk": Shot("#/walk?model=emoji-64", lambda page: page.wait_for_timeout(6000)),
    "project": Shot("#/project?model=emoji-64&data={data}&index=700", projecting),
    "inside": Shot("#/inside?model=emoji-64&at=12,0&show=judge", lambda page: page.wait_for_timeout(4000)),
    "train": Shot("#/train?run={run}", lambda page: page.wait_for_timeout(3000), height=1300),
    "data": Shot("#/data?set={data}&view=report", examining),
    "play": Shot("#/play?model=emoji-64", lambda page: page.wait_for_timeout(3000)),
    "order": Shot("#/order?model=emoji-64"),
}


def main() -> None:
    """Take all of them, or those of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=IMAGES)
    arguments = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver, studio(arguments.data, arguments.run) as address:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        for name in arguments.names or SHOTS:
            take(browser, address, SHOTS[name], arguments, arguments.out / f"studio-{name}.png")
            print(f"took {name}")
        browser.close()


def take(browser: Any, address: str, shot: Shot, arguments: argparse.Namespace, path: Path) -> None:
    """Open a page of its own, act, and look."""
    size = PHONE if shot.phone else {"width": 1280, "height": shot.height}
    context = browser.new_context(
        viewport=size, color_scheme="dark" if shot.dark else "light", device_scale_factor=2 if shot.phone else 1
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address + shot.address.format(data=arguments.data.stem, run=arguments.run.name))
    page.locator("main h1").wait_for()
    shot.act(page)
    page.evaluate("() => document.activeElement?.blur()")
    page.mouse.move(1, 1)
    page.screenshot(path=path)
    context.close()


@contextmanager
def studio(data: Path, run: Path) -> Iterator[str]:
    """The studio as a process: its address."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "allaprima", "studio", "emoji-64", "dress-24", "--port", "0", "--out", out]
        command += ["--data", str(data), "--run", str(run)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        try:
            yield found[0]
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
