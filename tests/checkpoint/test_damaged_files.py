"""Truncated, corrupt, foreign and newer files: one clear sentence, never another error."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor

from allaprima.checkpoint import load, load_networks, read_description, read_tensors, save, write_tensors
from allaprima.errors import ModelFileError
from allaprima.images import encode_png
from allaprima.models import build, spec_to_dict
from tests.models.stylegan2.small import small_discriminator, small_generator

Header = dict[str, Any]
Weights = dict[str, Tensor]


def complaint(path: Path, read: Callable[[Path], object] = load) -> str:
    """The one sentence that reading ``path`` ends in."""
    with pytest.raises(ModelFileError) as caught:
        read(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    assert len(sentence) < 1000
    return sentence


def rewrite(path: Path, change: Callable[[Header, Weights], object]) -> None:
    """Change the description and the weights of a model file."""
    weights = load_file(path)
    header = read_description(path)
    change(header, weights)
    save_file(weights, path, metadata={"allaprima": json.dumps(header)})


# Bytes.


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undamaged model file."""
    path = tmp_path_factory.mktemp("whole") / "model.safetensors"
    save(build(small_generator(8, 8, map_depth=1)), path)
    return path


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("victim") / "model.safetensors"


def end_of_header(content: bytes) -> int:
    return 8 + int.from_bytes(content[:8], "little")


def test_a_file_cut_short_anywhere_is_refused(whole: Path, victim: Path) -> None:
    content = whole.read_bytes()
    header, size = end_of_header(content), len(content)
    lengths = {0, 1, 7, 8, 9, header - 1, header, header + 1, size - 4, size - 1, *range(100, size, size // 12)}
    assert len(lengths) >= 20
    for length in sorted(lengths):
        victim.write_bytes(content[:length])
        assert "is no readable safetensors file" in complaint(victim), length
        assert "is no readable safetensors file" in complaint(victim, read_description), length


def test_bytes_after_the_end_are_refused(whole: Path, victim: Path) -> None:
    content = whole.read_bytes()
    victim.write_bytes(content + b"\0")
    assert "is no readable safetensors file" in complaint(victim)


def assert_refused_or_read(path: Path) -> None:
    """Reading ends well or in one sentence; any other error passes through, and fails the test."""
    try:
        load_networks(path)
    except ModelFileError:
        complaint(path, load_networks)


pieces = st.binary(max_size=4) | st.sampled_from([b"0", b"9", b'"', b"}", b"]", b",", b"-", b"e9", b"null", b"[]"])
damage = st.tuples(
    st.floats(0, 1, exclude_max=True),  # where …
    st.booleans(),  # … in the header, or in the whole file
    st.integers(0, 9),  # bytes to remove
    pieces,  # bytes to put there
)


@given(st.lists(damage, min_size=1, max_size=4))
@example([(0.0, False, 8, (2**62).to_bytes(8, "little"))])
@example([(0.0, False, 8, b"\xff" * 8)])
@example([(0.9, False, 1, b"0")])
@example([(0.5, True, 1, b"9")])
@settings(max_examples=200)
def test_random_damage_is_refused(whole: Path, victim: Path, damages: list[tuple[float, bool, int, bytes]]) -> None:
    content = whole.read_bytes()
    damaged = bytearray(content)
    for place, in_header, count, piece in damages:
        start = int(place * (end_of_header(content) if in_header else len(damaged)))
        damaged[start : start + count] = piece
    victim.write_bytes(damaged)
    if damaged == content:
        load_networks(victim)
    else:
        complaint(victim, load_networks)


fields = st.sampled_from(
    [(), ("kind",), ("format_version",), ("provenance",), ("class_names",), ("networks",), ("networks", "G_ema")]
    + [("networks", "G_ema", field) for field in ("type", *spec_to_dict(small_generator(8, 8)))]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 40) | st.just(10**20) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(fields, values)
@example(("networks", "G_ema", "map_depth"), 10**20)
@example(("networks", "G_ema", "map_lr_multiplier"), 10**20)
@settings(max_examples=200)
def test_any_description_is_refused_or_works(whole: Path, victim: Path, field: tuple[str, ...], value: Any) -> None:
    described = read_description(whole)
    place: Any = described
    for key in field[:-1]:
        place = place[key]
    if field:
        place[field[-1]] = value
    save_file(load_file(whole), victim, metadata={"allaprima": json.dumps(described if field else value)})
    assert_refused_or_read(victim)


# Other kinds of files.


def bytes_of_a_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "text")
    return file.getvalue()


FOREIGN = {
    "empty": b"",
    "text": b"These are not the weights you are looking for.\n" * 20,
    "json": json.dumps({"kind": "model", "format_version": 1}).encode(),
    "pickle": pickle.dumps({"G_ema": [1, 2, 3]}),
    "zip": bytes_of_a_zip(),
    "png": encode_png(np.zeros((8, 8, 3), np.uint8)),
    "zeros": bytes(4096),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_other_kinds_of_files_are_refused(victim: Path, kind: str) -> None:
    victim.write_bytes(FOREIGN[kind])
    assert "is no readable safetensors file" in complaint(victim)


def test_a_pickle_is_not_run(victim: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    victim.write_bytes(pickle.dumps(Trap()))
    complaint(victim)
    assert not (tmp_path / "sprung").exists()


def test_a_safetensors_file_of_someone_else_is_refused(victim: Path) -> None:
    foreign = [
        {"allaprima": "{"},
        {"allaprima": "[]"},
        {"allaprima": '"text"'},
        {"allaprima": "{}"},
        {"allaprima": '{"kind": "model"}'},
        {"allaprima": '{"kind": "model", "format_version": "new"}'},
        {"allaprima": '{"kind": "model", "format_version": Infinity}'},
        {"allaprima": "[" * 100_000},
    ]
    for metadata in foreign:
        save_file({"weight": torch.zeros(2)}, victim, metadata=metadata)
        assert complaint(victim).endswith("is a safetensors file, but was not written by allaprima")


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"specs": "{"}, {"specs": "[]"}, {"specs": "{}"}])
def test_tensors_that_are_no_network_are_no_model(victim: Path, metadata: dict[str, str] | None) -> None:
    save_file({"weight": torch.zeros(2)}, victim, metadata=metadata)
    sentence = complaint(victim, load_networks)
    assert sentence.startswith(str(victim))
    assert any(words in sentence for words in ("no model that we know", "its description", "no generator"))


def test_a_state_of_a_run_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    write_tensors(path, {"pl_mean": torch.zeros(())}, {"kind": "state", "format_version": 1})
    assert complaint(path).endswith("holds a state, not a model")
    assert complaint(path, read_description).endswith("holds a state, not a model")


def test_a_model_is_no_state_of_a_run(model: Path) -> None:
    def read_state(path: Path) -> object:
        return read_tensors(path, kind="state", version=1)

    assert complaint(model, read_state).endswith("holds a model, not a state")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path / "gone.safetensors", read_description).startswith("there is no file")


def test_a_directory_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    assert "is no readable safetensors file" in complaint(tmp_path, read_description)


# Descriptions and weights that do not fit.


def test_a_newer_format_asks_for_a_newer_program(model: Path) -> None:
    rewrite(model, lambda header, _: header.update(format_version=2))
    assert complaint(model).endswith("has format version 2; this allaprima reads up to 1: please install a newer one")
    assert "format version 2" in complaint(model, read_description)


CHANGES: dict[str, tuple[Callable[[Header, Weights], object], str]] = {
    "no provenance": (lambda h, _: h.pop("provenance"), "has no 'provenance'"),
    "no networks": (lambda h, _: h.pop("networks"), "has no 'networks'"),
    "provenance of nothing": (lambda h, _: h.update(provenance=None), "is wrong"),
    "provenance in words": (lambda h, _: h.update(provenance="cats"), "is wrong"),
    "networks as a list": (lambda h, _: h.update(networks=["G_ema"]), "is wrong"),
    "a network of nothing": (lambda h, _: h["networks"].update(G_ema=None), "is wrong"),
    "a network in words": (lambda h, _: h["networks"].update(G_ema="stylegan2"), "is wrong"),
    "class names in words": (lambda h, _: h.update(class_names="cat"), "class_names is not a list of names"),
    "class names in numbers": (lambda h, _: h.update(class_names=[1, 2]), "class_names is not a list of names"),
    "no networks at all": (lambda h, _: h.update(networks={}), "holds no generator (G_ema), only nothing"),
    "only a discriminator": (
        lambda h, _: h.update(networks={"D": spec_to_dict(small_discriminator(16, 16))}),
        "holds no generator (G_ema), only D",
    ),
    "a discriminator as generator": (
        lambda h, _: h.update(networks={"G_ema": spec_to_dict(small_discriminator(16, 16))}),
        "G_ema cannot be a stylegan2-discriminator",
    ),
    "a generator as discriminator": (
        lambda h, _: h["networks"].update(D=h["networks"]["G_ema"]),
        "D cannot be a stylegan2-generator",
    ),
    "an unknown type": (
        lambda h, _: h["networks"]["G_ema"].update(type="stylegan9"),
        "unknown network type 'stylegan9'",
    ),
    "an unknown field": (lambda h, _: h["networks"]["G_ema"].update(zoom=1), "unknown field 'zoom'"),
    "a missing field": (lambda h, _: h["networks"]["G_ema"].pop("height"), "'height'"),
    "a value out of range": (lambda h, _: h["networks"]["G_ema"].update(height=-1), "an image of -1×16 pixels"),
    "a value of another type": (lambda h, _: h["networks"]["G_ema"].update(w_dim="8"), "is wrong"),
    "a fraction": (lambda h, _: h["networks"]["G_ema"].update(w_dim=8.5), "the weights do not fit their description"),
    "a number beyond all bounds": (
        lambda h, _: h["networks"]["G_ema"].update(img_channels=10**20),
        "img_channels of a stylegan2-generator is beyond all bounds",
    ),
    "a missing tensor": (
        lambda _, w: w.pop("G_ema.mapping.fc0.bias"),
        'Missing key(s) in state_dict: "mapping.fc0.bias"',
    ),
    "an extra tensor": (
        lambda _, w: w.update({"G_ema.mapping.fc9.bias": torch.zeros(8)}),
        'Unexpected key(s) in state_dict: "mapping.fc9.bias"',
    ),
    "a wrong shape": (
        lambda _, w: w.update({"G_ema.mapping.fc0.bias": torch.zeros(9)}),
        "size mismatch for mapping.fc0.bias",
    ),
    "integers": (
        lambda _, w: w.update({"G_ema.mapping.fc0.bias": torch.zeros(8, dtype=torch.int64)}),
        "G_ema: the tensor mapping.fc0.bias holds torch.int64",
    ),
    "another size": (
        lambda h, _: h["networks"].update(G_ema=spec_to_dict(small_generator(32, 16))),
        "the weights do not fit their description",
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_does_not_fit_is_named(model: Path, case: str) -> None:
    change, words = CHANGES[case]
    rewrite(model, change)
    assert words in complaint(model, load_networks)


def test_networks_of_later_versions_beside_the_generator_do_not_matter(model: Path) -> None:
    rewrite(model, lambda header, _: header["networks"].update(encoder={"type": "stylegan9-encoder"}))
    load_networks(model)
