"""Averages that a generator keeps of what goes through it: of w, and of StyleGAN3's magnitudes.

Networks move them at every call; a training wants them to move once a step, by the whole batch, in however many parts
and processes that comes. As such an average moves in proportion to what it follows, the mean of where the parts would
have taken it is where the whole batch takes it.

Deviation: a layer of StyleGAN3 paints with the magnitude before this step, not with one that knows the images of its
own part already. The two are one part in a thousand of a change apart.
"""

import torch
from torch import Tensor, nn

NAMES = ("w_avg", "magnitude_ema")  # of the buffers


class MovingAverages:
    """Those of one network in one phase.

    Attributes:
        sums: Where the images of the parts so far would have taken them, added up.
    """

    def __init__(self, network: nn.Module) -> None:
        for module in network.modules():
            if hasattr(module, "takes_gain_first"):
                module.takes_gain_first = True  # type: ignore[assignment]
        self._now = [buffer for name, buffer in network.named_buffers() if name.split(".")[-1] in NAMES]
        self._before = [buffer.clone() for buffer in self._now]
        self.sums: list[Tensor] = [torch.zeros_like(buffer) for buffer in self._now]

    def take_in(self, images: int) -> None:
        """Note where a part of so many images has taken them, and put them back."""
        for now, before, total in zip(self._now, self._before, self.sums, strict=True):
            total += now * images
            now.copy_(before)

    def move(self, images: int) -> None:
        """Take them to where the ``images`` of all parts do."""
        for now, total in zip(self._now, self.sums, strict=True):
            now.copy_(total / images)
