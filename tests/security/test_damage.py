"""Damaged files: one sentence, whatever is wrong with them."""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from allaprima.errors import ModelFileError
from allaprima.interchange import read_pickle, read_pickle_bytes, tf_network, torch_module
from tests.security.conftest import Refused


def small_files() -> dict[str, bytes]:
    content = {"a": [1, (2.5, "é", b"x")], "n": np.arange(3.0), "s": np.float32(1), "set": {1}}
    files = {f"protocol {protocol}": pickle.dumps(content, protocol) for protocol in range(6)}
    legacy, zipped = io.BytesIO(), io.BytesIO()
    torch.save({"w": torch.ones(3)}, legacy, _use_new_zipfile_serialization=False)
    torch.save({"w": torch.ones(3)}, zipped)
    return {**files, "legacy": legacy.getvalue(), "zip": zipped.getvalue()}


@pytest.mark.parametrize("name", small_files())
def test_a_file_cut_short_anywhere_is_refused(refused: Refused, name: str) -> None:
    content = small_files()[name]
    read_pickle_bytes(content)
    for length in range(0, len(content), 1 if len(content) < 1000 else 7):
        refused(content[:length])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "evil.pkl is empty"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"\x89HDF\r\n", "an HDF5 file"),
        (b"\x1f\x8b\x08", "compressed with gzip"),
        (b"\xff\xd8\xff\xe0", "byte 0 is no instruction"),
        (b"hello", "wants value 101 again, which it never had"),
        (b".", "there is no value to work on"),
        (b"K\x01e.", "no mark to go back to"),
        (b"K\x01(K\x02e.", "appends to a int, where a list was expected"),
        (b"]K\x01K\x02s.", "sets items of a list, where a dict was expected"),
        (b"\x80\x04](K\x02\x90.", "adds members to a list, where a set was expected"),
        (b"}(K\x01u.", "a key without a value"),
        (b"h\x05.", "wants value 5 again, which it never had"),
        (b"Np-1\n.", "counts its values by -1"),
        (b"Iabc\n.", "is damaged, or no model file"),
        (b"Sabc\n.", "has no quotes"),
        (b"X\x01\x00\x00\x00\xff.", "is damaged, or no model file"),
        (b"(o.", "makes an object of no class"),
        (b"K\x01K\x02\x93.", "a name in it is no text"),
        (b"cnumpy\ndtype\n(U\x02f4tR}b.", None),
    ],
)
def test_garbage(refused: Refused, content: bytes, sentence: str | None) -> None:
    if sentence is None:
        assert read_pickle_bytes(content).module == "numpy"
    else:
        assert sentence in refused(content)


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
DTYPE = b"cnumpy\ndtype\n(U\x02%stR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            ARRAY + b"(K\x01(K\x03t" + DTYPE % b"f4" + b"\x89U\x08abcdefghtb.",
            "an array of 2 numbers, but says that its shape is [3]",
        ),
        (ARRAY + b"(K\x01(K\x02t" + DTYPE % b"f4" + b"\x89U\x07abcdefgtb.", "7 bytes, which are no float32 numbers"),
        (ARRAY + b"(K\x01(K\x01t" + DTYPE % b"O8" + b"\x89]tb.", "an array of O8, where numbers were expected"),
        (ARRAY + b"(K\x01(K\x01t" + DTYPE % b"V8" + b"\x89U\x08abcdefghtb.", "an array of V8"),
        (ARRAY + b"(K\x01(K\x01t" + DTYPE % b"f4" + b"\x89]tb.", "whose numbers are a list"),
        (ARRAY + b"(K\x01(J\xff\xff\xff\xfft" + DTYPE % b"f4" + b"\x89U\x00tb.", "whose shape is a tuple"),
        (
            ARRAY + b"(K\x01(K\x00\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7ft" + DTYPE % b"f4" + b"\x89U\x00tb.",
            "its shape is [0, 9.22e+18]",
        ),
        (ARRAY + b"(K\x01(K\x00tU\x02f4\x89U\x00tb.", "a str where the number format"),
        (ARRAY + b"]b.", "fills an array with a list"),
        (ARRAY + b".", "an array that is never filled"),
        (ARRAY + b"(K\x00t" + b"b.", "fills an array with a tuple"),
        (
            b"cnumpy.core.multiarray\n_reconstruct\n(ctorch\nTensor\n(K\x00tU\x01btR.",
            "begins an array as a torch.Tensor",
        ),
        (b"cnumpy.core.multiarray\nscalar\n(" + DTYPE % b"f4" + b"U\x08abcdefghtR.", "a number that is 2 numbers"),
        (b"cnumpy.core.multiarray\nscalar\n(U\x02f4U\x04abcdtR.", "a str where the number format"),
        (b"cnumpy.core.multiarray\nscalar\n)R.", "with 0 arguments that do not suit it"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x00)))tR.", "a int where the storage of a tensor was expected"),
        (b"ctorch._utils\n_rebuild_parameter\n(U\x01x\x88)tR.", "a str where the tensor of a parameter was expected"),
        (b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch\nSize\nctorch\nTensor\n)NtR.", "which makes none"),
        (
            b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._tensor\n_rebuild_from_type_v2\nctorch\nTensor\n)NtR.",
            "which makes none",
        ),
        (b"ctorch\nSize\n(](J\xff\xff\xff\xffetR.", "makes no sense"),
        (b"ctorch\ndevice\n(U\x05/etc/tR.", "names a device by a str"),
        (b"ctorch.storage\n_load_from_bytes\n(U\x01xtR.", "a str where the bytes of a storage were expected"),
        (b"cbuiltins\ncomplex\n(U\x01xK\x01tR.", "makes a complex number of a str"),
        (b"cbuiltins\nbytearray\n(\x8a\x05\x00\x00\x00\x00\x01tR.", "makes bytes of a int"),
        (b"cbuiltins\nset\n(K\x01tR.", "makes a container of a int"),
        (b"ccollections\nOrderedDict\n(](K\x01etR.", "of something that is no pairs"),
        (b"ccopyreg\n_reconstructor\n(cargparse\nNamespace\ncbuiltins\nint\nNtR.", "out of a builtins.int"),
        (b"ccopyreg\n_reconstructor\n(U\x01xcbuiltins\nobject\nNtR.", "makes an object of a str"),
    ],
)
def test_wrong_values_where_tensors_arrays_and_containers_should_be(
    refused: Refused, content: bytes, sentence: str
) -> None:
    assert sentence in refused(content)


def test_an_array_is_filled_once(refused: Refused) -> None:
    fill = b"(K\x01(K\x01t" + DTYPE % b"f4" + b"\x89U\x04abcdtb"
    assert read_pickle_bytes(ARRAY + fill + b".").shape == (1,)
    assert "gives a state to a ndarray" in refused(ARRAY + fill + fill + b".")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"gone.pkl cannot be read: No such file or directory"):
        read_pickle(tmp_path / "gone.pkl")
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_pickle(tmp_path)


def persistent(**state: Any) -> Any:
    """A record of a module, with what should not be in it."""
    parts = {"_parameters": {}, "_buffers": {}, "_modules": {}, **state}
    meta = pickle.dumps({"class_name": "G", "state": parts}, 2)[2:-1]
    return read_pickle_bytes(b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n" + meta + b"\x85R.")


def test_modules_that_are_none() -> None:
    with pytest.raises(ModelFileError, match=r"the file has a str where the tensor G.w was expected"):
        torch_module(persistent(_parameters={"w": "x"}))
    with pytest.raises(ModelFileError, match=r"has a list where the module G.b4 was expected"):
        torch_module(persistent(_modules={"b4": [1]}))
    with pytest.raises(ModelFileError, match="a part of G that has no name"):
        torch_module(persistent(_buffers={3: None}))
    assert torch_module(persistent(_modules=None)) is None


def test_networks_that_are_none() -> None:
    def network(**state: Any) -> Any:
        content = {"static_kwargs": {}, "build_func_name": "G_style", "variables": [], **state}
        return read_pickle_bytes(b"ctfutil\nNetwork\n)\x81" + pickle.dumps(content, 2)[2:-1] + b"b.")

    with pytest.raises(ModelFileError, match="has a str where a variable of G_style was expected"):
        tf_network(network(variables=[("w", "x")]))
    with pytest.raises(ModelFileError, match="has a NoneType where the variables of G_style were expected"):
        tf_network(network(variables=None))
    with pytest.raises(ModelFileError, match="has a int where a part of G_style was expected"):
        tf_network(network(components={"mapping": 1}))
    assert tf_network(network(static_kwargs=None)) is None
