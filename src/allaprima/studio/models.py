"""What is served, as data that pages and programs read."""

from typing import Any

from pydantic import BaseModel


class LayerFacts(BaseModel):
    """A row of styles: which layer reads it, at which resolution, and whether that is coarse, middle or fine."""

    name: str
    resolution: float
    depth: str


class ModelFacts(BaseModel):
    """What is known of a model.

    Attributes:
        version: Of its weights: pictures of the same address and version are the same.
        classes: Names of its classes, none for a model without.
        layers: Rows of its styles.
        noise: Names of its layers with noise.
        has_w: Whether it has a space W.
        is_movable: Whether its pictures can be turned, shifted and scaled (StyleGAN3).
        has_judge: Whether its discriminator is there.
        map_stride: Place (x, y) of the map is seed x + map_stride y.
        facts: Name and value of all else.
    """

    name: str
    version: str
    height: int
    width: int
    channels: int
    z_dim: int
    classes: list[str]
    layers: list[LayerFacts]
    noise: list[str]
    has_w: bool
    is_movable: bool
    has_judge: bool
    map_stride: int
    facts: list[list[str]]


class DirectionFacts(BaseModel):
    """A direction that was found: its name, the layers that it moves, what the method says of it."""

    name: str
    rows: list[int]
    figures: dict[str, float]


class JobFacts(BaseModel):
    """How a long work stands; see `allaprima.studio.jobs.Job`. ``files`` can be fetched by name."""

    id: str
    kind: str
    title: str
    state: str
    sentence: str
    step: dict[str, Any]
    result: Any
    order: dict[str, Any]
    made: float
    started: float | None
    ended: float | None
    files: list[str]


class Problem(BaseModel):
    """Why a request was not served, in one sentence."""

    detail: str
