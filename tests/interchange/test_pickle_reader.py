"""What Python's own unpickler would give for plain values, this reader gives; the sample files open."""

import argparse
import io
import pickle
import pickletools
import warnings
from collections import OrderedDict, defaultdict
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from allaprima.interchange import Global, Record, read_pickle_bytes, tf_network, torch_module
from tests.conftest import read_reference
from tests.interchange.samples import sample, sample_path

LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # PyTorch's signature, a pickle of its own
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False)
    | st.sets(st.integers(-100, 100) | st.text())
    | st.frozensets(st.text()),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(-9, 9), inner),
    max_leaves=8,
)


def kinds(value: Any) -> Any:
    """The types in a value, which are equal where 1 == True is not enough."""
    match value:
        case dict():
            return [(type(key), kinds(item)) for key, item in value.items()]
        case list() | tuple():
            return type(value), [kinds(item) for item in value]
    return type(value)


@pytest.mark.parametrize("protocol", range(6))
@given(value=plain)
def test_plain_values_are_what_python_reads(value: Any, protocol: int) -> None:
    content = pickle.dumps(value, protocol)
    got = read_pickle_bytes(content)
    assert got == pickle.loads(content)
    assert kinds(got) == kinds(value)


@given(text=st.binary())
def test_texts_of_python_2_are_latin1(text: bytes) -> None:
    quoted = repr(text).removeprefix("b").encode()
    for content in (b"S" + quoted + b"\n.", b"T" + len(text).to_bytes(4, "little") + text + b"."):
        assert read_pickle_bytes(content) == pickle.loads(content, encoding="latin1") == text.decode("latin1")


def test_octal_and_unknown_escapes_are_what_python_reads() -> None:
    content = rb"S'\101\7\x41\t\'\"\\'" + b"\n."
    assert read_pickle_bytes(content) == pickle.loads(content) == "A\aA\t'\"\\"


@pytest.mark.parametrize("protocol", range(6))
def test_mappings_become_dicts(protocol: int) -> None:
    mappings: list[Any] = [OrderedDict(a=1, b=[2]), defaultdict(list, a=1), {"a": 1}]
    got = read_pickle_bytes(pickle.dumps(mappings, protocol))
    assert got == [{"a": 1, "b": [2]}, {"a": 1}, {"a": 1}]
    assert {type(value) for value in got} == {dict}


@pytest.mark.parametrize("protocol", range(6))
def test_namespaces_become_records(protocol: int) -> None:
    record = read_pickle_bytes(pickle.dumps(argparse.Namespace(size=256, path="x"), protocol))
    assert record.is_of("argparse", "Namespace")
    assert (record.arguments, record.keywords, record.state) == ((), {}, {"size": 256, "path": "x"})
    assert repr(record) == "<record of argparse.Namespace>"


@pytest.mark.parametrize("protocol", range(6))
def test_bytearrays(protocol: int) -> None:
    got = read_pickle_bytes(pickle.dumps([bytearray(b"\x00\xff"), bytearray()], protocol))
    assert got == [bytearray(b"\x00\xff"), bytearray()]


def test_what_is_shared_stays_shared() -> None:
    inner = [1]
    got = read_pickle_bytes(pickle.dumps([inner, inner]))
    assert got[0] is got[1]


def test_the_easy_dictionaries_of_nvidia_become_dicts() -> None:
    for home in (b"dnnlib", b"dnnlib.util"):
        assert read_pickle_bytes(b"c" + home + b"\nEasyDict\n)\x81U\x01aK\x01s.") == {"a": 1}


def test_names_are_values_too() -> None:
    assert read_pickle_bytes(pickle.dumps([torch.Tensor, np.float32])) == [
        Global("torch", "Tensor"),
        Global("numpy", "float32"),
    ]


def test_whole_objects_of_python_2_are_records() -> None:
    record = read_pickle_bytes(b"(itfutil\nNetwork\n(dS'version'\nI2\nsb.")
    assert record.is_of("tfutil", "Network")
    assert record.state == {"version": 2}
    record = read_pickle_bytes(b"(ctfutil\nNetwork\nI1\no.")
    assert record.arguments == (1,)
    record = read_pickle_bytes(b"\x80\x04ctraining.networks\nGenerator\n(K\x01t}U\x01aK\x02s\x92.")
    assert (record.arguments, record.keywords) == ((1,), {"a": 2})


@pytest.mark.parametrize("name", ["stylegan2ada_torch_labels", "stylegan3_torch_r"])
def test_samples_of_pytorch_hold_modules(name: str) -> None:
    content = sample(name)
    assert list(content) == ["G", "D", "G_ema", "augment_pipe", "training_set_kwargs"]
    modules = {role: torch_module(content[role]) for role in list(content)[:4]}
    assert [m.class_name for m in modules.values() if m] == ["Generator", "Discriminator", "Generator", "AugmentPipe"]
    G = modules["G_ema"]
    assert G is not None
    assert G.keywords["img_resolution"] == 32
    assert G.source.isspace()  # blanked in the samples
    assert {tensor.dtype for tensor in G.state_dict().values()} == {torch.float32}
    assert not any(tensor.requires_grad for tensor in G.state_dict().values())
    assert [name for name, _ in G.walk() if "." not in name] == ["", "synthesis", "mapping"]


def test_a_sample_of_stylegan2_has_the_tensors_that_it_says(  # by the shapes of facts.md, section 2.1
) -> None:
    G = torch_module(sample("stylegan2ada_torch_labels")["G_ema"])
    assert G is not None
    shapes = {name: tuple(tensor.shape) for name, tensor in G.state_dict().items()}
    assert shapes["synthesis.b4.const"] == (24, 4, 4)
    assert shapes["synthesis.b8.conv0.weight"] == (24, 24, 3, 3)
    assert shapes["synthesis.b4.conv1.noise_strength"] == ()
    assert shapes["mapping.embed.weight"] == (16, 4)
    assert shapes["mapping.w_avg"] == (16,)
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    assert torch.allclose(G.state_dict()["synthesis.b8.resample_filter"], taps.outer(taps) / 64)


@pytest.mark.parametrize("name", ["stylegan2ada_torch_labels", "stylegan3_torch_r"])
def test_the_storages_in_a_sample_are_what_pytorch_reads(name: str) -> None:
    content = sample(name)
    ours = {raw(t.untyped_storage()) for role in ("G", "D", "G_ema") for t in tensors(content[role])}
    data = sample_path(name).read_bytes()
    blobs = [arg for _, arg, _ in pickletools.genops(data) if isinstance(arg, bytes) and arg.startswith(LEGACY)]
    assert len(blobs) > 150
    with warnings.catch_warnings(action="ignore"):  # of PyTorch, about its own storages
        storages = [torch.load(io.BytesIO(blob), weights_only=True).untyped() for blob in blobs]
    assert ours <= set(map(raw, storages))


def raw(storage: torch.UntypedStorage) -> bytes:
    return torch.empty(0, dtype=torch.uint8).set_(storage).numpy().tobytes()


def tensors(record: Any) -> list[torch.Tensor]:
    module = torch_module(record)
    assert module is not None
    return list(module.state_dict().values())


def test_a_sample_of_stylegan1_holds_the_reference_weights() -> None:
    G, D, Gs = map(tf_network, sample("stylegan1_32_3ch"))
    assert G is not None and D is not None and Gs is not None  # noqa: PT018 - one thing
    assert [net.function for net in (G, D, Gs)] == ["G_style", "D_basic", "G_style"]
    assert (Gs.version, Gs.keywords["dlatent_size"], list(Gs.components)) == (3, 16, ["synthesis", "mapping"])
    wanted = read_reference("stylegan1_32_3ch").part("G/")
    got = {**Gs.variables, **Gs.all_variables()}
    assert wanted
    for name, tensor in wanted.items():
        found = got[name] if name in got else next(v for k, v in got.items() if k.endswith(f"/{name}"))
        assert torch.equal(torch.from_numpy(found).reshape(tensor.shape), tensor), name


@pytest.mark.parametrize(
    ("name", "version", "functions"),
    [
        ("progan_2018_tfutil", 2, ["G_paper", "D_paper", "G_paper"]),
        ("stylegan2_tf_skip_3ch", 4, ["G_main", "D_stylegan2", "G_main"]),
    ],
)
def test_samples_of_tensorflow_hold_networks(name: str, version: int, functions: list[str]) -> None:
    networks = [tf_network(record) for record in sample(name)]
    assert [network.function for network in networks if network] == functions
    assert {network.version for network in networks if network} == {version}
    arrays = [array for network in networks if network for array in network.all_variables().values()]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    assert all(np.isfinite(array).all() and array.flags.writeable for array in arrays)


def test_a_record_that_is_nothing_known_is_neither_module_nor_network() -> None:
    assert torch_module(Record("argparse", "Namespace")) is None
    assert tf_network(Record("argparse", "Namespace")) is None
    assert torch_module(3) is None
