"""Laws of the layers' bands, rates, sizes and paddings, and every layer of the reference's networks."""

import itertools
import json
import math
from typing import Any

import pytest

from allaprima.models.stylegan3 import LayerPlan, StyleGAN3Generator, plan_layers
from tests.conftest import REFERENCE
from tests.models.stylegan3.small import CONFIGURATIONS, SHAPES, small_generator

PLANS = json.loads((REFERENCE / "stylegan3_layer_plans.json").read_text())
PUBLISHED = {  # resolution: sizes and channels of layers 0 … 14 of configuration T
    256: "36_512 36_512 36_512 52_512 52_512 84_512 84_512 148_512 148_512 148_362 276_256 276_181 276_128 "
    "256_128 256_3",
    512: "36_512 36_512 52_512 52_512 84_512 84_512 148_512 148_483 276_323 276_215 532_144 532_96 532_64 512_64 512_3",
    1024: "36_512 36_512 52_512 52_512 84_512 148_512 148_512 276_323 276_203 532_128 1044_81 1044_51 1044_32 1024_32 "
    "1024_3",
}
ODD = [(97, 41), (100, 75), (33, 64), (5, 7), (2, 3)]


def described(layer: LayerPlan) -> dict[str, Any]:
    """A layer in the reference's words (its sizes are width and height, its paddings left, right, top, bottom)."""
    top, bottom, left, right = layer.padding
    ends = {
        f"{end}_{field}": value
        for end, signal in (("in", layer.source), ("out", layer.target))
        for field, value in (
            ("size", list(reversed(signal.size))),
            ("sampling_rate", signal.rate),
            ("cutoff", pytest.approx(signal.cutoff, rel=1e-9)),
            ("half_width", pytest.approx(signal.half_width, rel=1e-9)),
        )
    }
    return ends | {
        "name": layer.name,
        "is_torgb": layer.is_torgb,
        "tmp_sampling_rate": layer.fine_rate,
        "conv_kernel": layer.kernel_size,
        "up_factor": layer.up,
        "up_taps": layer.up_taps,
        "down_factor": layer.down,
        "down_taps": layer.down_taps,
        "padding": [left, right, top, bottom],
        "down_radial": layer.radial,
    }


@pytest.mark.parametrize("network", PLANS)
def test_equals_the_reference(network: str) -> None:
    _, configuration, resolution = network.split("-")
    spec = StyleGAN3Generator(
        height=int(resolution),
        width=int(resolution),
        img_channels=3,
        channel_base=2048,
        channel_max=32,
        **CONFIGURATIONS[configuration.upper()],
    )
    plans = plan_layers(spec)
    assert len(plans) == len(PLANS[network])
    for i, (layer, wanted) in enumerate(zip(plans, PLANS[network], strict=True)):
        assert wanted.pop("is_critically_sampled") == (i >= 12)
        assert described(layer) == wanted


@pytest.mark.parametrize("resolution", PUBLISHED)
def test_the_names_of_published_layers(resolution: int) -> None:
    plans = plan_layers(StyleGAN3Generator(height=resolution, width=resolution, img_channels=3))
    assert [plan.name for plan in plans] == [f"L{i}_{name}" for i, name in enumerate(PUBLISHED[resolution].split())]


@pytest.mark.parametrize(("height", "width"), [shape[:2] for shape in SHAPES] + ODD)
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
class TestAnyShape:
    def plans(self, configuration: str, height: int, width: int) -> tuple[LayerPlan, ...]:
        return plan_layers(small_generator(height, width, num_layers=14, **CONFIGURATIONS[configuration]))

    def test_the_last_two_layers_have_the_size_of_the_image(self, configuration: str, height: int, width: int) -> None:
        plans = self.plans(configuration, height, width)
        assert plans[-2].target.size == plans[-1].target.size == (height, width)
        assert plans[-2].target.rate == plans[-1].target.rate == max(height, width)

    def test_a_grid_covers_the_image_and_its_margins(self, configuration: str, height: int, width: int) -> None:
        for plan in self.plans(configuration, height, width)[:-1]:
            for size, side in zip(plan.source.size, (height, width), strict=True):
                assert 20 <= size - plan.source.rate * side / max(height, width) < 21

    def test_a_layer_follows_the_last_one(self, configuration: str, height: int, width: int) -> None:
        plans = self.plans(configuration, height, width)
        assert plans[0].source == plans[0].target
        assert all(a.target == b.source for a, b in itertools.pairwise(plans))

    def test_no_layer_carries_less_than_the_last_one(self, configuration: str, height: int, width: int) -> None:
        for plan in self.plans(configuration, height, width):
            for field in ("cutoff", "stopband", "rate"):
                assert getattr(plan.source, field) <= getattr(plan.target, field) * (1 + 1e-12)

    def test_factors_are_whole_and_bands_fit(self, configuration: str, height: int, width: int) -> None:
        for plan in self.plans(configuration, height, width):
            assert plan.up * plan.source.rate == plan.fine_rate == plan.down * plan.target.rate
            assert plan.source.cutoff <= plan.source.rate / 2
            assert plan.source.cutoff < plan.source.stopband
            assert plan.source.half_width > 0

    def test_sizes_and_centres_agree(self, configuration: str, height: int, width: int) -> None:
        for plan in self.plans(configuration, height, width):
            for axis in (0, 1):
                before, after = plan.padding[2 * axis : 2 * axis + 2]
                convolved = plan.source.size[axis] + plan.kernel_size - 1
                filtered = convolved * plan.up + before + after - (plan.up_taps - 1) - (plan.down_taps - 1)
                assert math.ceil(filtered / plan.down) == plan.target.size[axis]
                first = (plan.up_taps - 1 + plan.down_taps - 1) / 2 - before  # sample kept, on the fine grid
                middle = first + (plan.target.size[axis] - 1) / 2 * plan.down
                assert middle == (convolved - 1) / 2 * plan.up


def test_sides_exchanged_exchange_sizes_and_paddings_and_nothing_else() -> None:
    for a, b in zip(plan_layers(small_generator(101, 67)), plan_layers(small_generator(67, 101)), strict=True):
        assert a.name == b.name
        assert a.source.size == b.source.size[::-1]
        assert a.padding == (*b.padding[2:], *b.padding[:2])


def test_rates_that_are_no_powers_of_two_halve_the_longer_side() -> None:
    assert {plan.source.rate for plan in plan_layers(small_generator(24, 24))} == {12, 24}
    assert {plan.source.rate for plan in plan_layers(small_generator(67, 101, num_layers=14))} == {
        12.625,
        25.25,
        50.5,
        101,
    }


@pytest.mark.parametrize(("num_fp16_res", "rates"), [(0, set()), (1, {64}), (2, {32, 64}), (9, {16, 32, 64})])
def test_the_finest_rates_may_be_half(num_fp16_res: int, rates: set[float]) -> None:
    plans = plan_layers(small_generator(64, 48, num_layers=14, num_fp16_res=num_fp16_res))
    assert {plan.target.rate for plan in plans if plan.may_be_half} == rates


@pytest.mark.parametrize("fields", [{"lrelu_upsampling": 1}, {"lrelu_upsampling": 3}, {"filter_size": 4}])
def test_other_filters_and_fine_grids(fields: dict[str, int]) -> None:
    for plan in plan_layers(small_generator(32, 24, **fields)):
        taps = fields.get("filter_size", 6)
        assert plan.fine_rate == max(plan.source.rate, plan.target.rate) * (
            1 if plan.is_torgb else fields.get("lrelu_upsampling", 2)
        )
        assert plan.up_taps == (taps * plan.up if plan.up > 1 else 1)
        assert plan.down_taps == (taps * plan.down if plan.down > 1 else 1)
