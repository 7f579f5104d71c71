import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from allaprima.data.sources.closed_pickle import Array, load_closed
from allaprima.errors import DataError


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_arrays_come_through(protocol: int, order: str) -> None:
    values = np.asarray(np.random.RandomState(0).randint(0, 256, (5, 7), dtype=np.uint8), order=order)  # type: ignore[call-overload]
    array = load_closed(pickle.dumps({"data": values}, protocol), "x")["data"]
    assert isinstance(array, Array)
    assert np.array_equal(array.pixels(), values)


@pytest.mark.parametrize("name", [os.system, subprocess.Popen, getattr, np.load, np.save, sys.exit, bytes, object])
def test_every_other_name_is_refused(name: object) -> None:
    with pytest.raises(DataError, match="which no such file needs"):
        load_closed(pickle.dumps({"data": name}, 2), "x")


def test_references_to_the_outside_are_refused() -> None:
    with pytest.raises(DataError, match="outside"):
        load_closed(b"\x80\x02Pother\n.", "x")


def test_a_stand_in_that_was_changed_is_not_met_again() -> None:
    change = b"\x80\x02cnumpy\ndtype\n}X\x04\x00\x00\x00codeX\x02\x00\x00\x00|u1sb."
    with pytest.raises(DataError):
        load_closed(change, "x")
    array = load_closed(pickle.dumps({"data": np.zeros(3)}, 2), "x")["data"]
    with pytest.raises(ValueError, match="not unsigned bytes"):
        array.pixels()
