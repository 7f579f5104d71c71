"""A bit that flips anywhere in our files is told, and never loaded."""

import json
import random
import re
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from allaprima.checkpoint import (
    bundled_names,
    load,
    load_networks,
    locate,
    read_description,
    read_tensors,
    save,
    write_tensors,
)
from allaprima.checkpoint.seal import OPEN, check_seal, is_sealed
from allaprima.errors import ModelFileError, OutputError
from allaprima.models import build
from tests.models.stylegan2.small import small_generator

HEADER = {"kind": "state", "format_version": 1, "step": 7}
TENSORS = {"weight": torch.arange(20.0), "bias": torch.ones(3, dtype=torch.float16), "n": torch.tensor(5)}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("state") / "state.safetensors"
    write_tensors(path, TENSORS, HEADER)
    return path


def read(path: Path) -> object:
    return read_tensors(path, kind="state", version=1)


def length_of_head(content: bytes) -> int:
    return 8 + int.from_bytes(content[:8], "little")


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def complaint(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_bits_of_every_byte_of_a_state_count(state: Path, tmp_path: Path) -> None:
    content, victim = state.read_bytes(), tmp_path / "victim.safetensors"
    head = length_of_head(content)
    for bit in range(0, len(content) * 8, 3):  # of every byte, each bit in turn
        victim.write_bytes(flipped(content, bit))
        sentence = complaint(victim)
        if bit >= head * 8:
            assert sentence == f"{victim} is damaged: its numbers are not what was written"


def test_the_description_alone_is_checked_without_the_numbers(state: Path, tmp_path: Path) -> None:
    content, victim = state.read_bytes(), tmp_path / "victim.safetensors"
    victim.write_bytes(flipped(content, len(content) * 8 - 1))
    check_seal(victim, data=False)
    victim.write_bytes(content.replace(b'step\\": 7', b'step\\": 6'))
    with pytest.raises(ModelFileError, match=r"its description is not what was written$"):
        check_seal(victim, data=False)


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_no_flip_makes_a_model_pass_as_that_of_another_program(tmp_path: Path, suffix: str) -> None:
    model, victim = tmp_path / "model.safetensors", tmp_path / f"victim{suffix}"
    save(build(small_generator(8, 8, map_depth=1)), model)
    content, chance = model.read_bytes(), random.Random(0)
    head = length_of_head(content)
    bits = {*range(8 * 8, 330 * 8, 3), *(chance.randrange(head * 8) for _ in range(60)), *range(64)}
    for bit in [*bits, *(chance.randrange(len(content) * 8) for _ in range(60))]:
        victim.write_bytes(flipped(content, bit))
        with pytest.raises(ModelFileError, match=re.escape(victim.name)):
            load_networks(victim)


def test_two_digests_are_those_of_what_they_say(state: Path) -> None:
    import hashlib

    content = state.read_bytes()
    with safe_open(state, framework="pt") as file:
        description = json.loads(file.metadata()["allaprima"])
    head = length_of_head(content)
    assert list(description)[:2] == list(OPEN)
    assert description["data_sha256"] == hashlib.sha256(content[head:]).hexdigest()
    opened = content[:head].replace(description["header_sha256"].encode(), b"0" * 64)
    assert description["header_sha256"] == hashlib.sha256(opened).hexdigest()


def test_the_seal_is_no_part_of_the_description(state: Path) -> None:
    tensors, header = read_tensors(state, kind="state", version=1)
    assert header == HEADER
    assert {name: tensor.tolist() for name, tensor in tensors.items()} == {n: t.tolist() for n, t in TENSORS.items()}


def test_the_same_tensors_make_the_same_file(state: Path, tmp_path: Path) -> None:
    write_tensors(tmp_path / "again.safetensors", TENSORS, {**HEADER, **dict.fromkeys(OPEN, "x")})
    assert (tmp_path / "again.safetensors").read_bytes() == state.read_bytes()


def test_files_without_a_seal_still_open(state: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.safetensors"
    save_file(load_file(state), old, metadata={"allaprima": json.dumps(HEADER)})
    assert read_tensors(old, kind="state", version=1)[1] == HEADER
    assert (is_sealed(old), is_sealed(state)) == (False, True)


def test_a_model_of_another_program_has_no_seal_to_check(tmp_path: Path) -> None:
    G = build(small_generator(8, 8, map_depth=1))
    save_file(dict(G.state_dict()), tmp_path / "G.safetensors")
    check_seal(tmp_path / "G.safetensors", data=True)


@pytest.mark.parametrize("name", bundled_names())
def test_bundled_models_are_sealed(name: str) -> None:
    assert is_sealed(locate(name))
    read_description(locate(name))
    load(name)


def test_a_disk_that_fills_up_at_the_seal_is_one_sentence(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    before = state.read_bytes()
    monkeypatch.setattr("allaprima.checkpoint.tensors.seal", full)
    with pytest.raises(OutputError, match=f"^cannot write {state}: No space left on device$"):
        write_tensors(state, TENSORS, HEADER)
    assert state.read_bytes() == before
    assert list(state.parent.iterdir()) == [state]
