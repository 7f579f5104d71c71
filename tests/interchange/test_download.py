"""Downloads end with the right bytes under the final name, or with one sentence and nothing there."""

import errno
import hashlib
import io
import json
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allaprima.errors import AllaPrimaError, ConfigError, DownloadError, OutputError
from allaprima.interchange.download import Patience, WrongBytesError, download
from allaprima.interchange.partial_file import PartialFile, only_one
from allaprima.interchange.web import Marks, RefusedError, SafeRedirects, is_web_address
from tests.interchange.web_server import DATA, Site, breaks_off, honest, ignores_ranges, running, says

DOWNLOAD = import_module("allaprima.interchange.download")
HASH = hashlib.sha256(DATA).hexdigest()
QUICK = Patience(pause_seconds=0.0, timeout_seconds=2.0)
HALF = len(DATA) // 2


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "*")
    with running(Site()) as site:
        yield site


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models" / "model.pkl"


def left(path: Path) -> list[str]:
    """What lies in the directory of ``path``."""
    return sorted(file.name for file in path.parent.iterdir())


def refusal(site: Site, path: Path, kind: type[DownloadError] = DownloadError, **options: Any) -> str:
    """The one sentence of a download that fails without leaving a file of the final name."""
    with pytest.raises(kind) as caught:
        download(site.address, path, patience=QUICK, **options)
    assert not path.exists()
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert site.address in sentence
    assert str(path) in sentence
    return sentence


# The right bytes.


def test_the_file_arrives_with_its_hash_and_nothing_else_is_left(site: Site, path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    assert download(site.address, path, sha256=HASH, progress=lambda *numbers: seen.append(numbers)) == HASH
    assert path.read_bytes() == DATA
    assert left(path) == ["model.pkl"]
    assert seen[-1] == (len(DATA), len(DATA))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_file_that_is_there_is_not_fetched_again(site: Site, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"mine")
    assert download(site.address, path) == hashlib.sha256(b"mine").hexdigest()
    assert not site.asked
    assert download(site.address, path, sha256=HASH) == HASH  # but it is if it is the wrong one
    assert path.read_bytes() == DATA


def test_an_empty_file_and_one_of_unknown_length_arrive(site: Site, path: Path) -> None:
    site.data = b""
    assert download(site.address, path) == hashlib.sha256(b"").hexdigest()
    site.next_behaviours = [says(200, b"some bytes")]
    download(site.address, path.with_name("other.pkl"))
    assert path.with_name("other.pkl").read_bytes() == b"some bytes"


def test_a_download_that_breaks_off_goes_on_where_it_was(site: Site, path: Path) -> None:
    site.next_behaviours = [breaks_off(HALF), breaks_off(1000)]
    download(site.address, path, sha256=HASH, patience=QUICK)
    assert path.read_bytes() == DATA
    assert [asked.get("Range") for asked in site.asked] == [None, f"bytes={HALF}-", f"bytes={HALF + 1000}-"]
    assert {asked.get("If-Range") for asked in site.asked[1:]} == {'"1"'}


def test_a_download_goes_on_in_another_process(site: Site, path: Path) -> None:
    site.next_behaviours = [breaks_off(HALF), says(404)]
    assert "no such file any more (404)" in refusal(site, path)
    assert left(path) == ["model.pkl.part", "model.pkl.part.json"]
    download(site.address, path, sha256=HASH)
    assert site.asked[-1]["Range"] == f"bytes={HALF}-"
    assert left(path) == ["model.pkl"]


def test_a_complete_part_only_gets_its_name(site: Site, path: Path) -> None:
    path.parent.mkdir()
    partial = PartialFile(path, site.address)
    partial.begin(0, Marks(etag='"1"', total=len(DATA)))
    partial.part.write_bytes(DATA)
    download(site.address, path, sha256=HASH)
    assert not site.asked
    assert left(path) == ["model.pkl"]


def test_new_data_make_up_for_failures_before(site: Site, path: Path) -> None:
    site.next_behaviours = [breaks_off(10_000) for _ in range(20)]
    few = Patience(attempts=2, pause_seconds=0.0, worthwhile_bytes=10_000)
    download(site.address, path, sha256=HASH, patience=few)
    assert len(site.asked) == 21


# Servers that do not know ranges, or lie about them.


def test_a_server_that_ignores_ranges_sends_all_again(site: Site, path: Path) -> None:
    site.next_behaviours = [breaks_off(HALF), ignores_ranges]
    download(site.address, path, sha256=HASH, patience=QUICK)
    assert path.read_bytes() == DATA


def test_without_a_mark_of_its_version_nothing_is_gone_on_with(site: Site, path: Path) -> None:
    site.etag = None
    site.next_behaviours = [breaks_off(HALF)]
    download(site.address, path, sha256=HASH, patience=QUICK)
    assert [asked.get("Range") for asked in site.asked] == [None, None]


def test_a_weak_etag_is_not_sent_back_but_the_date_is(site: Site, path: Path) -> None:
    site.etag, site.modified = 'W/"1"', "Tue, 12 Oct 2021 10:00:00 GMT"
    site.next_behaviours = [breaks_off(HALF)]
    download(site.address, path, sha256=HASH, patience=QUICK)
    assert site.asked[1]["If-Range"] == site.modified


def test_a_file_that_changed_meanwhile_is_fetched_anew(site: Site, path: Path) -> None:
    def changes(reply: Any, site: Site) -> None:
        site.data, site.etag = DATA[::-1], '"2"'
        honest(reply, site)

    site.next_behaviours = [breaks_off(HALF), changes]
    download(site.address, path, patience=QUICK)
    assert path.read_bytes() == DATA[::-1]


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": '"2"', "Content_Range": f"bytes {HALF}-{len(DATA) - 1}/{len(DATA)}"},  # another version
        {"ETag": '"1"', "Content_Range": f"bytes {HALF}-{len(DATA)}/{len(DATA) + 1}"},  # another length
        {"ETag": '"1"', "Content_Range": f"bytes {HALF}-{len(DATA)}/10"},  # shorter than what we have
        {"ETag": '"1"', "Content_Range": f"bytes 0-{len(DATA) - 1}/{len(DATA)}"},  # another place
    ],
)
def test_a_part_of_something_else_is_never_appended(site: Site, path: Path, headers: dict[str, object]) -> None:
    site.next_behaviours = [breaks_off(HALF), says(206, DATA[HALF:], **headers)]
    download(site.address, path, patience=QUICK)
    assert path.read_bytes() == DATA
    assert len(site.asked) == 3
    assert "Range" not in site.asked[2]


@pytest.mark.parametrize("told", ["", "bytes", "lines 3-4/5", "bytes x-4/5", f"bytes {'9' * 30}-4/5"])
def test_a_part_without_a_place_is_refused(site: Site, path: Path, told: str) -> None:
    site.next_behaviours = [says(206, DATA, Content_Range=told)]
    assert "of where it belongs" in refusal(site, path)


def test_a_length_that_only_the_first_answer_gave_is_remembered(site: Site, path: Path) -> None:
    part = says(206, DATA[HALF:-1], ETag='"1"', Content_Range=f"bytes {HALF}-{len(DATA) - 1}/*")
    site.next_behaviours = [breaks_off(HALF), part]
    download(site.address, path, sha256=HASH, patience=QUICK)
    assert site.asked[-1]["Range"] == f"bytes={len(DATA) - 1}-"


def test_a_part_that_is_longer_than_the_file_is_thrown_away(site: Site, path: Path) -> None:
    path.parent.mkdir()
    partial = PartialFile(path, site.address)
    partial.begin(0, Marks(etag='"1"'))
    partial.part.write_bytes(DATA + b"more")
    download(site.address, path, sha256=HASH, patience=QUICK)  # 416 at first
    assert path.read_bytes() == DATA


# Lies about the length.


def test_a_length_that_is_too_long_is_told_after_some_attempts(site: Site, path: Path) -> None:
    site.next_behaviours = [says(200, b"short", Content_Length=10) for _ in range(9)]
    assert "fell silent after 5 of 10 bytes" in refusal(site, path)
    assert len(site.asked) == QUICK.attempts


def test_a_length_that_is_too_short_gives_wrong_bytes(site: Site, path: Path) -> None:
    site.next_behaviours = [says(200, DATA, Content_Length=HALF)]
    assert "not the expected" in refusal(site, path, WrongBytesError, sha256=HASH)
    assert left(path) == []


def test_more_than_the_file_has_is_thrown_away(site: Site, path: Path) -> None:
    """A second answer that goes on for ever, where the first one said how long the file is."""
    part = says(206, DATA, ETag='"1"', Content_Range=f"bytes {HALF}-{len(DATA) - 1}/{len(DATA)}")
    site.next_behaviours = [breaks_off(HALF), part]
    download(site.address, path, sha256=HASH, patience=QUICK)
    assert path.read_bytes() == DATA


@pytest.mark.parametrize("headers", [{}, {"Content_Length": len(DATA)}])
def test_no_file_is_larger_than_any_model(
    site: Site, path: Path, monkeypatch: pytest.MonkeyPatch, headers: dict[str, object]
) -> None:
    monkeypatch.setattr(DOWNLOAD, "MOST_BYTES", HALF)
    site.next_behaviours = [says(200, DATA, **headers) for _ in range(9)]
    sentence = refusal(site, path)
    assert "more than any model" in sentence or f"more than the {HALF:,} bytes" in sentence


def test_a_broken_chunk_is_a_broken_connection(site: Site, path: Path) -> None:
    site.next_behaviours = [says(200, b"5\r\nabc", Transfer_Encoding="chunked") for _ in range(9)]
    assert "the connection broke after 0 bytes" in refusal(site, path)


# Wrong bytes.


def test_wrong_bytes_are_not_kept(site: Site, path: Path) -> None:
    site.data = DATA[:-1] + b"\0"
    sentence = refusal(site, path, WrongBytesError, sha256=HASH)
    assert hashlib.sha256(site.data).hexdigest() in sentence
    assert HASH in sentence
    assert left(path) == []
    assert len(site.asked) == 1


def test_wrong_halves_are_fetched_once_more_from_the_beginning(site: Site, path: Path) -> None:
    path.parent.mkdir()
    partial = PartialFile(path, site.address)
    partial.begin(0, Marks(etag='"1"', total=len(DATA)))
    partial.part.write_bytes(b"\0" * HALF)
    download(site.address, path, sha256=HASH, patience=QUICK)
    assert path.read_bytes() == DATA
    assert [asked.get("Range") for asked in site.asked] == [f"bytes={HALF}-", None]


def test_a_part_of_another_address_is_not_used(site: Site, path: Path) -> None:
    path.parent.mkdir()
    partial = PartialFile(path, "https://elsewhere.example/model.pkl")
    partial.begin(0, Marks(etag='"1"'))
    partial.part.write_bytes(b"\0" * HALF)
    download(site.address, path, sha256=HASH)
    assert "Range" not in site.asked[0]


@pytest.mark.parametrize("memo", ["", "[]", "{", '{"url": 1}', "[" * 100_000, "\xff"])
def test_a_damaged_memo_means_to_begin_anew(site: Site, path: Path, memo: str) -> None:
    path.parent.mkdir()
    partial = PartialFile(path, site.address)
    partial.part.write_bytes(b"\0" * HALF)
    partial.memo.write_bytes(memo.encode("latin1"))
    assert partial.marks() == Marks()
    download(site.address, path, sha256=HASH)


def test_a_memo_of_wrong_types_is_no_memo(path: Path) -> None:
    path.parent.mkdir()
    partial = PartialFile(path, "https://a.example")
    right = {"url": "https://a.example", "etag": '"1"', "modified": None, "total": 5}
    partial.memo.write_text(json.dumps(right))
    assert partial.marks() == Marks(etag='"1"', total=5)
    wrongs: list[dict[str, object]] = [{"etag": 1}, {"modified": []}, {"total": "5"}, {"url": "https://b.example"}]
    for wrong in wrongs:
        partial.memo.write_text(json.dumps(right | wrong))
        assert partial.marks() == Marks()


# Pages, errors, redirects.


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html; charset=utf-8", b"Please confirm"),
        ("application/json", b'{"error": 1}'),
        ("application/octet-stream", b"\n <!DOCTYPE html><title>Sign in</title>"),
        (None, b"<HTML>"),
        (None, b"<?xml version='1.0'?><Error>"),
    ],
)
def test_a_page_is_not_a_model(site: Site, path: Path, kind: str | None, body: bytes) -> None:
    """And what has arrived before stays: the network of a hotel answers everything with a page."""
    page = says(200, body, Content_Type=kind, Content_Length=len(body))
    site.next_behaviours = [breaks_off(HALF), page]
    assert "the server sends a page" in refusal(site, path)
    assert path.with_name("model.pkl.part").stat().st_size == HALF
    download(site.address, path, sha256=HASH)
    assert site.asked[-1]["Range"] == f"bytes={HALF}-"


def test_a_packed_file_is_refused(site: Site, path: Path) -> None:
    site.next_behaviours = [says(200, b"..", Content_Encoding="gzip")]
    assert "packed ('gzip')" in refusal(site, path)
    assert site.asked[0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "does not let us"), (403, "does not let us"), (404, "no such file"), (410, "no such file"), (418, "418")],
)
def test_some_answers_are_final(site: Site, path: Path, status: int, words: str) -> None:
    site.next_behaviours = [says(status)]
    assert words in refusal(site, path)
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_file_is_refused(site: Site, path: Path, status: int) -> None:
    site.next_behaviours = [says(status)]
    assert str(status) in refusal(site, path)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_passes(site: Site, path: Path, status: int) -> None:
    site.next_behaviours = [says(status), says(status)]
    download(site.address, path, sha256=HASH, patience=QUICK)
    assert len(site.asked) == 3


def test_trouble_that_stays_is_told(site: Site, path: Path) -> None:
    site.next_behaviours = [says(500) for _ in range(9)]
    assert "the server is in trouble (500)" in refusal(site, path)
    assert len(site.asked) == QUICK.attempts


def test_pauses_grow(site: Site, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(DOWNLOAD.time, "sleep", pauses.append)
    site.next_behaviours = [says(503) for _ in range(3)]
    download(site.address, path, patience=Patience(pause_seconds=0.5))
    assert pauses == [0.5, 1.0, 2.0]


def test_redirects_are_followed_also_for_the_second_half(site: Site, path: Path) -> None:
    elsewhere = says(302, Location=site.address)
    site.next_behaviours = [elsewhere, breaks_off(HALF), elsewhere]
    download(site.address, path, sha256=HASH, patience=QUICK)
    assert [asked.get("Range") for asked in site.asked] == [None, None, f"bytes={HALF}-", f"bytes={HALF}-"]


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/x", "http://example.org/x"])
def test_redirects_to_anything_but_https_are_refused(site: Site, path: Path, target: str) -> None:
    site.next_behaviours = [says(302, Location=target)]
    assert f"the server sends us on to {target!r}, which is no https address" in refusal(site, path)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "data:,x", "https://[", "https://a b/"])
def test_redirects_to_nonsense_are_refused(site: Site, path: Path, target: str) -> None:
    site.next_behaviours = [says(302, Location=target)]
    refusal(site, path)
    assert len(site.asked) <= QUICK.attempts


def test_a_redirect_from_https_to_http_is_refused_even_to_this_machine() -> None:
    asked = urllib.request.Request("https://example.org/x")
    with pytest.raises(RefusedError, match="which is no https address"):
        SafeRedirects().redirect_request(asked, io.BytesIO(), 302, "Found", {}, "http://localhost/x")
    assert SafeRedirects().redirect_request(asked, io.BytesIO(), 302, "Found", {}, "https://elsewhere.example/x")


def test_redirects_in_a_circle_end(site: Site, path: Path) -> None:
    site.next_behaviours = [says(302, Location=site.address) for _ in range(30)]
    assert "302" in refusal(site, path)


# Addresses, networks, disks.


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://example.org/x", "ftp://a/b", "/etc/passwd", "", "https:"]
)
def test_only_https_is_an_address(url: str, path: Path) -> None:
    assert not is_web_address(url)
    with pytest.raises(DownloadError, match=r"is no https address, and files are fetched from no other$"):
        download(url, path)


@pytest.mark.parametrize("url", ["https://example.org/x", "http://localhost:8000/x", "http://[::1]/x"])
def test_https_is_an_address_and_http_to_this_machine(url: str) -> None:
    assert is_web_address(url)


@given(st.text())
def test_no_text_breaks_the_check_of_addresses(url: str) -> None:
    assert is_web_address(url) in (True, False)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "there is no network here, or no server of that name"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "there is no network here"),
        (ssl.SSLCertVerificationError("self-signed certificate"), "cannot prove who it is"),
        ("unknown url type", "unknown url type"),
    ],
)
def test_without_a_network_it_says_so_at_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, reason: Any, words: str
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise urllib.error.URLError(reason)

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", fail)
    url = "https://nvlabs-fi-cdn.nvidia.com/model.pkl"
    with pytest.raises(DownloadError) as caught:
        download(url, path, patience=Patience(pause_seconds=1e6))
    assert words in str(caught.value)
    assert str(caught.value).endswith(f"; fetch it in another way and put it at {path}")


def test_a_server_that_is_not_there_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        site = Site(address=f"http://127.0.0.1:{free.getsockname()[1]}/model.pkl")
    assert "the connection failed" in refusal(site, path)


def test_a_silent_server_is_not_waited_for(site: Site, path: Path) -> None:
    released = threading.Event()

    def silent(_reply: object, _site: Site) -> None:
        released.wait(5)

    site.next_behaviours = [silent]
    once = Patience(attempts=1, timeout_seconds=0.1)
    with pytest.raises(DownloadError, match="timed out"):
        download(site.address, path, patience=once)
    released.set()


def test_a_full_disk_is_told_before_and_while_writing(site: Site, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = DOWNLOAD.shutil.disk_usage(path.parents[1])._replace(free=1000)
    with monkeypatch.context() as patch:
        patch.setattr(DOWNLOAD.shutil, "disk_usage", lambda _path: usage)
        with pytest.raises(OutputError, match=r"needs 1,048,576 bytes, but the disk has only 1,000 left"):
            download(site.address, path)

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("allaprima.interchange.partial_file.write_text", full)
    with pytest.raises(OutputError, match=r"^cannot write .*model\.pkl\.part: No space left on device$"):
        download(site.address, path)


def test_a_directory_that_cannot_be_made_is_told(site: Site, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(OutputError, match="cannot make the directory"):
        download(site.address, tmp_path / "models" / "model.pkl")


# Two at once.


def test_two_that_want_the_same_file_fetch_it_once(site: Site, path: Path) -> None:
    results: list[str] = []
    threads = [threading.Thread(target=lambda: results.append(download(site.address, path))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [HASH] * 3
    assert len(site.asked) == 1
    assert left(path) == ["model.pkl"]


def test_who_waits_begins_when_the_other_has_ended(path: Path) -> None:
    order: list[str] = []
    inside, go = threading.Event(), threading.Event()

    def first() -> None:
        with only_one(path):
            inside.set()
            go.wait(5)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(5)
    timer = threading.Timer(0.05, go.set)
    timer.start()
    with only_one(path):
        order.append("second")
    thread.join()
    timer.join()
    assert order == ["first", "second"]


def test_an_error_inside_ends_the_claim(path: Path) -> None:
    with pytest.raises(BlockingIOError), only_one(path):
        raise BlockingIOError
    with only_one(path):
        pass
    assert left(path) == []


# The tree of errors, and a server that does anything.


def test_the_error_is_one_of_ours() -> None:
    assert issubclass(DownloadError, AllaPrimaError)
    assert issubclass(DownloadError, OSError)
    assert issubclass(WrongBytesError, DownloadError)


@pytest.mark.parametrize("field", ["attempts", "pause_seconds", "timeout_seconds", "worthwhile_bytes"])
def test_patience_has_bounds(field: str) -> None:
    with pytest.raises(ConfigError):
        Patience(**{field: -1})


BEHAVIOURS: list[Callable[[Any, Site], None]] = [
    honest,
    breaks_off(0),
    breaks_off(1),
    breaks_off(700),
    ignores_ranges,
    says(500),
    says(416),
    says(206, b"xyz", ETag='"1"', Content_Range="bytes 1-3/1000"),
    says(200, b"xyz", Content_Length=1000, ETag='"9"'),
    says(200, b"", Content_Length=1000, ETag='"1"'),
]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(BEHAVIOURS), max_size=6))
def test_whatever_the_server_does_the_final_file_is_right(
    tmp_path_factory: pytest.TempPathFactory, site: Site, behaviours: list[Callable[[Any, Site], None]]
) -> None:
    site.data = DATA[:1000]
    site.next_behaviours = list(behaviours)
    path = tmp_path_factory.mktemp("any") / "model.pkl"
    patience = Patience(attempts=8, pause_seconds=0.0, timeout_seconds=2.0)
    download(site.address, path, sha256=hashlib.sha256(site.data).hexdigest(), patience=patience)
    assert path.read_bytes() == site.data
    assert left(path) == ["model.pkl"]
