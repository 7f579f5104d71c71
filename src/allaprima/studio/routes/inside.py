"""What is inside a model: one picture explained, and what the discriminator says."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, ValidationError

from allaprima.studio.errors import StudioError, TooLargeError
from allaprima.studio.models import JobFacts, ModelFacts
from allaprima.studio.routes.datasets import require_alike
from allaprima.studio.routes.parts import Here
from allaprima.studio.sentences import sentence_about
from allaprima.studio.studio import Studio
from allaprima.studio.wish import Name, Seed, Strict, Wish

router = APIRouter(prefix="/api/inside", tags=["look inside"])
AN_HOUR = "private, max-age=3600"
MOST_LETTERS = 16 * 1024  # of a wish in an address

Text = Annotated[
    str,
    Query(
        max_length=MOST_LETTERS,
        description='The picture, as JSON: {"model": "emoji-64", "seed": 3}. Its noise and its move have no say.',
        examples=['{"model": "emoji-64", "seed": 3, "truncation": 0.8}'],
    ),
]
LayerName = Annotated[str, Query(min_length=1, max_length=200, description="As /api/inside/features names it.")]


class Stretched(BaseModel):
    """Numbers around 0 as a picture: gray is 0, black and white are ∓ and ± ``most``."""

    picture: str
    most: float


class GrowthStep(BaseModel):
    """What one resolution adds (``part``, and ``alpha`` where there is some), and the picture up to there (``sum``)."""

    height: int
    width: int
    sum: str
    part: Stretched
    alpha: Stretched | None
    loudness: float


class Growth(BaseModel):
    """A picture resolution by resolution; ``kind`` is ``sum``, ``levels``, or ``none`` with no steps."""

    kind: str
    text: str
    steps: list[GrowthStep]


class FeatureLayer(BaseModel):
    """A layer, and its feature maps in three colours, which hold ``share`` of their variance."""

    name: str
    title: str
    height: int
    width: int
    channels: int
    share: float
    picture: str


class Features(BaseModel):
    """Layers from coarse to fine."""

    layers: list[FeatureLayer]


class Channels(BaseModel):
    """Channels of a layer on one sheet of rows and columns, in ``order``: those that vary most come first."""

    layer: str
    title: str
    height: int
    width: int
    total: int
    order: list[int]
    columns: int
    rows: int
    sheet: str


class Channel(BaseModel):
    """One channel: its picture, and what its numbers are."""

    layer: str
    title: str
    channel: int
    height: int
    width: int
    mean: float
    deviation: float
    lowest: float
    highest: float
    picture: str


class NoiseLayer(BaseModel):
    """A layer with noise."""

    name: str
    title: str


class NoiseFacts(BaseModel):
    """What noise changes, in levels of 255; pictures are ``own``, ``without`` and ``other``."""

    layers: list[NoiseLayer]
    layer: str | None
    text: str
    pictures: dict[str, str]
    deviation: str | None
    most: float = 0.0
    typical: float = 0.0
    draws: int = 0


class TruncationStep(BaseModel):
    """The picture at one truncation."""

    psi: float
    picture: str


class Truncation(BaseModel):
    """Pictures from ψ = 0 to more than 1; ``has_mean``: whether 0 is the mean of all pictures."""

    has_mean: bool
    steps: list[TruncationStep]


class Verdict(BaseModel):
    """The score of a picture, higher for what looks real, and where a change changes it most; or why there is none."""

    text: str
    score: float | None
    picture: str | None
    map: str | None


class Telling(Strict):
    """A model, and what its pictures are like.

    Attributes:
        dataset: Name of real images to compare with; None: none.
    """

    model: Name
    class_: Annotated[int | None, Field(alias="class", ge=0, lt=2**16)] = None
    truncation: Annotated[float, Field(ge=-4, le=4, allow_inf_nan=False)] = 1.0
    dataset: Name | None = None


class RankingOrder(Telling):
    """Seeds 0 to ``count`` - 1, to be ranked by the discriminator."""

    count: Annotated[int, Field(ge=2)] = 256


class Explanation(Telling):
    """An explanation of four seeds from ``seed`` on; ``films``: with films, which take most of the time."""

    seed: Seed = 0
    films: bool = True


@router.get("/growth")
async def growth(studio: Here, response: Response, wish: Text) -> Growth:
    """The picture as it grows, from coarse to fine."""
    return Growth(**await _asked(studio, response, "inside:growth", wish))


@router.get("/features")
async def features(studio: Here, response: Response, wish: Text) -> Features:
    """Feature maps of all layers, each as one picture."""
    return Features(**await _asked(studio, response, "inside:features", wish))


@router.get("/channels")
async def channels(studio: Here, response: Response, wish: Text, layer: LayerName) -> Channels:
    """All channels of a layer."""
    return Channels(**await _asked(studio, response, "inside:channels", wish, layer))


@router.get("/channel")
async def channel(
    studio: Here,
    response: Response,
    wish: Text,
    layer: LayerName,
    number: Annotated[int, Query(ge=0, lt=2**20)],
) -> Channel:
    """One channel of a layer."""
    return Channel(**await _asked(studio, response, "inside:channel", wish, layer, number))


@router.get("/noise")
async def noise(
    studio: Here,
    response: Response,
    wish: Text,
    layer: Annotated[str | None, Query(max_length=200)] = None,
) -> NoiseFacts:
    """What the noise of a layer changes, or that of all layers."""
    return NoiseFacts(**await _asked(studio, response, "inside:noise", wish, layer))


@router.get("/truncation")
async def truncation(studio: Here, response: Response, wish: Text) -> Truncation:
    """The picture from the mean of all (ψ = 0) to more than its own (ψ = 1.2)."""
    return Truncation(**await _asked(studio, response, "inside:truncation", wish))


@router.get("/verdict")
async def verdict(studio: Here, response: Response, wish: Text) -> Verdict:
    """What the discriminator says of the picture."""
    return Verdict(**await _asked(studio, response, "judgement:verdict", wish))


@router.post("/ranking", status_code=201)
async def ranking(studio: Here, order: RankingOrder) -> JobFacts:
    """Rank many seeds by the discriminator, beside real images if a data set is named."""
    if order.count > studio.limits.order:
        raise TooLargeError(f"{order.count:,} seeds in one ranking: at most {studio.limits.order:,} are ranked")
    if not (await _checked(studio, order)).has_judge:
        raise StudioError(f"the file of {order.model} holds no discriminator, so there is nobody who could rank")
    title = f"Ranking {order.count:,} seeds of {order.model}"
    job = studio.jobs.order("ranking", title, "judgement:ranking", order.model_dump())
    return JobFacts.model_validate(studio.job_facts(job))


@router.post("/explanation", status_code=201)
async def explanation(studio: Here, order: Explanation) -> JobFacts:
    """Write the whole explanation of a model as one page."""
    await _checked(studio, order)
    title = f"Explaining {order.model}"
    job = studio.jobs.order("explanation", title, "explaining:write", order.model_dump())
    return JobFacts.model_validate(studio.job_facts(job))


async def _asked(studio: Studio, response: Response, task: str, wish: str, *more: Any) -> dict[str, Any]:
    """What a task says of a wish. The same address gives the same answer, so browsers may keep it for a while."""
    try:
        picture = Wish.model_validate_json(wish)
    except ValidationError as error:
        raise StudioError(sentence_about(error.errors(include_url=False, include_context=False))) from error
    found = await studio.check(picture)
    answer: dict[str, Any] = await studio.ask(task, picture, found, *more)
    response.headers["cache-control"] = AN_HOUR
    return answer


async def _checked(studio: Studio, order: Telling) -> ModelFacts:
    """Facts of the model. Raises an error if something that the order names is not there, or does not fit."""
    facts = await studio.facts(order.model)
    if order.class_ is not None and order.class_ >= len(facts.classes):
        raise StudioError(f"there is no class {order.class_}: this model has {len(facts.classes) or 'none'}")
    if order.dataset is not None:
        await require_alike(studio, facts, order.dataset)
    return facts
