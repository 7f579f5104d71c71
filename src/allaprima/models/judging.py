"""A discriminator's score of an image, which does not depend on what else is judged.

Discriminators with minibatch statistics (Progressive GAN, section 3) judge an image together with others of its batch:
by itself, or in a batch put together by chance, it gets another score. Here every image is judged in the same company,
a few images that are given: its score is exactly what the discriminator says of it in the batch [image, company].

Axes: n image, k image of the company, c channel or label, h w rows and columns.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from einops import repeat
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import MinibatchStd
from allaprima.models.growth import fade
from allaprima.ops import minibatch_std

GROUP = 4  # of a network that compares all images of its batch: the papers' group


def company_size(D: nn.Module) -> int:
    """Images that are judged together with one other in training: a group's, less one; 0 without such statistics."""
    layer = _statistics(D)
    return 0 if layer is None else (layer.group_size or GROUP) - 1


def as_seen(D: Any, reals: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Real images as the discriminator met them in training: one that has not grown up was never shown fine detail."""
    lod = getattr(D, "lod", None)
    return reals if lod is None else fade(reals, D.geometry, float(lod))


@contextmanager
def in_company(D: Any, company: Float[Tensor, "k c h w"] | None) -> Iterator[None]:
    """Let ``D`` judge every image as one of a group with ``company``, and with no other of its batch.

    Args:
        D: A discriminator of any architecture; its weights and its mode stay as they are.
        company: Images in the network's range, one at least, best `company_size` of them. They have no say in a
            network without minibatch statistics, and may be None there.

    Raises:
        ValueError: There is no company for a network that judges images in groups.
    """
    layer = _statistics(D)
    if layer is None or not company_size(D):
        yield
        return
    if company is None or not len(company):
        raise ValueError("this discriminator judges images in groups: give it company, images to judge the others with")
    theirs = _features(D, layer, company)

    def beside(_layer: nn.Module, inputs: tuple[Tensor, ...], _output: Tensor) -> Tensor:
        return with_company(inputs[0], theirs, num_channels=layer.num_channels)

    hook = layer.register_forward_hook(beside)
    try:
        yield
    finally:
        hook.remove()


def with_company(
    x: Float[Tensor, "n c h w"], company: Float[Tensor, "k c h w"], *, num_channels: int
) -> Float[Tensor, "n c2 h w"]:
    """`minibatch_std` of each image of ``x`` in a group of its own with ``company``; ``num_channels`` are appended."""
    theirs = repeat(company.to(x.dtype), "k c h w -> (k n) c h w", n=len(x))  # groups are every n-th row
    return minibatch_std(torch.cat([x, theirs]), group_size=len(company) + 1, num_channels=num_channels)[: len(x)]


def judge(D: Any, images: Float[Tensor, "n c h w"], c: Float[Tensor, "n d"] | None = None) -> Float[Tensor, " n"]:
    """Scores of images in [-1, 1] with labels ``c``, higher for what looks real, of any ``D``; use it `in_company`.

    Progressive GAN says more of a labelled image than its score; the rest is left out.
    """
    scores: Tensor = D(images, c)[:, 0]
    return scores


def _statistics(D: nn.Module) -> MinibatchStd | None:
    return next((module for module in D.modules() if isinstance(module, MinibatchStd)), None)


@torch.no_grad()
def _features(D: Any, layer: nn.Module, company: Tensor) -> Tensor:
    kept: list[Tensor] = []
    hook = layer.register_forward_pre_hook(lambda _layer, inputs: kept.append(inputs[0].detach()))
    try:
        D(company, company.new_zeros(len(company), D.c_dim))  # labels have a say only behind the statistics
    finally:
        hook.remove()
    return kept[0]
