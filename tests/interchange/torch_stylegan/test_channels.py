"""Channels that follow a rule tell a rule that gives the same channels."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allaprima.errors import ModelFileError
from allaprima.interchange.torch_stylegan.channels import channels_by_cutoff, channels_by_resolution
from allaprima.models import StyleGAN3Generator
from allaprima.models.geometry import channels_at
from allaprima.models.stylegan3 import plan_layers


@given(base=st.integers(1, 70000), maximum=st.integers(1, 1024), doublings=st.integers(0, 8))
def test_by_resolution(base: int, maximum: int, doublings: int) -> None:
    resolutions = [4 * 2**i for i in range(doublings + 1)]
    maps = {r: channels_at(r, base=base, maximum=maximum) for r in resolutions}
    found = channels_by_resolution(maps)
    assert maps == {r: channels_at(r, base=found["channel_base"], maximum=found["channel_max"]) for r in resolutions}


@settings(max_examples=15)
@given(base=st.integers(8, 70000), maximum=st.integers(2, 1024), side=st.sampled_from([16, 32, 256, 1024]))
def test_by_cutoff(base: int, maximum: int, side: int) -> None:
    def maps(**channels: Any) -> list[tuple[float, int]]:
        spec = StyleGAN3Generator(height=side, width=side, img_channels=3, **channels)
        return [(plan.target.cutoff, plan.target.channels) for plan in plan_layers(spec)[:-1]]

    wanted = maps(channel_base=base, channel_max=maximum)
    assert maps(**channels_by_cutoff(wanted)) == wanted


@pytest.mark.parametrize("maps", [{4: 8, 8: 2, 16: 8}, {4: 8, 8: 16, 16: 4}, {4: 30, 8: 12}])
def test_channels_without_a_rule_are_refused(maps: dict[int, int]) -> None:
    if maps == {4: 30, 8: 12}:  # 12 at 8×8 is 96 to 103 in all, which is fewer than 30 at 4×4
        assert 30 * 4 > 103
    with pytest.raises(ModelFileError, match="they must halve as the resolution doubles"):
        channels_by_resolution(maps)
