"""A linear map of few rows, which takes as long as reading its weights does."""

from ctypes import Structure, c_float, c_long, c_void_p

from jaxtyping import Float
from torch import Tensor

from allaprima.ops.fast.library import address, call, takes

MOST_ROWS = 16  # of more, MKL makes better use of the weights that it has read
AT_ONCE = 2**14  # weights that a thread takes at a time: dividing fewer takes longer than multiplying with them


class _Mapping(Structure):
    _fields_ = (
        *((name, c_long) for name in ("rows", "inputs", "outputs")),
        *((name, c_void_p) for name in ("x", "weight", "bias")),
        *((name, c_float) for name in ("gain", "bias_gain")),
        ("y", c_void_p),
        ("at_once", c_long),
    )


def serves_rows(x: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    """Whether `map_rows` can and should compute with these."""
    return (
        takes(x, weight, bias)
        and x.ndim == weight.ndim == 2
        and 0 < len(x) <= MOST_ROWS
        and x.shape[1] == weight.shape[1]
        and weight.is_contiguous()
        and (bias is None or bias.shape == weight.shape[:1])
    )


def map_rows(
    x: Float[Tensor, "n i"],
    weight: Float[Tensor, "o i"],
    bias: Float[Tensor, "o"] | None,
    *,
    gain: float,
    bias_gain: float,
) -> Float[Tensor, "n o"]:
    """``gain * x @ weight.T + bias_gain * bias``; each row is computed alike, whatever others there are."""
    (n, i), o = x.shape, len(weight)
    x, bias, y = x.contiguous(), None if bias is None else bias.contiguous(), x.new_empty(n, o)
    inputs, at_once = (address(x), address(weight), address(bias)), max(1, AT_ONCE // max(1, i))
    call("map_rows", _Mapping(n, i, o, *inputs, gain, bias_gain, address(y), at_once))
    return y
