"""Arrays and numbers of NumPy: what NumPy itself reads, in memory of their own."""

import pickle
from typing import Any

import numpy as np
import pytest

from allaprima.interchange import read_pickle_bytes

ARRAYS = [
    np.arange(24.0).reshape(2, 3, 4),
    np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    np.zeros((0, 3), np.float16),
    np.array(3, np.int64),
    np.array([True, False]),
    np.array([1 + 2j], np.complex64),
    np.arange(1000, dtype=np.uint16),
    np.arange(5, dtype=">f4"),
    np.array(["a", "été"]),
    np.array([b"ab", b"c"]),
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype} {array.shape}")
def test_arrays_are_what_numpy_reads(array: Any, protocol: int) -> None:
    content = pickle.dumps({"a": array, "b": [array]}, protocol)
    got = read_pickle_bytes(content)
    assert got["a"] is got["b"][0]
    assert got["a"].shape == array.shape
    assert got["a"].dtype == array.dtype.newbyteorder("=")
    assert np.array_equal(got["a"], array)
    assert got["a"].flags.f_contiguous == array.flags.f_contiguous
    assert got["a"].flags.writeable


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("number", [np.float32(1.5), np.float64(-2), np.int32(7), np.bool_(True), np.uint8(255)])
def test_numbers_are_what_numpy_reads(number: Any, protocol: int) -> None:
    got = read_pickle_bytes(pickle.dumps(number, protocol))
    assert got == number
    assert type(got) is type(number)


def test_arrays_of_python_2_keep_their_bytes_in_a_text() -> None:
    content = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x08\x00\x00\x80?\x00\x00\x80\xbftb."
    )
    assert read_pickle_bytes(content).tolist() == [1.0, -1.0]


def test_arrays_that_share_bytes_do_not_share_memory() -> None:
    array = np.zeros(1000)
    content = pickle.dumps([array, array.copy()], 4)
    first, second = read_pickle_bytes(content)
    first[0] = 1
    assert second[0] == 0
