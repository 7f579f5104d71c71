"""Small models to explain: one of each architecture, and of several shapes."""

from typing import Any

from allaprima.models import build
from allaprima.visuals.subject import Subject
from tests.models.lucidrains import small as lucidrains
from tests.surgery.small import generator

KINDS = ("skip", "resnet", "growing", "stylegan", "progan", "r3gan", "stylegan3", "lucidrains")
SHAPES = ((16, 16, 3), (24, 16, 1), (16, 24, 4))


def model(kind: str, height: int = 16, width: int = 16, channels: int = 3, **fields: Any) -> Any:
    """A small generator in evaluation mode, its zeros replaced."""
    if kind != "lucidrains":
        return generator(kind, height, width, channels, **fields)
    G = lucidrains.trained(build(lucidrains.small_generator(height, channels, **fields)))
    return G.eval().requires_grad_(requires_grad=False)


def subject(kind: str, *shape: int, seeds: tuple[int, ...] = (0, 1), **fields: Any) -> Subject:
    """Such a model with some seeds."""
    return Subject(G=model(kind, *shape, **fields), seeds=seeds)
