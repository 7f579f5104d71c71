"""Files that would run something in whoever unpickles them: refused by name, and nothing is run."""

import builtins
import io
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from allaprima.interchange import read_pickle_bytes
from tests.security.conftest import Refused


class Calls:
    """Unpickles as the result of a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("function", [os.system, builtins.eval, builtins.exec, builtins.compile, builtins.__import__])
def test_a_call_is_refused_by_name(refused: Refused, canary: Path, function: Any, protocol: int) -> None:
    message = refused(pickle.dumps(Calls(function, f"touch {canary}"), protocol))
    module = {"posix": "posix", "nt": "nt"}.get(function.__module__, "builtins")
    shown = f"{module}.{function.__name__}"
    assert (
        message.replace("__builtin__", "builtins")
        == f"evil.pkl wants {shown}, which no model needs: the file is refused"
    )


def test_python_itself_would_have_run_it(tmp_path: Path) -> None:
    """The canary is alive: what these tests ward off does happen elsewhere."""
    pickle.loads(pickle.dumps(Calls(os.system, f"touch {tmp_path / 'canary'}")))
    assert (tmp_path / "canary").exists()


NAMES = [
    b"os\nsystem",
    b"posix\nsystem",
    b"builtins\ngetattr",
    b"builtins\nopen",
    b"__builtin__\neval",
    b"builtins\nbreakpoint",
    b"subprocess\nPopen",
    b"importlib\nimport_module",
    b"runpy\nrun_path",
    b"ctypes\nCDLL",
    b"operator\nattrgetter",
    b"functools\npartial",
    b"types\nFunctionType",
    b"pickle\nloads",
    b"marshal\nloads",
    b"webbrowser\nopen",
    b"shutil\nrmtree",
    b"timeit\ntimeit",
    b"code\ninteract",
    b"pip\nmain",
    b"torch\nload",
    b"torch.hub\nload",
    b"torch.jit\nload",
    b"torch.serialization\nload",
    b"torch._utils\n_rebuild_qtensor",
    b"torch.storage\nos",
    b"numpy\nload",
    b"numpy.core.multiarray\nfromfile",
    b"numpy.testing._private.utils\nrunstring",
    b"dnnlib.util\ncall_func_by_name",
    b"dnnlib.util\nopen_url",
    b"torch_utils.custom_ops\nget_plugin",
    b"torch_utils.persistence\n_src_to_module",
    b"torch.nn.modules.module\nregister_module_forward_hook",
    b"collections\nabc",
    b"_codecs\nlookup",
    b"copyreg\n__newobj__",
    b"__main__\nAnything",
    b"allaprima.interchange\nread_pickle",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "form",
    [
        b"c%s\n.",  # naming is enough
        b"c%s\n(S'x'\ntR.",
        b"(S'x'\ni%s\n.",
        b"(c%s\nS'x'\no.",
        b"\x80\x02c%s\n)\x81.",
        b"\x80\x04c%s\n)}\x92.",
        b"]c%s\n\x85a.",
    ],
)
def test_names_that_no_model_uses_are_refused_however_they_are_used(refused: Refused, name: bytes, form: bytes) -> None:
    assert f"wants {name.decode().replace(chr(10), '.')}," in refused(form % name)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("training.networks", "os.system"),
        ("dnnlib", "util.call_func_by_name"),
        ("dnnlib.util", "Easy\x1b[2JDict"),
        ("torch.nn.modules", "__import__"),
        ("torch.nn.modules.", "Linear"),
        ("torch.nn.modules;os", "System"),
        ("trainingx", "Generator"),
        ("", "eval"),
        ("collections", "OrderedDict.__init__"),
        ("argparse", "Namespace\u202e"),
    ],
)
def test_names_that_only_look_like_those_of_models_are_refused(refused: Refused, module: str, name: str) -> None:
    stack_global = pickle.PROTO + b"\x04" + b"".join(_text(text) for text in (module, name)) + b"\x93."
    assert "which no model needs" in refused(stack_global)


def _text(text: str) -> bytes:
    data = text.encode()
    return b"\x8c" + bytes([len(data)]) + data


def test_a_chain_of_calls_ends_at_its_first_name(refused: Refused, canary: Path) -> None:
    chain = Calls(builtins.getattr, Calls(builtins.__import__, "os"), "system")
    assert "wants builtins.map" in refused(pickle.dumps(Calls(builtins.map, chain, [f"touch {canary}"])))
    assert "wants builtins.getattr" in refused(pickle.dumps({"a": chain}))


def test_a_call_deep_within_a_model_is_refused(refused: Refused, canary: Path) -> None:
    model = {"G_ema": [{"weights": (np.zeros(3), {"x": Calls(subprocess.Popen, ["touch", str(canary)])})}]}
    assert "wants subprocess.Popen" in refused(pickle.dumps(model))


def test_a_call_as_the_state_or_an_argument_of_a_known_class_is_refused(refused: Refused) -> None:
    for content in (b"cargparse\nNamespace\n)\x81cos\nsystem\nb.", b"ccollections\nOrderedDict\n(cos\nsystem\ntR."):
        assert "wants os.system" in refused(content)


def test_the_source_within_a_pickle_is_a_text_and_stays_one(watch: Any, canary: Path) -> None:
    meta = {
        "type": "class",
        "version": 6,
        "module_src": f"open({str(canary)!r}, 'w')",
        "class_name": "Generator",
        "state": {"_parameters": {}, "_buffers": {}, "_modules": {}},
    }
    content = b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n" + pickle.dumps(meta, 2)[2:-1] + b"\x85R."
    before = watch.seen.copy()
    with watch.on():
        record = read_pickle_bytes(content)
    assert watch.seen == before
    assert record.arguments == (meta,)


def test_a_storage_may_hold_storages_only(refused: Refused, canary: Path) -> None:
    bad = pickle.dumps(Calls(os.system, f"touch {canary}"))
    load = b"\x80\x03ctorch.storage\n_load_from_bytes\n"
    assert "system" in refused(load + _bytes(bad) + b"\x85R.")
    assert "not in a format of PyTorch's" in refused(load + _bytes(pickle.dumps({"a": 1})) + b"\x85R.")
    file = io.BytesIO()
    torch.save({"a": torch.ones(2)}, file, _use_new_zipfile_serialization=False)
    assert "where a storage was expected" in refused(load + _bytes(file.getvalue()) + b"\x85R.")
    evil = io.BytesIO()
    torch.save(Calls(os.system, f"touch {canary}"), evil)
    assert "system" in refused(load + _bytes(evil.getvalue()) + b"\x85R.")


def test_a_file_within_a_file_within_a_file_is_refused(refused: Refused) -> None:
    load = b"\x80\x03ctorch.storage\n_load_from_bytes\n"
    inner = load + _bytes(pickle.dumps(1)) + b"\x85R."
    assert "a file within a file within it" in refused(load + _bytes(inner) + b"\x85R.")


def _bytes(data: bytes) -> bytes:
    return b"B" + len(data).to_bytes(4, "little") + data


@pytest.mark.parametrize("is_zip", [True, False])
def test_hostile_files_of_torch_are_refused(refused: Refused, canary: Path, is_zip: bool) -> None:
    file = io.BytesIO()
    torch.save({"g_ema": Calls(os.system, f"touch {canary}")}, file, _use_new_zipfile_serialization=is_zip)
    assert "system" in refused(file.getvalue())


def test_a_torchscript_program_is_refused(refused: Refused) -> None:
    file = io.BytesIO()
    with pytest.warns(DeprecationWarning, match="jit"):  # of PyTorch, for TorchScript altogether
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), file)
    assert "could only be run, not read" in refused(file.getvalue())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x82\x01.", "a name registered with the program that wrote it"),
        (b"\x83\x01\x00.", "a name registered"),
        (b"\x84\x01\x00\x00\x00.", "a name registered"),
        (b"\x80\x05\x97.", "keeps part of its data outside of it"),
        (b"\x80\x05\x8c\x01a\x98.", "keeps part of its data outside of it"),
        (b"Pfile:///etc/passwd\n.", "refers to something outside of it"),
        (b"U\x01xQ.", "refers to something outside of it"),
        (b"\x80\x06N.", "protocol 6"),
        (b"U\x01x)R.", "calls a str"),
        (b"ccollections\nOrderedDict\n)R)R.", "calls a dict"),
        (b"cargparse\nNamespace\n]R.", "with a list, where a tuple was expected"),
        (b"ctorch\nTensor\n)R}U\x01aK\x01sb}b.", "gives a torch.Tensor its state twice"),
        (b"]}b.", "gives a state to a list"),
        (b"ccollections\ndefaultdict\n(ccollections\ndefaultdict\n)R\x85tR.", "makes a dictionary that calls a"),
        (b"ccollections\ndefaultdict\n(U\x01xtR.", "makes a dictionary that calls a str"),
    ],
)
def test_instructions_that_no_model_uses_are_refused(refused: Refused, content: bytes, sentence: str) -> None:
    assert sentence in refused(content)


def test_references_that_are_no_storages_are_refused(refused: Refused) -> None:
    file = io.BytesIO()
    torch.save(torch.ones(2), file, _use_new_zipfile_serialization=False)
    for pid in (b"storage", b"FloatStorage"):
        broken = file.getvalue().replace(pid, pid[:-1] + b"X")
        assert "evil.pkl" in refused(broken)
