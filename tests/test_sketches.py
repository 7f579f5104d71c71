"""A sketch of a large output is as strict as the output itself."""

import pytest
import torch

from tests.conftest import PROJECTIONS, VALUES, Sketch, assert_near, sketch_of


def make_sketch(output: torch.Tensor) -> Sketch:
    return Sketch("image", tuple(output.shape), sketch_of(output, "image"))


def test_an_output_is_near_its_own_sketch() -> None:
    output = torch.randn(4, 3, 64, 64)
    sketch = make_sketch(output)
    assert sketch.values.shape == (VALUES + PROJECTIONS,)
    assert_near(output, sketch, 1e-6)


@pytest.mark.parametrize("place", [0, 12345, 4 * 3 * 64 * 64 - 1])
def test_one_wrong_number_shows(place: int) -> None:
    output = torch.rand(4, 3, 64, 64)
    sketch = make_sketch(output)
    output.view(-1)[place] += 1
    with pytest.raises(AssertionError, match="differs"):
        assert_near(output, sketch, 1e-4)


def test_another_order_shows() -> None:
    output = torch.randn(2, 3, 32, 32)
    with pytest.raises(AssertionError, match="differs"):
        assert_near(output.flip(0), make_sketch(output), 1e-2)
    with pytest.raises(AssertionError):
        assert_near(output.reshape(3, 2, 32, 32), make_sketch(output), 1e-2)
