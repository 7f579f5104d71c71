"""A picture on each reload, and a game: which one is real?"""

import random
import secrets
from html import escape
from string import Template
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from allaprima.studio.errors import BusyError, StudioError, UnknownError
from allaprima.studio.models import ModelFacts
from allaprima.studio.rounds import SIDES, Round, Rounds, Side
from allaprima.studio.routes.models import ModelName
from allaprima.studio.routes.pages import STATIC
from allaprima.studio.routes.parts import Here
from allaprima.studio.routes.pictures import PICTURES, ImageResponse
from allaprima.studio.studio import Studio
from allaprima.studio.wish import ImageFormat, Name, Strict, Wish

router = APIRouter(tags=["play"])
PLAIN_SEEDS = 10**6  # drawn below this: such seeds are easy to tell one another
TRUNCATION = 0.8
MOST_AT_ONCE = 16  # rounds that are being made
PAGE = Template((STATIC / "random.html").read_text(encoding="utf-8"))
NEVER = "no-store"

ModelWish = Annotated[Name | None, Query(alias="model", description="A name from /api/studio; by default the first.")]
SeedWish = Annotated[int | None, Query(alias="seed", ge=0, lt=2**32, description="By default another one each time.")]
TruncationWish = Annotated[float, Query(alias="truncation", ge=-4, le=4, allow_inf_nan=False)]
ClassWish = Annotated[
    int | None, Query(alias="class", ge=0, lt=2**16, description="By default one that the seed draws.")
]
RoundNumber = Annotated[str, Path(max_length=64)]


class Table(BaseModel):
    """With what a model can be played."""

    datasets: list[str]


class Play(Strict):
    """A round that is wanted. ``dataset``: by default the first whose pictures have the model's shape."""

    model: Name
    dataset: Name | None = None
    truncation: Annotated[float, Field(ge=-4, le=4, allow_inf_nan=False)] = TRUNCATION


class Dealt(BaseModel):
    """A round. Its pictures are at ``/api/play/rounds/{id}/left`` and ``…/right``."""

    id: str
    model: str
    dataset: str


class Guess(Strict):
    """Where the real one is said to be."""

    side: Side


class Answer(BaseModel):
    """Where it is, and what the other one was painted from."""

    is_right: bool
    real: Side
    seed: int
    class_: Annotated[int | None, Field(serialization_alias="class")]
    truncation: float


@router.get("/random.png", response_class=ImageResponse, responses=PICTURES)
async def random_picture(
    studio: Here,
    model: ModelWish = None,
    seed: SeedWish = None,
    truncation: TruncationWish = TRUNCATION,
    class_: ClassWish = None,
    format_: Annotated[ImageFormat, Query(alias="format")] = "png",
) -> Response:
    """A picture: another one each time, or that of a seed. ``content-location`` says where just this one stays."""
    wish = await _wish(studio, model, seed, truncation, class_)
    data = await studio.painter.paint(wish, format_=format_)
    where = "/random.png?" + _fields(wish) + ("" if format_ == "png" else f"&format={format_}")
    headers = {"cache-control": NEVER if seed is None else "no-cache", "content-location": where}
    return ImageResponse(data, media_type=f"image/{format_}", headers=headers)


@router.get("/random", include_in_schema=False)
async def random_page(
    studio: Here,
    model: ModelWish = None,
    seed: SeedWish = None,
    truncation: TruncationWish = TRUNCATION,
    class_: ClassWish = None,
) -> Response:
    """A page with such a picture, for browsers without scripts too."""
    wish = await _wish(studio, model, seed, truncation, class_)
    facts = await studio.facts(wish.model)
    asked = {"model": wish.model, "truncation": f"{truncation:g}"} | ({} if class_ is None else {"class": class_})
    number = next(iter(wish.classes), None)
    paint = {"model": wish.model, "seed": wish.seed, "psi": f"{truncation:g}"}
    paint |= {} if number is None else {"class": number}
    words = {
        "heading": f"Seed {seed}, as always" if seed is not None else "Nobody has seen this one before",
        "model": wish.model,
        "seed": f"{wish.seed}",
        "facts": f"truncation {truncation:g}" + (f", class {facts.classes[number]}" if number is not None else ""),
        "picture": "/random.png?" + _fields(wish),
        "another": "/random?" + urlencode(asked),
        "same": "/random?" + _fields(wish),
        "paint": "/#/paint?" + urlencode(paint),
        "height": str(facts.height),
        "width": str(facts.width),
        "pixels": "pixels" if facts.height <= 128 else "",
    }
    page = PAGE.substitute({name: escape(word) for name, word in words.items()})
    return Response(page, media_type="text/html; charset=utf-8", headers={"cache-control": NEVER})


@router.get("/api/play/{model}")
async def table(studio: Here, model: ModelName) -> Table:
    """The data sets whose pictures have the model's shape."""
    await studio.facts(model)
    return Table(datasets=await studio.ask("play:fitting", model))


@router.post("/api/play")
async def deal(studio: Here, request: Request, play: Play) -> Dealt:
    """Deal a round: one real picture, and one that is painted now."""
    await studio.facts(play.model)
    game = game_of(request)
    if game.making >= MOST_AT_ONCE:
        raise BusyError(f"{game.making} rounds are being dealt: try again in a moment")
    game.making += 1
    try:
        round_ = await _made(studio, play)
    finally:
        game.making -= 1
    game.rounds.add(round_)
    return Dealt(id=round_.id, model=round_.model, dataset=round_.dataset)


@router.get("/api/play/rounds/{number}/{side}", response_class=ImageResponse, responses=PICTURES)
async def shown(request: Request, number: RoundNumber, side: Side) -> Response:
    """One of the two pictures of a round."""
    return ImageResponse(game_of(request).rounds.find(number).files[side], headers={"cache-control": NEVER})


@router.post("/api/play/rounds/{number}/guess")
async def guess(request: Request, number: RoundNumber, said: Guess) -> Answer:
    """Say which one is real; once a round."""
    found = game_of(request).rounds.guess(number, said.side)
    return Answer(
        is_right=said.side == found.real,
        real=found.real,
        seed=found.seed,
        class_=found.class_,
        truncation=found.truncation,
    )


class Game:
    """The rounds of one studio, and how many more are being made."""

    def __init__(self) -> None:
        self.rounds, self.making = Rounds(), 0


def game_of(request: Request) -> Game:
    """The game of the studio that answers."""
    state = request.app.state
    if not hasattr(state, "game"):
        state.game = Game()
    found = state.game
    assert isinstance(found, Game)
    return found


async def _made(studio: Studio, play: Play) -> Round:
    if play.dataset is not None and play.dataset not in studio.settings.datasets:
        raise UnknownError(f"no data set {play.dataset!r} is served here")
    dataset = play.dataset
    if dataset is None:
        fitting = await studio.ask("play:fitting", play.model)
        if not fitting:
            raise StudioError(f"no data set with pictures like those of {play.model} is served here")
        dataset = str(fitting[0])
    seed = secrets.randbelow(PLAIN_SEEDS)
    made = await studio.ask("play:pair", play.model, dataset, seed, play.truncation)
    left = secrets.choice(("real", "painted"))
    right = {"real": "painted", "painted": "real"}[left]
    return Round(
        files={"left": made[left], "right": made[right]},
        real=SIDES[0] if left == "real" else SIDES[1],
        model=play.model,
        dataset=dataset,
        seed=seed,
        class_=made["class"],
        truncation=play.truncation,
    )


async def _wish(studio: Studio, model: str | None, seed: int | None, truncation: float, class_: int | None) -> Wish:
    """What is asked for, and for the rest what is drawn. Raises `UnknownError`."""
    facts = await studio.facts(model or next(iter(studio.settings.models)))
    seed = secrets.randbelow(PLAIN_SEEDS) if seed is None else seed
    return Wish(model=facts.name, seed=seed, truncation=truncation, classes=_classes(facts, seed, class_))


def _classes(facts: ModelFacts, seed: int, class_: int | None) -> dict[int, float]:
    if class_ is not None:
        if facts.classes and class_ >= len(facts.classes):
            raise StudioError(f"there is no class {class_}: this model has classes 0 to {len(facts.classes) - 1}")
        if not facts.classes:
            raise StudioError("this model knows no classes: paint without one")
        return {class_: 1.0}
    # The class is drawn by the seed, so that the same address gives the same picture.
    return {random.Random(seed).randrange(len(facts.classes)): 1.0} if facts.classes else {}


def _fields(wish: Wish) -> str:
    """The part of an address after the question mark that gives just this picture again."""
    fields = [("model", wish.model), ("seed", wish.seed), ("truncation", f"{wish.truncation:g}")]
    return urlencode([*fields, *(("class", number) for number in wish.classes)])
