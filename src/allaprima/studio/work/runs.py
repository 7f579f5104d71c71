"""Films of trainings, and pictures from their snapshots.

Where a run is stands in the hidden file `PLACE` of the work's folder: orders are shown to clients, and hold no paths.
"""

from collections import OrderedDict
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import torch
from einops import rearrange

from allaprima.checkpoint import load
from allaprima.data import ImageDataset
from allaprima.errors import AllaPrimaError, ModelFileError, RunError
from allaprima.generation import generate
from allaprima.images.film import check_film
from allaprima.studio.wish import ImageFormat
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.filming import filmed
from allaprima.studio.work.painting import encoded
from allaprima.studio.work.told import steps_of
from allaprima.visuals.assessment_film import assessment_frames
from allaprima.visuals.film_records import SAMPLE, Footage, Sample, from_snapshots, recorded
from allaprima.visuals.learning_film import learning_frames
from allaprima.visuals.ranking import chosen, spread

PLACE = ".run"
FPS = 24
COMPANY = 31  # real images among whom others are judged: groups of minibatch statistics are smaller
MOST_OPEN = 4  # snapshots in memory
KINDS = {"learning": learning_frames, "assessment": assessment_frames}

_open: OrderedDict[tuple[str, int], Any] = OrderedDict()


def film(bench: Bench, folder: str, order: dict[str, Any]) -> Generator[dict[str, Any], None, dict[str, Any]]:
    """Film a training: ``order`` has ``what``, ``seconds``, ``format``, and maybe ``data``.

    Raises `RunError` if there is nothing to be filmed.
    """
    place = Path(folder)
    run = Path((place / PLACE).read_text(encoding="utf-8"))
    out = place / f"{order['what']}.{order['format']}"
    check_film(out, fps=FPS)
    yield {"note": "looking for what the training kept"}
    try:
        footage = yield from steps_of(lambda tell: _footage(bench, run, order, tell))
    except AllaPrimaError as error:
        raise RunError(str(error).replace(str(run), order["run"])) from error
    if len(footage.moments) < 2:
        raise RunError("there is one moment of this training to show, and a film needs two: train it further")
    total = max(round(order["seconds"] * FPS), 2)
    frames = KINDS[order["what"]](footage, seconds=order["seconds"], fps=FPS)
    count = yield from filmed(out, frames, total, fps=FPS)
    return {"film": out.name, "frames": count, "moments": len(footage.moments)}


def picture(
    bench: Bench, path: str, version: int, seed: int, psi: float, label: int | None, format_: ImageFormat
) -> bytes:
    """What a snapshot paints from a seed, with the model's own noise. Raises `LatentError` or `ModelFileError`."""
    try:
        G = _opened(bench, path, version)
    except ModelFileError as error:
        raise ModelFileError(str(error).replace(path, Path(path).name)) from error
    (image,) = generate(G, seeds=[seed], truncation_psi=psi, class_index=label)
    return encoded(rearrange(torch.from_numpy(image), "h w c -> c h w"), format_)


def _opened(bench: Bench, path: str, version: int) -> Any:
    """The painter of a snapshot; those that were asked last stay open."""
    key = (path, version)
    if key not in _open:
        while len(_open) >= MOST_OPEN:
            _open.popitem(last=False)
        _open[key] = load(path, device=bench.device)
    _open.move_to_end(key)
    return _open[key]


def _footage(bench: Bench, run: Path, order: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> Footage:
    """What the training kept, or what its snapshots paint."""
    kept = recorded(run)
    if kept is not None and len(kept.moments) > 1:
        return kept
    is_judged = order["what"] == "assessment"
    reals = _reals(bench, order["data"]) if is_judged and order.get("data") else None
    footage = from_snapshots(
        run, reals=reals, judged=is_judged, device=bench.device,
        progress=lambda done, of: tell({"done": done, "total": of, "note": "asking the snapshots,"}),
    )  # fmt: skip
    if is_judged and not footage.is_judged:
        raise RunError("the snapshots of this run hold no discriminator: there is nobody whose scores could be filmed")
    return footage


def _reals(bench: Bench, data: str) -> Sample:
    """Images from all over a data set."""
    dataset = ImageDataset(bench.datasets[data])
    numbers = spread(len(dataset.names), SAMPLE)
    return Sample(
        images=chosen(dataset, numbers),
        labels=dataset.label_table()[numbers],
        company=chosen(dataset, spread(len(dataset.names), COMPANY)),
    )
