"""What nothing looks like."""

import torch

from allaprima.augment.ground import ground, on_ground


def test_nothing_is_transparent_where_there_is_alpha_and_gray_elsewhere() -> None:
    assert [ground(channels) for channels in (1, 2, 3, 4, 5)] == [0, -1, 0, -1, 0]


def test_a_linear_map_leaves_nothing_as_it_is() -> None:
    for channels in range(1, 6):
        nothing = torch.full((1, channels, 2, 2), ground(channels))
        assert torch.equal(on_ground(nothing, lambda x: 3 * x), nothing)
