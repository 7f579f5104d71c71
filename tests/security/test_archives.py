"""Archives of strangers: names that lead elsewhere, links, and members that are larger than they look."""

import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allaprima.cli.main import main
from allaprima.data.sources.tar import TarStore
from allaprima.data.store import open_store
from allaprima.errors import DataError
from allaprima.images import encode_png

ESCAPES = ["../evil.png", "a/../../evil.png", "/evil.png", "..\\evil.png", "C:\\evil.png", "//host/evil.png"]


def picture() -> bytes:
    return encode_png(np.random.RandomState(0).randint(0, 256, (16, 16, 3), dtype=np.uint8))


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def tar_of(path: Path, *members: tuple[tarfile.TarInfo, bytes | None]) -> Path:
    with tarfile.open(path, "w") as tape:
        for member, content in members:
            member.size = len(content or b"")
            tape.addfile(member, io.BytesIO(content) if content is not None else None)
    return path


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, to
    return member


# Names that lead elsewhere ("ZIP slip").


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_elsewhere_become_no_paths(kind: str, tmp_path: Path) -> None:
    inside = tmp_path / "deep" / "inside"
    inside.mkdir(parents=True)
    source = inside / f"evil.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(source, "w") as archive:
            for name in ESCAPES:
                archive.writestr(name, picture())
    else:
        tar_of(source, *((tarfile.TarInfo(name), picture()) for name in ESCAPES))
    with pytest.raises(SystemExit) as caught:
        main(["dataset", str(source), str(inside / "out.zip")])
    assert caught.value.code == 0
    assert tree(tmp_path) == {"deep", "deep/inside", f"deep/inside/evil.{kind}", "deep/inside/out.zip"}
    with zipfile.ZipFile(inside / "out.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".png")]
    assert names
    assert all(name.startswith("00000/img") for name in names)
    assert not Path("/evil.png").exists()


# Links.


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A picture that is nobody's business."""
    path = tmp_path / "secret.png"
    path.write_bytes(picture())
    return path


def test_links_in_a_tar_are_no_files(secret: Path, tmp_path: Path) -> None:
    members = [(link("a.png", str(secret)), None), (link("b.png", "../secret.png", tarfile.LNKTYPE), None)]
    path = tar_of(tmp_path / "links.tar", *members, (tarfile.TarInfo("c.png"), picture()))
    assert TarStore(path).names() == ["c.png"]


def test_a_link_in_a_zip_is_the_text_that_it_is(secret: Path, tmp_path: Path) -> None:
    path = tmp_path / "links.zip"
    entry = zipfile.ZipInfo("a.png")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, str(secret))
    assert open_store(path).read("a.png") == str(secret).encode()


def test_a_link_where_we_write_is_replaced_not_followed(secret: Path, tmp_path: Path) -> None:
    from allaprima.images import write_png

    (tmp_path / "out").mkdir()
    place = tmp_path / "out" / "seed0000.png"
    place.symlink_to(secret)
    before = secret.read_bytes()
    write_png(place, np.zeros((4, 4), np.uint8))
    assert secret.read_bytes() == before
    assert not place.is_symlink()
    assert Image.open(place).size == (4, 4)


def test_devices_and_pipes_in_a_folder_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture())
    os.mkfifo(tmp_path / "b.png")  # to read it would wait for ever
    (tmp_path / "c.png").symlink_to("/dev/zero")  # to read it would fill the memory
    assert open_store(tmp_path).names() == ["a.png"]


# What an archive says of itself.


def test_an_archive_that_lies_about_a_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lies.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", b"\0" * 100_000)
    content = path.read_bytes()
    size = (100_000).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, (10).to_bytes(4, "little")))
    try:
        assert len(open_store(path).read("a.png")) <= 10
    except DataError as error:
        assert "a.png" in str(error)  # noqa: PT017  either is well
