"""Labels of the images to paint."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import LatentError


def labels(G: Any, count: int, c: Tensor | None, class_index: int | None) -> Float[Tensor, "n c"] | None:
    """The labels that ``c`` (a row for each image, or one for all) or ``class_index`` mean for ``count`` images of G.

    None for a generator without labels. Raises `LatentError`.
    """
    if G.c_dim == 0:
        if class_index is not None or (c is not None and c.shape[-1:] != (0,)):
            raise LatentError("this model knows no classes: paint without one")
        return None
    if c is None and class_index is None:
        raise LatentError(f"this model has {G.c_dim} classes: say which, from 0 to {G.c_dim - 1}")
    if c is not None:
        if class_index is not None:
            raise LatentError("give c or class_index, not both")
        if c.ndim != 2 or c.shape[1] != G.c_dim or len(c) not in (1, count):
            wanted = f"[{count}, {G.c_dim}] or [1, {G.c_dim}] for {count} images of this model"
            raise LatentError(f"c must be {wanted}, got {list(c.shape)}")
        return c.float().expand(count, -1)
    assert class_index is not None
    if not 0 <= class_index < G.c_dim:
        raise LatentError(f"there is no class {class_index}: this model has classes 0 to {G.c_dim - 1}")
    return torch.eye(G.c_dim)[[class_index]].expand(count, -1)
