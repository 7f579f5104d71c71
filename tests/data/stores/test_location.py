from pathlib import Path

import pytest

from allaprima.data.stores.location import expanded, is_address, written


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("a.tar", ["a.tar"]),
        ("{08..11}.tar", ["08.tar", "09.tar", "10.tar", "11.tar"]),
        ("{a,b}/{0..1}", ["a/0", "a/1", "b/0", "b/1"]),
        ("awk '{print}'", ["awk '{print}'"]),
        ("{3..1}", ["{3..1}"]),
    ],
)
def test_braces(pattern: str, wanted: list[str]) -> None:
    assert expanded(pattern) == wanted


@pytest.mark.parametrize(
    "text", ["https://a.b/c.tar", "s3://bucket/x.zip", "hf://a/b:c@d", "pipe:curl https://a/b -H x:/y"]
)
def test_a_path_that_was_an_address_is_one_again(text: str) -> None:
    assert written(Path(text)) == text
    assert written(text) == text


def test_paths_stay_paths() -> None:
    for text in ("/a/b", "a:/b" if Path("/").drive else "a/b", "mmap:/a/b.zip"):
        assert not is_address(text)
    assert written(Path("/a/b")) == "/a/b"
    assert written(Path("mmap:/a/b.zip")) == "mmap:/a/b.zip"
