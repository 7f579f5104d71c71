"""How many can a studio serve at once, how fast, and in what memory?

    python benchmarks/studio_load.py                           # 200 clients, 5,000 pictures of emoji-64: minutes
    python benchmarks/studio_load.py --clients 20 --requests 200
    python benchmarks/studio_load.py --model runs/flowers

A studio is started as a process of its own, on this machine; its clients run in this one, and take their share of the
processor. Three crowds come one after the other, each asking for pictures of seeds that nobody has asked for before:

* one client, who asks for the next picture when the last has come;
* many clients at once. Among them are live connections that send wishes faster than they are painted, one client that
  reads slowly, and clients that ask and go away;
* as many, of a studio that paints every picture alone: what dynamic batching gains is the ratio of the two.

Latency is from sending a request to its last byte. Memory is the resident set of the server and its workers together.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from measuring import ROOT, show

PATIENCE = 180.0  # seconds until a studio is open
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
START = "import sys; from allaprima.cli.main import main; sys.argv[0] = 'allaprima'; main()"
ALONE = "import allaprima.studio.painter as painter; painter.MOST_AT_ONCE = 1; "
TRICKLE = 4096  # bytes that the slow client reads at once
MEMORY_EVERY = 0.2  # seconds
seeds = count(1)


@dataclass(slots=True)
class Crowd:
    """What clients have seen.

    Attributes:
        latencies: Of pictures, in seconds.
        live: Of live pictures.
        wishes: Sent over live connections.
        errors: What came instead of a picture, and how often.
    """

    latencies: list[float] = field(default_factory=list)
    live: list[float] = field(default_factory=list)
    wishes: int = 0
    errors: dict[str, int] = field(default_factory=dict)

    def failed(self, why: object) -> None:
        """Count an error."""
        self.errors[str(why)] = self.errors.get(str(why), 0) + 1


def main() -> None:
    arguments = parse()
    figures: dict[str, Any] = {"model": arguments.model, "clients": arguments.clients, "requests": arguments.requests}
    with studio(arguments.model) as (address, process):
        print(f"open at {address}", file=sys.stderr)
        figures |= asyncio.run(measure(address, process, arguments))
    with studio(arguments.model, alone=True) as (address, _):
        figures["painted_alone"] = asyncio.run(measure_alone(address, arguments))
    gain = figures["many_clients"]["images_per_second_in_all"] / figures["painted_alone"]["images_per_second"]
    figures["gain_of_batching"] = round(gain, 2)
    show(figures)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="emoji-64")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--requests", type=int, default=5000, help="of all clients together")
    parser.add_argument("--one", type=int, default=300, help="requests of the client who is alone")
    parser.add_argument("--live", type=int, default=10, help="live connections among the clients")
    parser.add_argument("--alone", type=int, default=1000, help="requests of the studio without batches")
    return parser.parse_args()


@contextmanager
def studio(model: str, *, alone: bool = False) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A studio as a process: its address, and the process."""
    with tempfile.TemporaryDirectory() as out:
        code = (ALONE if alone else "") + START
        command = [sys.executable, "-c", code, "studio", model, "--port", "0", "--out", out, "--device", "cpu"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        try:
            assert process.stdout is not None
            found = re.search(r"open at (\S+)", process.stdout.readline())
            assert found, "the studio did not open"
            yield found[1], process
        finally:
            process.terminate()
            process.wait(30)


async def measure(address: str, process: subprocess.Popen[str], arguments: argparse.Namespace) -> dict[str, Any]:
    """One client, then many."""
    await ask_once(address, "/api/load")
    await wait_until_painted(address, arguments.model)
    memory = Memory(process.pid)
    figures: dict[str, Any] = {"one_client": await one(address, arguments.model, arguments.one)}
    watching = asyncio.create_task(memory.watch())
    figures["many_clients"] = await many(address, arguments)
    watching.cancel()
    await asyncio.sleep(1)
    figures["memory_mb"] = memory.figures()
    figures["afterwards"] = await ask_json(address, "/api/load")
    return figures


async def measure_alone(address: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Many clients of a studio that paints no batches."""
    await wait_until_painted(address, arguments.model)
    crowd, begun = Crowd(), time.perf_counter()
    await flock(address, arguments.model, crowd, arguments.clients, arguments.alone)
    return summary(crowd, time.perf_counter() - begun)


async def one(address: str, model: str, requests: int) -> dict[str, Any]:
    crowd, begun = Crowd(), time.perf_counter()
    await flock(address, model, crowd, 1, requests)
    return summary(crowd, time.perf_counter() - begun)


async def many(address: str, arguments: argparse.Namespace) -> dict[str, Any]:
    crowd, before, begun = Crowd(), await ask_json(address, "/api/load"), time.perf_counter()
    others = [asyncio.create_task(live(address, arguments.model, crowd)) for _ in range(arguments.live)]
    others.append(asyncio.create_task(goers(address, arguments.model)))
    slow = asyncio.create_task(slow_reader(address, arguments.model))
    await flock(address, arguments.model, crowd, arguments.clients, arguments.requests)
    seconds = time.perf_counter() - begun
    for task in others:
        task.cancel()
    gone = [each for each in await asyncio.gather(*others, return_exceptions=True) if isinstance(each, Exception)]
    for error in gone:
        crowd.failed(f"{type(error).__name__}: {error}")
    after = await ask_json(address, "/api/load")
    batches, images = (after[key] - before[key] for key in ("batches", "images"))
    return summary(crowd, seconds) | {
        "live_connections": arguments.live,
        "live_wishes": crowd.wishes,
        "live_images": len(crowd.live),
        "live_milliseconds": percentiles(crowd.live),
        "images_in_all": images,
        "images_per_second_in_all": round(images / seconds, 1),
        "mean_batch": round(images / max(1, batches), 1),
        "slow_reader_seconds": round(await slow, 1),
    }


async def flock(address: str, model: str, crowd: Crowd, clients: int, requests: int) -> None:
    """So many clients, who share so many requests; each keeps its connection."""
    left = iter(range(requests))

    async def client() -> None:
        where = urlsplit(address)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        for _ in left:
            begun = time.perf_counter()
            status, body = await ask(reader, writer, f"/api/models/{model}/picture?seed={next(seeds)}")
            if status == 200 and body.startswith(b"\x89PNG") and body.endswith(b"IEND\xaeB`\x82"):
                crowd.latencies.append(time.perf_counter() - begun)
            else:
                crowd.failed(f"{status} {body[:200]!r}")
        writer.close()

    for found in await asyncio.gather(*(client() for _ in range(clients)), return_exceptions=True):
        if isinstance(found, Exception):
            crowd.failed(f"{type(found).__name__}: {found}")


async def live(address: str, model: str, crowd: Crowd) -> None:
    """Send three wishes for each picture that comes, as a hand does that moves fast."""
    from websockets.asyncio.client import connect

    async with connect(address.replace("http", "ws", 1) + "api/live", max_size=2**24) as socket:
        while True:
            begun = time.perf_counter()
            for _ in range(3):
                number = next(seeds)
                await socket.send(json.dumps({"number": number, "wish": {"model": model, "seed": number}}))
                crowd.wishes += 1
            while True:
                answer = await socket.recv()
                if isinstance(answer, str):
                    crowd.failed(answer)
                    break
                crowd.live.append(time.perf_counter() - begun)
                if int.from_bytes(answer[:4], "big") == number:  # the last one always comes
                    break


async def slow_reader(address: str, model: str) -> float:
    """Ask for many pictures, and read a little of them ten times a second. Seconds until all had come."""
    where = urlsplit(address)
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=TRICKLE)
    wishes = [{"model": model, "seed": next(seeds)} for _ in range(64)]
    body = json.dumps({"wishes": wishes}).encode()
    begun = time.perf_counter()
    writer.write(request("POST", "/api/generate", body))
    head = await reader.readuntil(b"\r\n\r\n")
    left = length_of(head)
    while left:
        left -= len(await reader.read(TRICKLE))
        await asyncio.sleep(0.02)
    writer.close()
    return time.perf_counter() - begun


async def goers(address: str, model: str) -> None:
    """Ask for a picture and go away, again and again."""
    where = urlsplit(address)
    while True:
        _, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(request("GET", f"/api/models/{model}/picture?seed={next(seeds)}"))
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.transport.abort()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> tuple[int, bytes]:
    writer.write(request("GET", path))
    head = await reader.readuntil(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length_of(head))


def request(method: str, path: str, body: bytes = b"") -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def length_of(head: bytes) -> int:
    found = re.search(rb"(?i)content-length: (\d+)", head)
    assert found, head
    return int(found[1])


async def ask_once(address: str, path: str) -> tuple[int, bytes]:
    where = urlsplit(address)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        return await ask(reader, writer, path)
    finally:
        writer.close()


async def ask_json(address: str, path: str) -> dict[str, int]:
    return dict(json.loads((await ask_once(address, path))[1]))


async def wait_until_painted(address: str, model: str) -> None:
    async with asyncio.timeout(PATIENCE):
        for _ in range(3):
            await ask_once(address, f"/api/models/{model}/picture?seed={next(seeds)}")


class Memory:
    """Of a process and its children, in bytes, watched."""

    def __init__(self, process: int) -> None:
        self.process = process
        self.before = self.peak = self.now()
        self.processes = len(self._family())

    def now(self) -> int:
        total = 0
        for process in self._family():
            with suppress(OSError):
                total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
        return total

    async def watch(self) -> None:
        while True:
            self.peak = max(self.peak, self.now())
            await asyncio.sleep(MEMORY_EVERY)

    def figures(self) -> dict[str, int]:
        found = {"before": self.before, "peak": self.peak, "after": self.now()}
        return {name: round(size / 2**20) for name, size in found.items()} | {"processes": self.processes}

    def _family(self) -> list[int]:
        family = [self.process]
        for process in family:
            with suppress(OSError):
                for task in Path(f"/proc/{process}/task").iterdir():
                    family += map(int, (task / "children").read_text().split())
        return family


def summary(crowd: Crowd, seconds: float) -> dict[str, Any]:
    """Figures of a crowd."""
    return {
        "images": len(crowd.latencies),
        "errors": crowd.errors,
        "seconds": round(seconds, 2),
        "images_per_second": round(len(crowd.latencies) / seconds, 1),
        "milliseconds": percentiles(crowd.latencies),
    }


def percentiles(latencies: list[float]) -> dict[str, float]:
    """Of latencies, in milliseconds."""
    if not latencies:
        return {}
    ordered = sorted(latencies)
    places = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "most": 1.0}
    return {
        name: round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)
        for name, share in places.items()
    }


if __name__ == "__main__":
    main()
