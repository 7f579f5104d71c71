"""Pictures for programs and pages: one as a file, many as JSON."""

from base64 import b64encode
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from allaprima.studio.errors import TooLargeError
from allaprima.studio.routes.models import ModelName
from allaprima.studio.routes.parts import Here
from allaprima.studio.wish import ImageFormat, Noise, Strict, Wish

router = APIRouter(prefix="/api", tags=["pictures"])
FOREVER = "private, max-age=31536000, immutable"
PICTURES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}, "image/webp": {}}}
}


class ImageResponse(Response):
    """An image file. The class itself has no type, or the description would give it to refusals too, which are JSON."""

    def __init__(
        self,
        content: bytes,
        status_code: int = 200,
        headers: dict[str, str] | None = None,
        media_type: str = "image/png",
    ) -> None:
        super().__init__(content, status_code, headers, media_type)


class Order(Strict):
    """Pictures that are wanted together."""

    wishes: Annotated[list[Wish], Field(min_length=1)]
    format: ImageFormat = "png"


class Painted(BaseModel):
    """Pictures as base64, in the order of their wishes."""

    media_type: str
    images: list[str]


@router.get("/models/{model}/picture", response_class=ImageResponse, responses=PICTURES)
async def picture(
    studio: Here,
    model: ModelName,
    seed: Annotated[int, Query(ge=0, lt=2**32)] = 0,
    truncation: Annotated[float, Query(ge=-4, le=4, allow_inf_nan=False)] = 1.0,
    class_: Annotated[int | None, Query(alias="class", ge=0, lt=2**16)] = None,
    noise: Annotated[str, Query(pattern="^(const|none|random)$")] = "const",
    format_: Annotated[ImageFormat, Query(alias="format")] = "png",
    version: Annotated[
        str | None, Query(max_length=64, description="Of the facts: browsers then keep the picture.")
    ] = None,
) -> Response:
    """One picture of a seed. With the model's version in it, an address always gives the same picture."""
    classes = {} if class_ is None else {class_: 1.0}
    wish = Wish(model=model, seed=seed, truncation=truncation, classes=classes, noise=Noise(mode=noise, seed=seed))  # type: ignore[arg-type]
    await studio.check(wish)
    data = await studio.painter.paint(wish, format_=format_)
    kept = FOREVER if version == (await studio.facts(model)).version else "no-cache"
    return ImageResponse(data, media_type=f"image/{format_}", headers={"cache-control": kept})


@router.post("/picture", response_class=ImageResponse, responses=PICTURES)
async def wished(studio: Here, wish: Wish, format_: Annotated[ImageFormat, Query(alias="format")] = "png") -> Response:
    """One picture, as it is wished for."""
    found = await studio.check(wish)
    data = await studio.painter.paint(wish, format_=format_, found=found)
    return ImageResponse(data, media_type=f"image/{format_}")


@router.post("/generate")
async def generate(studio: Here, order: Order) -> Painted:
    """Many pictures."""
    most = studio.limits.images
    if len(order.wishes) > most:
        raise TooLargeError(
            f"{len(order.wishes)} pictures in one request: at most {most} are painted; order more in bulk"
        )
    found = await studio.check(*order.wishes)
    files = await studio.painter.paint_many(order.wishes, format_=order.format, found=found)
    return Painted(media_type=f"image/{order.format}", images=[b64encode(file).decode() for file in files])
