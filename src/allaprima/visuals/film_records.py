"""The moments of a training that its films are made of: kept while it went on, or painted from its snapshots.

What a training keeps is described in `allaprima.training.film_log`: sheets of fakes, a sheet of real images, and lines
of scores in ``film/assessment.jsonl``.

Axes: n image, c channel, h w rows and columns, z size of a latent, d label component.
"""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.checkpoint import load_networks
from allaprima.errors import DataError, RunError
from allaprima.generation import latents_of_seeds
from allaprima.images import to_network
from allaprima.images.film_sheet import read_film_sheet, shrunk
from allaprima.models.judging import as_seen, company_size, in_company, judge

SAMPLE = 32  # images of each kind
AT_ONCE = 8  # images that go through a network

Pixels = UInt8[Tensor, "n c h w"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A training at one time.

    Attributes:
        kimg: Thousands of images seen.
        seconds: Of training; NaN if nobody knows.
        fakes: Reads or gives the images that the averaged generator painted from the film's latents.
        fake_scores: What the discriminator said of each; None if it was not asked.
        real_scores: What it said of the real images of the film.
    """

    kimg: float
    seconds: float
    fakes: Callable[[], Pixels]
    fake_scores: Float[Tensor, " n"] | None = None
    real_scores: Float[Tensor, " m"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """All moments of a film.

    Attributes:
        moments: The earliest first; one at least.
        reals: The real images that the scores are of; None without any.
    """

    moments: tuple[Moment, ...]
    reals: Pixels | None = None

    @property
    def is_judged(self) -> bool:
        """Whether there is a score of everything at every moment."""
        return all(
            m.fake_scores is not None and (self.reals is None or m.real_scores is not None) for m in self.moments
        )


def recorded(run: Path) -> Footage | None:
    """What the training in the run directory kept; None if it kept nothing. Raises `RunError`."""
    folder = run / "film"
    moments = []
    for row in _rows(folder / "assessment.jsonl"):
        try:
            sheet = folder / f"fakes-{int(row['images_seen']):012d}.png"
            fakes, reals = (torch.tensor(row[kind], dtype=torch.float32) for kind in ("fakes", "reals"))
            kimg, seconds = float(row["kimg"]), float(row["seconds"])
        except (KeyError, TypeError, ValueError):
            continue  # a line that was cut short
        if sheet.is_file() and torch.isfinite(fakes).all() and torch.isfinite(reals).all():
            read = partial(read_film_sheet, sheet, len(fakes))
            moments.append(Moment(kimg=kimg, seconds=seconds, fakes=read, fake_scores=fakes, real_scores=reals))
    if not moments:
        return None
    moments.sort(key=lambda moment: moment.kimg)
    scores = moments[0].real_scores
    count = 0 if scores is None else len(scores)
    return Footage(moments=tuple(moments), reals=read_film_sheet(folder / "reals.png", count) if count else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Real images for a film.

    Attributes:
        images: Of the network's size.
        labels: Theirs; [n, 0] without labels.
        company: Others, of which each image is judged with the first ones, as many as the discriminator asks for.
    """

    images: Pixels
    labels: Float[Tensor, "n d"]
    company: Pixels


def from_snapshots(
    run: Path,
    *,
    reals: Sample | None = None,
    judged: bool = True,
    num_fakes: int = SAMPLE,
    device: torch.device | str = "cpu",
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Footage:
    """Paint seeds 0, 1, 2 … with every snapshot of the run directory, and ask each one's discriminator.

    Args:
        run: The run directory, or a folder of snapshots.
        reals: Real images to be judged too; None: fakes alone, in the company of fakes.
        judged: Ask the discriminators, where snapshots hold them; off for a film that shows no scores.
        num_fakes: How many seeds. Of a model with labels, they have the classes in turn.
        device: Where to compute.
        progress: Told of snapshots that are done, and of all.

    Raises:
        RunError: There are no snapshots.
        ModelFileError: A snapshot cannot be read.
        DataError: The real images are of another size, or without the labels that are needed.
    """
    paths, seconds, moments = snapshots(run), _seconds_by_kimg(run), []
    for done, path in enumerate(paths):
        moments.append(_moment(path, seconds, reals if judged else None, judged, num_fakes, device))
        progress(done + 1, len(paths))
    return Footage(
        moments=tuple(sorted(moments, key=lambda moment: moment.kimg)),
        reals=None if reals is None or not judged else shrunk(to_network(reals.images)),
    )


@torch.inference_mode()
def _moment(
    path: Path,
    seconds: list[tuple[float, float]],
    reals: Sample | None,
    judged: bool,
    num_fakes: int,
    device: torch.device | str,
) -> Moment:
    """What one snapshot paints, and says."""
    networks = load_networks(path, roles=("G_ema", "D") if judged else ("G_ema",), device=device)
    G, D = networks.G_ema, networks.D
    kimg = _kimg_of(path, networks.provenance)
    c = torch.eye(G.c_dim)[torch.arange(num_fakes) % G.c_dim] if G.c_dim else torch.zeros(num_fakes, 0)
    painted = _painted(G, latents_of_seeds(range(num_fakes), G.z_dim), c, device)
    of_fakes: Tensor | None = None
    of_reals: Tensor | None = None
    if judged and D is not None:
        of_fakes, of_reals = _scores(D, painted, c, reals, device)
    return Moment(
        kimg=kimg,
        seconds=_at(seconds, kimg),
        fakes=partial(_given, shrunk(painted)),
        fake_scores=of_fakes,
        real_scores=of_reals,
    )


def snapshots(run: Path) -> list[Path]:
    """The model files of a run directory, or of a folder of them. Raises `RunError` if there are none."""
    folder = run / "snapshots" if (run / "snapshots").is_dir() else run
    if not folder.is_dir():
        raise RunError(f"there is no run directory {run}: give the one that 'allaprima train' wrote")
    paths = sorted(folder.glob("*.safetensors"))
    if not paths:
        raise RunError(f"{run} holds neither records for a film nor snapshots: train it further, or give another run")
    return paths


def _scores(
    D: Any, fakes: Tensor, c: Tensor, reals: Sample | None, device: torch.device | str
) -> tuple[Tensor, Tensor | None]:
    """Scores of the fakes and of the real images, all in the same company."""
    size = company_size(D)
    if reals is None:
        with in_company(D, fakes[:size].to(device)):
            return _judged(D, fakes, c, device), None
    _check_reals(D, reals)
    images, company = (as_seen(D, to_network(some.to(device))) for some in (reals.images, reals.company[:size]))
    with in_company(D, company):
        return _judged(D, fakes, c, device), _judged(D, images, reals.labels, device)


def _judged(D: Any, images: Tensor, c: Tensor, device: torch.device | str) -> Tensor:
    parts = zip(torch.split(images, AT_ONCE), torch.split(c, AT_ONCE), strict=True)
    return torch.cat([judge(D, some.to(device), labels.to(device)).cpu() for some, labels in parts])


def _painted(G: Any, z: Tensor, c: Tensor, device: torch.device | str) -> Tensor:
    parts = zip(torch.split(z, AT_ONCE), torch.split(c, AT_ONCE), strict=True)
    return torch.cat(
        [G(some.to(device), labels.to(device), noise_mode="const").float().cpu() for some, labels in parts]
    )


def _check_reals(D: Any, reals: Sample) -> None:
    wanted, got = (D.img_channels, D.img_height, D.img_width), tuple(reals.images.shape[1:])
    if got != wanted:
        theirs, ours = (f"{h}×{w} with {c} channels" for c, h, w in (got, wanted))
        raise DataError(f"the images are {theirs}, but this run's model has images of {ours}: give the data of the run")
    if D.c_dim and reals.labels.shape[1] != D.c_dim:
        raise DataError(f"this run's model has {D.c_dim} labels: its images are judged by labels, which these have not")


def _given(images: Pixels) -> Pixels:
    return images


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects in the lines of a file; none if there is none."""
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row


def _seconds_by_kimg(run: Path) -> list[tuple[float, float]]:
    """(kimg, seconds of training until then) of all ticks in stats.jsonl."""
    total, found = 0.0, []
    for row in _rows(run / "stats.jsonl"):
        try:
            total += float(row["Timing/sec_per_tick"]["mean"])
            found.append((float(row["Progress/kimg"]["mean"]), total))
        except (KeyError, TypeError, ValueError):
            continue
    return found


def _at(seconds: list[tuple[float, float]], kimg: float) -> float:
    """Seconds at the first tick that is not before ``kimg``; 0 at the start, NaN where nobody knows."""
    if kimg == 0:
        return 0.0
    return next((total for at, total in seconds if at >= kimg - 1e-6), math.nan)


def _kimg_of(path: Path, provenance: dict[str, Any]) -> float:
    try:
        return float(provenance["images_seen"]) / 1000
    except (KeyError, TypeError, ValueError):
        digits = path.stem.rsplit("-", 1)[-1]
        if digits.isdigit():
            return float(digits)
        raise RunError(f"{path} does not say how many images it has seen: give a run directory of allaprima") from None
