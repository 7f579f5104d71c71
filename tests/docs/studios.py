"""The studios that a page starts, and its requests to them."""

import json
import re
import subprocess
import time
from contextlib import ExitStack
from itertools import count
from typing import Any
from urllib.request import urlopen

from tests.studio.conftest import running

PRINTED = "http://127.0.0.1:7860"
"""Where a studio is on our pages; here it has a free port."""
JOB = re.compile(r"(?<=/api/jobs/)[\w-]{2,}|(?<=\"found\": \")ID(?=\")")
PATIENCE = 240.0  # seconds for a work in the background, on a machine that has other work
SHORTER = {"quality=quick": "steps=3", '"count": 500': '"count": 20'}
"""In requests: what takes long, and the same in short."""


class Studios:
    """Of one page: that of the bundled models stays open, for its requests; others open and close."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.address: str | None = None
        self.job: str | None = None
        self.numbers = count()

    def open(self, words: list[str]) -> None:
        """Start ``allaprima studio`` with these words, and see that it answers."""
        place = ["--out", f"studio-{next(self.numbers)}"]
        token = words[words.index("--token") + 1] if "--token" in words else ""
        if words and self.address:
            with running(*words, *place) as (address, process):
                ask(["-H", f"authorization: Bearer {token}", f"{plain(address)}/api/openapi.json"])
                assert process.poll() is None
        else:
            self.address = plain(self.stack.enter_context(running(*words, *place))[0])

    def request(self, words: list[str]) -> None:
        """Run ``curl``, with the address and the work that are here; an answer that is an error fails."""
        if self.address is None:
            self.open([])
        assert self.address
        here = [shorter(word.replace(PRINTED, self.address)) for word in words]
        assert here != words, f"no request to {PRINTED}: {words}"
        if self.job:
            here = [JOB.sub(self.job, word) for word in here]
        if any("/files/" in word or '"found"' in word for word in here):
            self.wait()
        if ">" in here:
            at = here.index(">")
            here = [*here[:at], "-o", here[at + 1]]
        self.remember(ask(here))

    def remember(self, answer: str) -> None:
        """Keep the name of a work that was begun."""
        try:
            found: Any = json.loads(answer)
        except ValueError:
            return
        if isinstance(found, dict) and "id" in found:
            self.job = found["id"]

    def wait(self) -> None:
        """Until the work is done."""
        until = time.monotonic() + PATIENCE
        while (found := fetched(f"{self.address}/api/jobs/{self.job}"))["state"] != "done":
            assert found["state"] in ("waiting", "running"), found
            assert time.monotonic() < until, found
            time.sleep(0.1)


def shorter(word: str) -> str:
    """A word of a request whose work is shorter."""
    for long, short in SHORTER.items():
        word = word.replace(long, short)
    return word


def plain(address: str) -> str:
    """An address without its token and last slash."""
    return address.partition("?")[0].rstrip("/")


def fetched(address: str) -> Any:
    """The JSON at an address; without a process for each question."""
    with urlopen(address, timeout=PATIENCE) as answer:
        return json.load(answer)


def ask(words: list[str]) -> str:
    """What ``curl`` prints; a picture or film as a text that means nothing."""
    done = subprocess.run(
        ["curl", "-sS", "--fail-with-body", *words], capture_output=True, check=False, timeout=PATIENCE
    )
    answer = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"curl {words}: {done.stderr.decode()} {answer}"
    return answer
