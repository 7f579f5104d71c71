"""Trainings to start, check and stop: where the studio was told that pages may."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from allaprima.studio.routes.runs import RunHere, TrainingsHere
from allaprima.studio.trainings import SIZES, Plan, Training
from allaprima.studio.wish import Name, Strict

router = APIRouter(prefix="/api", tags=["trainings"])
RunName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
RecipeName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,49}$")]
Setting = Annotated[str, Field(pattern=r"^[A-Za-z_0-9]{1,40}=[A-Za-z0-9.:+ _-]{1,100}$")]
Kimg = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


class NewTraining(Strict):
    """A training to be.

    Attributes:
        data: Name of a data set that is served.
        recipe: Name of a recipe, see /api/recipes.
        kimg: Its length in thousands of images; None: as the recipe says.
        size: Of the networks: as the recipe says, small, or tiny.
        mirror: Show each image also mirrored.
        labels: Learn the classes of the data.
        settings: Other fields of the recipe, as ``gamma=2``.
    """

    data: Name
    recipe: RecipeName = "laptop"
    kimg: Kimg | None = None
    size: Literal["recipe", "small", "tiny"] = "recipe"
    mirror: bool = False
    labels: bool = False
    settings: Annotated[tuple[Setting, ...], Field(max_length=40)] = ()

    def plan(self) -> Plan:
        """For `allaprima.studio.trainings`; what is said last counts."""
        told = (*SIZES[self.size], *(("mirror=true",) if self.mirror else ()), *(("cond=true",) if self.labels else ()))
        return Plan(data=self.data, recipe=self.recipe, kimg=self.kimg, settings=(*told, *self.settings))


class NamedTraining(NewTraining):
    """A training that is to start, and the name of its run."""

    name: RunName


class Continuation(Strict):
    """How to go on: with which images, if not those that it was started with here, and until when."""

    data: Name | None = None
    kimg: Kimg | None = None


class Checked(BaseModel):
    """What a training would be: the decided recipe, and what the dry run says of it."""

    recipe: dict[str, Any]
    sentences: list[str]


class TrainingFacts(BaseModel):
    """How a process that trains stands."""

    name: str
    phase: str
    sentence: str
    said: list[str]


@router.get("/recipes")
async def recipes(trainings: TrainingsHere) -> list[str]:
    """Names of the recipes."""
    return await trainings.recipes()


@router.post("/trainings/check")
async def check(trainings: TrainingsHere, order: NewTraining) -> Checked:
    """What a training would be; nothing is started."""
    recipe, sentences = await trainings.check(order.plan())
    return Checked(recipe=recipe, sentences=sentences)


@router.post("/trainings")
async def start(trainings: TrainingsHere, order: NamedTraining) -> TrainingFacts:
    """Start a training."""
    return _facts(trainings, await trainings.start(order.name, order.plan()))


@router.get("/trainings")
async def every(trainings: TrainingsHere) -> list[TrainingFacts]:
    """The trainings that pages have started since the studio was opened."""
    return [_facts(trainings, training) for training in trainings.all.values()]


@router.post("/runs/{run}/go-on")
async def go_on(run: RunHere, trainings: TrainingsHere, order: Continuation) -> TrainingFacts:
    """Go on with a training exactly where it stopped."""
    return _facts(trainings, await trainings.go_on(run, order.data, order.kimg))


@router.post("/trainings/{run}/stop")
async def stop(run: RunName, trainings: TrainingsHere) -> TrainingFacts:
    """Have a training save and stop; it can be gone on with."""
    return _facts(trainings, trainings.stop(run))


def _facts(trainings: Any, training: Training) -> TrainingFacts:
    return TrainingFacts(
        name=training.name, phase=training.phase, sentence=training.sentence, said=trainings.output(training)
    )
