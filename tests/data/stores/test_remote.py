from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from allaprima.data import ImageDataset
from allaprima.data.stores import remote
from allaprima.errors import DataError

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "DELAYS", (0.0, 0.01))


@pytest.fixture
def address(make_archive: Make, make_shards: Make, server: Any) -> str:
    make_shards(make_archive(6))
    return str(server.address)


def test_a_path_of_an_address_is_understood(address: str) -> None:
    assert len(ImageDataset(Path(f"{address}/shards/{{000000..000001}}.tar"))) == 6


@pytest.mark.parametrize("place", ["set.zip", "shards/000000.tar"])
def test_a_server_that_goes_away_for_a_moment_is_waited_for(address: str, server: Any, place: str) -> None:
    dataset = ImageDataset(f"{address}/{place}")
    wanted = dataset[2][0].clone()
    server.failures = 2
    assert (dataset[2][0] == wanted).all()


@pytest.mark.parametrize("place", ["set.zip", "shards/000000.tar"])
def test_a_server_that_stays_away_is_one_sentence(address: str, server: Any, place: str) -> None:
    dataset = ImageDataset(f"{address}/{place}")
    server.failures = 1000
    with pytest.raises(
        DataError, match=r"^\S+.png in http\S+ cannot be read: http\S+ cannot be read after 3 tries: [^\n]+$"
    ):
        dataset[1]


def test_what_is_not_there(address: str) -> None:
    for place in ("gone.zip", "shards/{000000..000009}.tar", "gone.txt"):
        with pytest.raises(DataError, match=r"^http\S+ does not exist$"):
            ImageDataset(f"{address}/{place}")


def test_a_server_without_ranges_is_refused(address: str, server: Any) -> None:
    server.knows_ranges = False
    with pytest.raises(DataError, match="cannot be read in parts: its server"):
        ImageDataset(f"{address}/set.zip")


def test_only_what_is_needed_is_fetched(address: str, server: Any) -> None:
    dataset = ImageDataset(f"{address}/shards/000000.tar")
    server.requests.clear()
    dataset[1]
    assert len(server.requests) == 1
    assert "bytes=" in server.requests[0]
    again = ImageDataset(f"{address}/shards/000000.tar")  # its index is known: it is only asked which version it is
    assert [line.split()[0] for line in server.requests[1:]] == ["HEAD", "GET"]  # and the first image is looked at
    assert again.names == dataset.names


def test_many_at_once_come_in_their_order(make_archive: Make, address: str) -> None:
    wanted = ImageDataset(make_archive(70, name="many.zip")).load_all()[0]
    assert (ImageDataset(f"{address}/many.zip").load_all()[0] == wanted).all()


def test_another_version_of_a_shard_is_noticed(address: str, tmp_path: Path) -> None:
    names = ImageDataset(f"{address}/shards/000000.tar").names
    (tmp_path / "shards/000000.tar").write_bytes((tmp_path / "shards/000001.tar").read_bytes())
    assert ImageDataset(f"{address}/shards/000000.tar").names != names


def test_an_unknown_scheme_and_an_unknown_ending() -> None:
    with pytest.raises(DataError, match=r"ftpx://a/b.zip cannot be read: Protocol not known"):
        ImageDataset("ftpx://a/b.zip")
    with pytest.raises(DataError, match=r"https://a/b.png ends in neither .zip nor .tar nor .txt: give a folder"):
        ImageDataset("https://a/b.png")
