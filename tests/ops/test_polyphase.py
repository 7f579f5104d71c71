"""Laws of the banded matrices: equality with a slow definition, and of a separated filter with the filter."""

import pytest
import torch
from torch import Tensor

from allaprima.ops import jinc_lowpass
from allaprima.ops.polyphase import along_columns, along_rows, band, separate


def slowly(x: Tensor, taps: Tensor, *, up: int, down: int, before: int, count: int) -> Tensor:
    """Zeros inserted, padded, correlated, decimated; one sample after the other."""
    y = torch.zeros(count, dtype=x.dtype)
    for j in range(count):
        for k, tap in enumerate(taps.tolist()):
            i, phase = divmod(j * down + k - before, up)
            if phase == 0 and 0 <= i < len(x):
                y[j] += tap * x[i]
    return y


@pytest.mark.parametrize("taps", [1, 5, 12])
@pytest.mark.parametrize("before", [-7, 0, 3, 20])
@pytest.mark.parametrize(("up", "down", "size"), [(1, 1, 5), (2, 1, 6), (4, 1, 4), (1, 3, 4), (3, 1, 3), (1, 2, 1)])
def test_blocks_equal_the_definition(up: int, down: int, size: int, before: int, taps: int) -> None:
    f, x, blocks = torch.rand(taps).double(), torch.randn(9).double(), 4
    b = band(f, up=up, down=down, before=before, size=size)
    around = torch.zeros(200).double()  # position 100 is the first sample
    around[100 : 100 + len(x)] = x
    seen = around[100 + b.start : 100 + b.start + b.reach(blocks)]
    wanted = slowly(x, f, up=up, down=down, before=before, count=blocks * size)
    y = torch.full((blocks * size + 1, 2, 3), 9.0).double()
    along_rows(b, seen[:, None, None].repeat(1, 2, 3), y[:-1])
    torch.testing.assert_close(y[:-1], wanted[:, None, None].expand(-1, 2, 3))
    assert y[-1].eq(9).all()
    y = torch.ones(3, 2, blocks * size).double()
    along_columns(b, seen.repeat(3, 2, 1), y, add=True)
    torch.testing.assert_close(y, (wanted + 1).expand(3, 2, -1))


@pytest.mark.parametrize("f", [torch.rand(5), torch.rand(4, 6), torch.ones(1, 1)], ids=["1-D", "2-D", "one tap"])
def test_the_outer_products_add_up_to_the_filter(f: Tensor) -> None:
    total = sum(torch.outer(rows, columns) for rows, columns in separate(f))
    assert isinstance(total, Tensor)
    torch.testing.assert_close(total, torch.outer(f, f) if f.ndim == 1 else f)


def test_a_radial_filter_is_few_separable_ones() -> None:
    f = jinc_lowpass(12, cutoff=64.0, half_width=64.0, rate=512.0)
    pairs = separate(f)
    assert 1 < len(pairs) <= 4
    torch.testing.assert_close(sum(torch.outer(*pair) for pair in pairs), f, rtol=0, atol=float(f.max()) * 1e-6)
