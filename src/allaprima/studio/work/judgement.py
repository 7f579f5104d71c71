"""What a model's discriminator says: of one picture, of many seeds, and of the images of a data set.

Scores of a network that judges images in groups depend on the group: here it is always the same few fakes, so that all
scores of a model can be compared.

Axes: n image, k image of the company, c channel or label, h w rows and columns.
"""

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.errors import ConfigError
from allaprima.files import write_text
from allaprima.images import to_pixels
from allaprima.models.judging import company_size
from allaprima.studio.wish import Wish
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.datasets import images_for
from allaprima.studio.work.inside import address
from allaprima.studio.work.painting import pixels_of
from allaprima.studio.work.styles import Found, styles_of
from allaprima.studio.work.told import Step, steps_of
from allaprima.visuals import Ranking, gradient_maps, rank
from allaprima.visuals.display import heat
from allaprima.visuals.gradient_map import smoothed
from allaprima.visuals.ranking import prepared, spread
from allaprima.visuals.subject import paint

NO_JUDGE = (
    "This model file holds the generator alone, so there is nobody to ask. Snapshots of a training hold the"
    " discriminator too: start the studio with one of those."
)
BRIGHTEST = 0.995  # share of the pixels of a gradient map that are not cut off
BATCH = 16  # pictures painted at once
MOST_REALS = 1000  # beside fakes
ENDS = 48  # images at each end of a ranking that are shown
BINS = 40
RANKING = "ranking.json"

Plain = dict[str, Any]


def verdict(bench: Bench, wish: Wish, found: Found) -> Plain:
    """The score of one picture, and where a change would change it most."""
    networks = bench.networks(wish.model)
    D = networks.D
    if D is None:
        return {"text": NO_JUDGE, "score": None, "picture": None, "map": None}
    G = networks.G_ema
    pixels = to_pixels(paint(G, styles_of(bench, [wish], found)))
    classes = max(wish.classes, key=lambda number: wish.classes[number], default=0)
    label = _label(D, classes, 1)
    company = _company(bench, wish.model, classes)
    score = float(rank(D, pixels, labels=label, company=company).scores[0])
    batch, others = prepared(D, pixels), None if company is None else prepared(D, company)
    map_ = smoothed(gradient_maps(D, batch, label.to(batch), company=others).float().cpu())
    most = float(map_.flatten()[:1_000_000].quantile(BRIGHTEST))
    return {"text": "", "score": score, "picture": address(pixels[0]), "map": address(heat(map_, most)[0])}


def ranking(bench: Bench, folder: str, order: Plain) -> Generator[Step, None, Plain]:
    """Score the pictures of seeds 0 to ``count`` - 1, and images of a data set beside them if one is named.

    Writes ``ranking.json``: seeds and scores, the most believable first, and the shares of a histogram of each kind.
    """
    model, count, number = order["model"], order["count"], order["class_"] or 0
    D = _judge(bench, model)
    painted: list[Tensor] = []
    for start in range(0, count, BATCH):
        seeds = range(start, min(start + BATCH, count))
        painted.append(pixels_of(bench, [_wish(bench, model, seed, number, order["truncation"]) for seed in seeds], {}))
        yield {"done": seeds.stop, "total": count, "note": "painting seed"}
    company = _company(bench, model, number)
    fakes = yield from _ranked(
        D, torch.cat(painted), "judging picture", labels=_label(D, number, count), company=company
    )
    reals = None
    if order["dataset"] is not None:
        data = images_for(bench, order["dataset"], D, MOST_REALS)
        reals = yield from _ranked(D, data, "judging real image", company=company)
    seeds_ = fakes.order.tolist()
    scores = {"fakes": fakes.scores} if reals is None else {"fakes": fakes.scores, "reals": reals.scores}
    content = {
        "seeds": seeds_,
        "scores": [round(float(fakes.scores[seed]), 4) for seed in seeds_],
        "histogram": histogram(scores),
        "told_apart": None if reals is None else _told_apart(fakes.scores, reals.scores),
    }
    write_text(Path(folder) / RANKING, json.dumps(content))
    return {"count": count, "reals": 0 if reals is None else len(reals.scores)}


def judge_data(bench: Bench, folder: str, order: Plain) -> Generator[Step, None, Plain]:
    """Score all images of a data set.

    Writes ``ranking.json``: numbers, names and scores of the images at both ends, of those whose label looks wrong, and
    a histogram; and ``ranking.csv`` with all images.
    """
    D = _judge(bench, order["model"])
    data = images_for(bench, order["dataset"], D)
    found = yield from _ranked(D, data, "judging image", company=_company(bench, order["model"], 0))
    doubts = found.doubts()

    def rows(numbers: list[int]) -> list[Plain]:
        return [
            {"index": i, "name": found.names[i][:200], "score": round(float(found.scores[i]), 4)}
            | ({} if doubts is None else _classes(found, i, float(doubts[i])))
            for i in numbers
        ]

    content = {
        "highest": rows(found.highest(ENDS)),
        "lowest": rows(found.lowest(ENDS)),
        "doubtful": rows(found.doubtful(ENDS)),
        "total": len(found.names),
        "histogram": histogram({"reals": found.scores}),
    }
    write_text(Path(folder) / RANKING, json.dumps(content))
    found.write(Path(folder) / "ranking.csv")
    return {"count": len(found.names)}


def histogram(scores: dict[str, Float[Tensor, " n"]]) -> Plain:
    """Shares of each kind's scores in equal parts of one axis."""
    together = torch.cat([kind.double() for kind in scores.values()])
    low, high = float(together.min()), float(together.max())
    if high <= low:
        low, high = low - 0.5, high + 0.5
    kinds = []
    for name, kind in scores.items():
        places = ((kind.double() - low) / (high - low) * BINS).floor().clamp(0, BINS - 1).long()
        shares = torch.bincount(places, minlength=BINS).double() / len(kind)
        kinds.append({"kind": name, "count": len(kind), "shares": [round(share, 5) for share in shares.tolist()]})
    return {"low": low, "high": high, "kinds": kinds}


def _judge(bench: Bench, model: str) -> Any:
    D = bench.networks(model).D
    if D is None:
        raise ConfigError(NO_JUDGE)
    return D


def _ranked(D: Any, images: Any, note: str, **how: Any) -> Generator[Step, None, Ranking]:
    total = len(images)

    def work(tell: Callable[[Step], None]) -> Ranking:
        return rank(D, images, **how, progress=lambda done: tell({"done": done, "total": total, "note": note}))

    return steps_of(work)


def _wish(bench: Bench, model: str, seed: int, number: int, truncation: float) -> Wish:
    classes = {number: 1.0} if bench.generator(model).c_dim else {}
    return Wish(model=model, seed=seed, classes=classes, truncation=truncation)


def _label(D: Any, number: int, count: int) -> Float[Tensor, "n c"]:
    label = torch.zeros(count, D.c_dim)
    if number < D.c_dim:
        label[:, number] = 1
    return label


def _company(bench: Bench, model: str, number: int) -> UInt8[Tensor, "k c h w"] | None:
    """The fakes beside which every image is judged; None for a network that judges each by itself."""
    count = company_size(_judge(bench, model))
    if not count:
        return None
    return pixels_of(bench, [_wish(bench, model, seed, number, 1.0) for seed in spread(1000, count)], {})


def _told_apart(fakes: Tensor, reals: Tensor) -> float:
    """How often it gives the real image of a pair the higher score."""
    wins = (reals[:, None] > fakes).double() + 0.5 * (reals[:, None] == fakes).double()
    return float(wins.mean())


def _classes(found: Ranking, number: int, doubt: float) -> Plain:
    assert found.classes is not None
    assert found.class_scores is not None
    return {
        "own": int(found.classes[number]),
        "most_real_as": int(found.class_scores[number].argmax()),
        "doubt": round(doubt, 3),
    }
