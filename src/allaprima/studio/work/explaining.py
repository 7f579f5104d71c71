"""The whole explanation of a model as one page to keep."""

import shutil
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from allaprima.files import atomic_path
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.datasets import images_for
from allaprima.studio.work.told import Step, steps_of
from allaprima.visuals import SECTIONS, explain

PAGE = "index.html"
PARTS = ".parts"


def write(bench: Bench, folder: str, order: dict[str, Any]) -> Generator[Step, None, dict[str, Any]]:
    """Write ``index.html``, which has all pictures and films inside: `allaprima.visuals.explain` for four seeds."""
    parts = Path(folder) / PARTS
    networks, first = bench.networks(order["model"]), order["seed"]

    def work(tell: Callable[[Step], None]) -> Path:
        return explain(
            networks,
            parts,
            title=order["model"],
            films=order["films"],
            seeds=[max(0, min(first, 2**32 - 4)) + step for step in range(4)],
            class_index=(order["class_"] or 0) if networks.G_ema.c_dim else None,
            truncation_psi=order["truncation"],
            data=None if order["dataset"] is None else images_for(bench, order["dataset"], networks.G_ema),
            progress=lambda done, what: tell({"done": done, "total": len(SECTIONS), "note": what or "writing"}),
        )

    made = yield from steps_of(work)
    with atomic_path(Path(folder) / PAGE) as file:
        shutil.move(made, file)
    shutil.rmtree(parts, ignore_errors=True)
    return {"page": PAGE}
