"""What a studio serves, to whom, and how much of it at once."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a client may ask for.

    Attributes:
        images: In one request.
        order: In one bulk order.
        queue: Pictures that wait to be painted; more are answered with 429.
        asked: Quick tasks that pages wait for.
        jobs: Long works that wait or run.
        kept: Finished works whose results are kept; the oldest are removed first.
        upload: Bytes of one body.
        pixels: Of an uploaded picture, width times height.
        side: Of a sheet, in pixels.
        frames: Of a film.
        live: Live connections.
        seconds: That a request for pictures may wait.
    """

    images: int = 64
    order: int = 10_000
    queue: int = 2048
    asked: int = 64
    jobs: int = 8
    kept: int = 64
    upload: int = 16 * 2**20
    pixels: int = 40_000_000
    side: int = 8192
    frames: int = 1800
    live: int = 256
    seconds: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that a studio is told when it starts. Nothing that a request says adds to it.

    Attributes:
        models: What to paint with: names for the pages and what `allaprima.load` opens.
        runs: Run directories by name.
        datasets: Archives and folders of images by name.
        out: Directory of what long works make.
        host: Address to listen at.
        port: Port to listen at; 0 takes a free one.
        token: Who does not know it is sent away; None: nobody is.
        hosts: Names that a browser may call this server by, beside its address: those of a proxy before it.
        device: Where to paint, as ``--device`` says it.
        allow_training: Whether pages may start and stop trainings.
        limits: How much at once.
    """

    models: dict[str, str]
    runs: dict[str, Path] = field(default_factory=dict)
    datasets: dict[str, Path] = field(default_factory=dict)
    out: Path
    host: str = "127.0.0.1"
    port: int = 7860
    token: str | None = None
    hosts: tuple[str, ...] = ()
    device: str = "auto"
    allow_training: bool = False
    limits: Limits = field(default_factory=Limits)
