"""The layer is its operation."""

import torch

from allaprima.layers import MinibatchStd
from allaprima.ops import minibatch_std


def test_is_the_operation() -> None:
    x = torch.randn(6, 4, 3, 3)
    layer = MinibatchStd(group_size=3, num_channels=2)
    assert torch.equal(layer(x), minibatch_std(x, group_size=3, num_channels=2))
    assert not layer.state_dict()
