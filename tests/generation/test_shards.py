"""Shards: the same bytes however the work is shared or broken off, and no damage goes unnoticed."""

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from allaprima.errors import ConfigError, OutputError
from allaprima.files import lock
from allaprima.generation import generate, parse_seeds
from allaprima.generation.batches import even_batch_size, one_thread, painted_files
from allaprima.generation.order import Order, as_ranges, sealed, unsealed
from allaprima.generation.shards import Step, claim, finish, paint_shards

CLASSES = 3


def paint(seeds: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
    """Stands in for a network: each image is of its seed alone."""
    for seed in seeds:
        yield np.random.RandomState(seed).randint(0, 256, (6, 4, 3), dtype=np.uint8)


def order_of(**changes: Any) -> Order:
    fields: dict[str, Any] = {"model": "pets", "generator_sha256": "ab", "seeds": range(5, 28), "shards": 5}
    return Order(**(fields | {"batch_size": 3, "classes": CLASSES, "options": {"truncation": 0.7}} | changes))


def fill(directory: Path, order: Order, indices: Sequence[int] | None = None, paint: Any = paint) -> list[Step]:
    claim(directory, order)
    steps = list(paint_shards(directory, order, range(order.shards) if indices is None else indices, paint, "here"))
    finish(directory, order)
    return steps


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def events(steps: list[Step]) -> list[str]:
    return [step.event for step in steps if step.event != "painting"]


each_format = pytest.mark.parametrize("format_", ["zip", "tar"])


# What is in them.


def members(path: Path) -> dict[str, bytes]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(path) as tape:
        return {name: tape.extractfile(name).read() for name in tape.getnames()}  # type: ignore[union-attr]


@each_format
def test_every_seed_is_in_one_shard_with_what_is_known_of_it(tmp_path: Path, format_: str) -> None:
    fill(tmp_path, order_of(format=format_))
    seen = []
    for index in range(5):
        record = json.loads((tmp_path / f"shard-{index:05d}.json").read_text())
        archive = tmp_path / f"shard-{index:05d}.{format_}"
        assert record["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
        files = members(archive)
        for row in record["images"]:
            data = files.pop(row["file"])
            assert row["sha256"] == hashlib.sha256(data).hexdigest()
            (wanted,) = paint([row["seed"]])
            np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), wanted)
            stem = row["file"].removesuffix(".png")
            assert files.pop(f"{stem}.cls") == str(row["seed"] % CLASSES).encode()
            assert json.loads(files.pop(f"{stem}.json")) == {**row, "generator_sha256": "ab"}
            assert (row["class"], row["truncation"]) == (row["seed"] % CLASSES, 0.7)
            seen.append(row["seed"])
        assert not files
    assert seen == list(range(5, 28))


def test_the_manifest_of_the_whole_names_all_shards(tmp_path: Path) -> None:
    fill(tmp_path, order_of())
    manifest = unsealed((tmp_path / "manifest.json").read_bytes())
    assert manifest is not None
    assert (manifest["model"], manifest["seeds"], manifest["images"]) == ("pets", "5-27", 23)
    for about in manifest["archives"]:
        assert about["sha256"] == hashlib.sha256((tmp_path / about["archive"]).read_bytes()).hexdigest()
    assert sum(about["images"] for about in manifest["archives"]) == 23


def test_without_classes_there_are_no_cls_files(tmp_path: Path) -> None:
    fill(tmp_path, order_of(classes=0, class_of_all="0.5,0.5"))
    assert not any(name.endswith(".cls") for name in members(tmp_path / "shard-00000.zip"))
    fill(tmp_path / "own", order_of(classes=0, class_of_all=2))
    assert members(tmp_path / "own/shard-00000.zip")["seed0000000005.cls"] == b"2"


# The same bytes.


@each_format
@pytest.mark.parametrize("pieces", [2, 3, 7])
def test_any_number_of_processes_in_any_order_give_the_same_files(tmp_path: Path, format_: str, pieces: int) -> None:
    order = order_of(format=format_)
    fill(tmp_path / "one", order)
    for piece in reversed(range(pieces)):
        assert not (tmp_path / "many/manifest.json").exists()
        fill(tmp_path / "many", order, range(piece, 5, pieces))
    assert contents(tmp_path / "many") == contents(tmp_path / "one")


@pytest.mark.parametrize("shards", [1, 4, 20])
def test_the_number_of_shards_changes_no_image(G: Any, tmp_path: Path, shards: int) -> None:
    def painted(seeds: Sequence[int]) -> Any:
        assert len(seeds) == 4
        return generate(G, seeds=seeds, noise_mode="random", batch_size=4)

    def hashes(directory: Path, shards: int) -> dict[int, str]:
        with one_thread(torch.device("cpu")):
            fill(directory, order_of(seeds=range(20), shards=shards, batch_size=4), paint=painted)
        records = [json.loads(path.read_text()) for path in directory.glob("shard-*.json")]
        return {row["seed"]: row["sha256"] for record in records for row in record["images"]}

    assert hashes(tmp_path / "a", shards) == hashes(tmp_path / "b", 3)


def test_batches_are_always_full() -> None:
    asked = []

    def noted(seeds: Sequence[int]) -> Any:
        asked.append(list(seeds))
        return paint(seeds)

    files = list(painted_files(range(7), 3, noted, lambda seed, image: bytes([seed])))
    assert asked == [[0, 1, 2], [3, 4, 5], [6, 6, 6]]
    assert files == [[b"\0", b"\1", b"\2"], [b"\3", b"\4", b"\5"], [b"\6"]]
    assert even_batch_size(1024 * 1024) == 1
    assert even_batch_size(8 * 8) == 32


def test_one_thread_paints_on_a_cpu_and_afterwards_all_are_back() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with one_thread(torch.device("cpu")):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        with one_thread(torch.device("meta")):
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# Broken off, damaged.


@each_format
def test_broken_off_anywhere_it_goes_on_to_the_same_files(tmp_path: Path, format_: str) -> None:
    order = order_of(format=format_)
    fill(tmp_path / "whole", order)
    whole = contents(tmp_path / "whole")
    steps = len(fill(tmp_path / "again", order))
    for end in range(1, steps + 1):
        directory = tmp_path / str(end)
        claim(directory, order)
        work = paint_shards(directory, order, range(5), paint, "here")
        painted = [next(work).event for _ in range(end)].count("painted")
        work.close()  # type: ignore[attr-defined]
        there = {name for name in contents(directory) if not name.startswith(".")}
        assert len([name for name in there if name.endswith(format_)]) == painted
        assert events(fill(directory, order)) == ["kept"] * painted + ["painted"] * (5 - painted)
        assert contents(directory) == whole


def test_what_a_kill_leaves_is_cleared_away(tmp_path: Path) -> None:
    order = order_of()
    fill(tmp_path, order)
    whole = contents(tmp_path)
    (tmp_path / "shard-00001.json").unlink()  # killed between archive and record
    (tmp_path / ".shard-00001.zip.123.tmp").write_bytes(b"half")
    (tmp_path / ".shard-00001.json.123.tmp").write_bytes(b"half")
    (tmp_path / ".shard-00002.zip.lock").touch()
    assert events(fill(tmp_path, order)) == ["kept", "painted", "kept", "kept", "kept"]
    assert contents(tmp_path) == whole


@pytest.mark.parametrize("name", ["shard-00003.zip", "shard-00003.json", "shard-00003.tar"])
def test_any_damage_is_noticed_and_mended(tmp_path: Path, name: str) -> None:
    order = order_of(format="tar" if name.endswith("tar") else "zip")
    fill(tmp_path, order)
    whole = contents(tmp_path)
    chance = np.random.default_rng(0)
    for number in range(40):
        data = bytearray(whole[name])
        place = int(chance.integers(len(data)))
        if number % 2:
            data[place] ^= 1 << int(chance.integers(8))
        else:
            del data[place:]
        (tmp_path / name).write_bytes(data)
        assert events(fill(tmp_path, order)) == ["kept"] * 3 + ["damaged", "painted"] + ["kept"]
        assert contents(tmp_path) == whole


def test_a_shard_that_another_process_paints_is_let_alone(tmp_path: Path) -> None:
    order = order_of()
    claim(tmp_path, order)

    def busy(path: Path) -> Any:
        if path.name == ".shard-00002.zip.lock":
            raise BlockingIOError
        return lock(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("allaprima.generation.shards.lock", busy)
        assert events(fill(tmp_path, order)) == ["painted", "painted", "busy", "painted", "painted"]
    assert finish(tmp_path, order) == 1
    assert not (tmp_path / "manifest.json").exists()


def test_a_full_disk_keeps_finished_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order, calls = order_of(), []

    def full(path: Path) -> None:
        calls.append(path)
        if "shard-00002" in path.name:
            raise OSError(28, "No space left on device")

    claim(tmp_path, order)
    monkeypatch.setattr("allaprima.files.sync", full)
    with pytest.raises(OutputError, match=r"cannot write .*shard-00002.zip: No space left on device"):
        fill(tmp_path, order)
    monkeypatch.undo()
    assert sorted(path.name for path in tmp_path.glob("shard-*.zip")) == ["shard-00000.zip", "shard-00001.zip"]
    assert events(fill(tmp_path, order)) == ["kept", "kept", "painted", "painted", "painted"]


# What is refused.


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"generator_sha256": "cd"}, "generator_sha256 is ab, and now cd"),
        ({"seeds": range(24)}, "seeds is 5-27, and now 0-23"),
        ({"shards": 4}, "shards is 5, and now 4"),
        ({"format": "tar"}, "format is zip, and now tar"),
        ({"classes": 2}, "class is each of 3, and now each of 2"),
        ({"options": {"truncation": 0.5}}, "truncation is 0.7, and now 0.5"),
    ],
)
@pytest.mark.parametrize("without", [[], ["order.json"]])
def test_another_order_is_refused_and_nothing_overwritten(
    tmp_path: Path, change: dict[str, Any], names: str, without: list[str]
) -> None:
    fill(tmp_path, order_of())
    for name in without:
        (tmp_path / name).unlink()
    before = contents(tmp_path)
    with pytest.raises(OutputError, match="of another order" if without else f"another order: its {names} is wanted"):
        fill(tmp_path, order_of(**change))
    assert contents(tmp_path) == before


def test_another_name_of_the_same_model_is_the_same_order(tmp_path: Path) -> None:
    fill(tmp_path, order_of())
    assert events(fill(tmp_path, order_of(model="/else/where.safetensors"))) == ["kept"] * 5


def test_a_lost_order_is_written_again(tmp_path: Path) -> None:
    fill(tmp_path, order_of())
    whole = contents(tmp_path)
    (tmp_path / "order.json").unlink()
    fill(tmp_path, order_of())
    assert contents(tmp_path) == whole


def test_a_damaged_order_is_told(tmp_path: Path) -> None:
    fill(tmp_path, order_of())
    (tmp_path / "order.json").write_text("{")
    with pytest.raises(OutputError, match=r"order.json is damaged: remove it"):
        fill(tmp_path, order_of())


@pytest.mark.parametrize("name", ["shard-00001.zip", "shard-00001.tar", "manifest.json"])
def test_foreign_shards_are_not_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(OutputError, match=f"holds {name}, which is of no order known there"):
        fill(tmp_path, order_of())
    assert contents(tmp_path) == {name: b"mine"}


@pytest.mark.parametrize("shards", [0, 24, 100_001])
def test_a_wrong_number_of_shards_is_refused(shards: int) -> None:
    with pytest.raises(ConfigError, match=f"23 images cannot fill {shards} shards: give 1 to 23"):
        order_of(shards=shards)


def test_a_seed_that_comes_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="a seed comes twice"):
        order_of(seeds=[1, 2, 1], shards=1)


@pytest.mark.parametrize("text", ["7", "0-31", "0,5,10-14", "9-10,3"])
def test_ranges_are_the_seeds_again(text: str) -> None:
    assert as_ranges(parse_seeds(text)) == text


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{}", b"3", b"[" * 100_000, b"\xff", b'{"record_sha256": 1}'])
def test_no_text_is_taken_for_a_record_that_is_none(data: bytes) -> None:
    assert unsealed(data) is None
    assert unsealed(sealed({"a": [1, 0.5, "ψ"]}).encode()) == {"a": [1, 0.5, "ψ"]}
