"""What a picture shall be: everything that the Paint page can say, and what its address holds."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MOST_LAYERS = 256
MAP_STRIDE = 100
"""Seeds of the map: place (x, y) of whole numbers is seed x + 100 y, as in the reference's viewer."""

Seed = Annotated[int, Field(ge=0, lt=2**32)]
Layer = Annotated[int, Field(ge=0, lt=MOST_LAYERS)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Place = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Number = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]
# Without control characters, and with no half of a surrogate pair, which no answer could hold.
PLAIN = r"^[^\x00-\x1f]*$"
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
JobId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
ImageFormat = Literal["png", "webp"]


class Strict(BaseModel):
    """What a request says; an unknown field is an error rather than a wish that is not heard."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OtherStyle(Strict):
    """Layers that are painted with the style of another seed: StyleGAN (Karras et al. 2019), section 3.1."""

    seed: Seed
    layers: Annotated[list[Layer], Field(min_length=1, max_length=MOST_LAYERS)]


class Push(Strict):
    """A step along a direction of the model: ``sefa-1`` is the second of those in closed form."""

    direction: Annotated[str, Field(pattern=r"^(sefa|pca)-\d{1,2}$")]
    strength: Number
    layers: Annotated[list[Layer], Field(max_length=MOST_LAYERS)] | None = None


class Noise(Strict):
    """Which noise the layers get.

    Attributes:
        mode: ``const``: the model's own; ``none``; ``random``: that of ``seed``; ``moving``: a circle from the model's
            own through that of ``seed``, at ``time``.
        seed: Of random and moving noise.
        time: On the circle, from 0 to 1.
        silent: Names of layers that get none.
    """

    mode: Literal["const", "none", "random", "moving"] = "const"
    seed: Seed = 0
    time: Share = 0.0
    silent: Annotated[list[Name], Field(max_length=MOST_LAYERS)] = []


class Move(Strict):
    """What StyleGAN3's picture undergoes: scaled, turned, then shifted.

    Attributes:
        rotate: Degrees, counterclockwise.
        x: To the right, as a share of the longer side.
        y: Down, likewise.
        scale: Factor of the size.
    """

    rotate: Annotated[float, Field(ge=-3600, le=3600, allow_inf_nan=False)] = 0.0
    x: Annotated[float, Field(ge=-4, le=4, allow_inf_nan=False)] = 0.0
    y: Annotated[float, Field(ge=-4, le=4, allow_inf_nan=False)] = 0.0
    scale: Annotated[float, Field(ge=0.05, le=20, allow_inf_nan=False)] = 1.0


class Wish(Strict):
    """One picture.

    Where it begins is one of three: a ``seed``, a place ``at`` (x, y) of the map of seeds, between whose whole numbers
    styles are mixed linearly, or the ``found`` latents of a projection.

    Attributes:
        model: Name of one that is served.
        classes: Weights of classes, whose styles are mixed; empty for a model without classes.
        truncation: 1 leaves styles as they are, 0 gives the model's average image.
        cutoff: Number of leading layers that are truncated; None: all.
        mix: Layers with other styles.
        push: Steps along directions.
    """

    model: Name
    seed: Seed | None = None
    at: tuple[Place, Place] | None = None
    found: JobId | None = None
    classes: Annotated[dict[Annotated[int, Field(ge=0, lt=2**16)], Share], Field(max_length=64)] = {}
    truncation: Annotated[float, Field(ge=-4, le=4, allow_inf_nan=False)] = 1.0
    cutoff: Annotated[int, Field(ge=0, le=MOST_LAYERS)] | None = None
    mix: Annotated[list[OtherStyle], Field(max_length=MOST_LAYERS)] = []
    push: Annotated[list[Push], Field(max_length=32)] = []
    noise: Noise = Noise()
    move: Move = Move()
