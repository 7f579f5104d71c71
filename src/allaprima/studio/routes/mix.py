"""Mixed styles over HTTP: a sheet with a source for each row and each column."""

from itertools import product
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from allaprima.studio.errors import StudioError, TooLargeError
from allaprima.studio.models import ModelFacts
from allaprima.studio.routes.parts import Here
from allaprima.studio.routes.pictures import PICTURES, ImageResponse
from allaprima.studio.wish import MOST_LAYERS, Layer, Name, OtherStyle, Seed, Share, Strict, Wish

router = APIRouter(prefix="/api/mix", tags=["mix"])
MOST_LINES = 32
READABLE = 64  # pixels: narrower pictures are enlarged on sheets, so that their names fit
Depth = Literal["coarse", "middle", "fine"]


class MixOrder(Strict):
    """A sheet. Style mixing is StyleGAN's (Karras et al. 2019), section 3.1.

    Attributes:
        model: Name of one that is served.
        rows: Sources of the rows: seeds, or pictures as they are wished for.
        columns: Seeds, from whose styles the chosen layers are painted.
        layers: Which: all of a depth, or numbers.
        classes: Of the seeds: as of `Wish`.
        truncation: Likewise.
        cutoff: Likewise.
    """

    model: Name
    rows: Annotated[list[Seed | Wish], Field(min_length=1, max_length=MOST_LINES)]
    columns: Annotated[list[Seed], Field(min_length=1, max_length=MOST_LINES)]
    layers: Depth | Annotated[list[Layer], Field(min_length=1, max_length=MOST_LAYERS)] = "coarse"
    classes: Annotated[dict[Annotated[int, Field(ge=0, lt=2**16)], Share], Field(max_length=64)] = {}  # noqa: RUF012  pydantic copies it
    truncation: Annotated[float, Field(ge=-4, le=4, allow_inf_nan=False)] = 1.0
    cutoff: Annotated[int, Field(ge=0, le=MOST_LAYERS)] | None = None


@router.post("", response_class=ImageResponse, responses=PICTURES)
async def mix(studio: Here, order: MixOrder) -> Response:
    """A sheet as PNG: sources on the left and above, what becomes of each pair between them."""
    facts = await studio.facts(order.model)
    cells, limits = len(order.rows) * len(order.columns), studio.limits
    if cells > limits.images:
        raise TooLargeError(f"a sheet of {cells} mixtures: at most {limits.images} are painted at once")
    enlarged = max(1, -(-READABLE // facts.width))
    side = enlarged * max((len(order.rows) + 1) * facts.height, (len(order.columns) + 1) * facts.width)
    if side > limits.side:
        raise TooLargeError(f"a sheet {side:,} pixels wide or high: at most {limits.side:,} are made")
    layers = layers_of(order.layers, facts)
    rows = [source_of(order, row) for row in order.rows]
    columns = [source_of(order, column) for column in order.columns]
    mixed = [mixed_wish(row, column, layers) for row, column in product(rows, order.columns)]
    wishes = [*rows, *columns, *mixed]
    found = await studio.check(*wishes)
    files = await studio.painter.paint_many(wishes, found=found)
    words = f"{order.layers if isinstance(order.layers, str) else 'chosen'} layers from above, all others from the left"
    row_names = [f"seed {row.seed}" if row.seed is not None else f"row {i + 1}" for i, row in enumerate(rows)]
    column_names = [f"seed {column}" for column in order.columns]
    data = await studio.ask("mixing:sheet", order.model, files, row_names, column_names, words)
    return ImageResponse(data, headers={"content-disposition": 'inline; filename="mix.png"'})


def layers_of(layers: Depth | list[int], facts: ModelFacts) -> list[int]:
    """Numbers of layers. Raises `StudioError` for a model without such."""
    if len(facts.layers) == 1:
        raise StudioError("this model paints all its layers in one style, so there are no layers to mix")
    if not isinstance(layers, str):
        if max(layers) >= len(facts.layers):
            raise StudioError(f"there is no layer {max(layers)}: this model has layers 0 to {len(facts.layers) - 1}")
        return layers
    chosen = [number for number, layer in enumerate(facts.layers) if layer.depth == layers]
    if not chosen:
        depths = dict.fromkeys(layer.depth for layer in facts.layers)
        raise StudioError(f"this model has no {layers} layers: it has {' and '.join(depths)} ones")
    return chosen


def source_of(order: MixOrder, source: int | Wish) -> Wish:
    """The picture of a row or a column. Raises `StudioError` for one of another model."""
    if isinstance(source, int):
        return Wish(
            model=order.model, seed=source, classes=order.classes, truncation=order.truncation, cutoff=order.cutoff
        )
    if source.model != order.model:
        raise StudioError(f"a row is a picture of {source.model!r}: this sheet mixes styles of {order.model!r}")
    return source


def mixed_wish(row: Wish, column: int, layers: list[int]) -> Wish:
    """The picture of a row with some layers in the style of another seed."""
    mix = [*row.mix, OtherStyle(seed=column, layers=layers)]
    if len(mix) > MOST_LAYERS:
        raise StudioError("the picture of a row is mixed of too many styles already")
    return row.model_copy(update={"mix": mix})
