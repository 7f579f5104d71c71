"""The cache: fetched once, hashes remembered, conversions whole or not at all."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from allaprima.errors import DownloadError, OutputError
from allaprima.interchange import cache
from allaprima.interchange.catalogue import Entry
from allaprima.interchange.download import Patience, WrongBytesError
from tests.interchange.web_server import DATA, Site, breaks_off, running, says

QUICK = Patience(pause_seconds=0.0, timeout_seconds=2.0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALLAPRIMA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "home"


@pytest.fixture
def site() -> Iterator[Site]:
    with running(Site()) as site:
        yield site


@pytest.fixture
def entry(site: Site) -> Entry:
    entry = Entry(
        name="cats-64",
        url="https://example.org/model.pkl",
        architecture="StyleGAN2",
        height=64,
        width=64,
        file_name="cats.pkl",
        format="StyleGAN2",
        licence="CC0-1.0",
        source="https://example.org",
    )
    object.__setattr__(entry, "url", site.address)  # an entry itself allows https alone
    return entry


def test_the_home_is_the_variables_or_the_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache.home() == tmp_path / "home"
    monkeypatch.setenv("ALLAPRIMA_HOME", "~/models")
    assert cache.home() == Path.home() / "models"
    monkeypatch.delenv("ALLAPRIMA_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.home() == tmp_path / "allaprima"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache.home() == Path.home() / ".cache" / "allaprima"


def test_a_model_is_fetched_once_and_its_hash_written_down(entry: Entry, site: Site, home: Path) -> None:
    path = cache.fetch(entry)
    assert path == cache.original_path(entry) == home / "models" / "cats-64" / "cats.pkl"
    assert path.read_bytes() == DATA
    record = json.loads((path.parent / "origin.json").read_text())
    assert record["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert record["bytes"] == len(DATA)
    assert cache.fetch(entry) == path
    assert len(site.asked) == 1


def test_a_file_that_is_fetched_again_must_be_the_same(entry: Entry, site: Site) -> None:
    path = cache.fetch(entry)
    path.unlink()
    site.data, site.etag = DATA[::-1], '"2"'
    with pytest.raises(WrongBytesError, match=r"on purpose, remove .*origin\.json\)$"):
        cache.fetch(entry, patience=QUICK)
    assert not path.exists()
    (path.parent / "origin.json").unlink()
    assert cache.fetch(entry).read_bytes() == DATA[::-1]


def test_a_published_hash_is_not_overruled(entry: Entry, site: Site) -> None:
    known = replace_hash(entry, hashlib.sha256(b"other").hexdigest())
    with pytest.raises(WrongBytesError) as caught:
        cache.fetch(known, patience=QUICK)
    assert "on purpose" not in str(caught.value)
    right = replace_hash(entry, hashlib.sha256(DATA).hexdigest())
    assert cache.fetch(right, patience=QUICK).is_file()


def replace_hash(entry: Entry, sha256: str) -> Entry:
    changed = replace(entry, url=None, sha256=sha256)
    object.__setattr__(changed, "url", entry.url)
    return changed


def test_a_file_that_was_put_there_by_hand_is_taken(entry: Entry, site: Site) -> None:
    path = cache.original_path(entry)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"by hand")
    assert cache.fetch(entry).read_bytes() == b"by hand"
    assert not site.asked


def test_a_model_without_an_address_says_where_to_look_and_where_to_put_it(entry: Entry) -> None:
    loose = replace(entry, url=None)
    path = cache.original_path(loose)
    with pytest.raises(DownloadError) as caught:
        cache.fetch(loose)
    wanted = f"cats-64 has no address of its own: fetch cats.pkl from https://example.org and put it at {path}"
    assert str(caught.value) == wanted
    path.parent.mkdir(parents=True)
    path.write_bytes(b"by hand")
    assert cache.fetch(loose) == path
    path.write_bytes(b"another one")
    with pytest.raises(WrongBytesError, match="it is not the file that it was"):
        cache.fetch(loose)


def test_an_error_says_what_to_fetch_and_where_to_put_it(entry: Entry, site: Site) -> None:
    site.next_behaviours = [says(404)]
    with pytest.raises(DownloadError) as caught:
        cache.fetch(entry)
    assert f"cannot download {site.address}" in str(caught.value)
    assert str(caught.value).endswith(f"put it at {cache.original_path(entry)}")


def test_progress_and_a_broken_download_go_through(entry: Entry, site: Site) -> None:
    site.next_behaviours = [breaks_off(1000)]
    seen: list[tuple[int, int | None]] = []
    cache.fetch(entry, progress=lambda *numbers: seen.append(numbers), patience=QUICK)
    assert seen[0] == (1000, len(DATA))
    assert seen[-1] == (len(DATA), len(DATA))


@pytest.mark.parametrize("damage", ["", "[1]", "{", '{"sha256": 5, "bytes": "many"}', '{"sha256": "x"}'])
def test_a_damaged_record_is_written_anew(entry: Entry, damage: str) -> None:
    path = cache.fetch(entry)
    (path.parent / "origin.json").write_text(damage)
    assert cache.fetch(entry) == path
    assert json.loads((path.parent / "origin.json").read_text())["bytes"] == len(DATA)


# Conversions.


@pytest.mark.parametrize("keep", [True, False])
def test_a_conversion_appears_when_it_is_complete(entry: Entry, keep: bool) -> None:
    original = cache.fetch(entry)
    with cache.conversion(entry, keep_original=keep) as path:
        assert path.suffix == ".safetensors"
        path.write_bytes(b"half")
        assert not cache.converted_path(entry).exists()
    assert cache.converted_path(entry).read_bytes() == b"half"
    assert original.exists() == keep
    names = {"model.safetensors", "origin.json"} | ({"cats.pkl"} if keep else set())
    assert {file.name for file in original.parent.iterdir()} == names


def test_a_conversion_that_fails_leaves_nothing(entry: Entry) -> None:
    def fall() -> None:
        with cache.conversion(entry, keep_original=False) as path:
            path.write_bytes(b"half")
            raise ValueError("no model")

    original = cache.fetch(entry)
    with pytest.raises(ValueError, match="no model"):
        fall()
    assert {file.name for file in original.parent.iterdir()} == {"cats.pkl", "origin.json"}


def test_a_conversion_that_writes_nothing_is_an_error(entry: Entry) -> None:
    with pytest.raises(OutputError, match=r"^cannot write .*model\.safetensors: No such file"), cache.conversion(entry):
        pass


def test_conversions_of_one_model_wait_for_each_other(entry: Entry) -> None:
    inside: list[int] = []
    most: list[int] = []

    def convert(number: int) -> None:
        with cache.conversion(entry) as path:
            inside.append(number)
            most.append(len(inside))
            path.write_bytes(bytes([number]))
            time.sleep(0.02)
            inside.remove(number)

    threads = [threading.Thread(target=convert, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]


def test_a_cache_that_cannot_be_written_is_told(entry: Entry, home: Path) -> None:
    home.write_text("a file")
    with pytest.raises(OutputError, match="cannot make the directory"):
        cache.fetch(entry)
    with pytest.raises(OutputError, match="cannot make the directory"), cache.conversion(entry):
        pass
