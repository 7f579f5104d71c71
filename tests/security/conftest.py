"""A watch over everything that Python tells of, and a canary that dies if anything runs."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from allaprima.interchange import read_pickle_bytes

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
Refused = Callable[..., str]


@pytest.fixture(scope="session")
def fuzzer() -> Any:
    """The benchmark that damages files; see its text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        return import_module("fuzz_pickles")


@pytest.fixture(scope="session")
def watch(fuzzer: Any) -> Any:
    """The one audit hook of this session, and readers that have imported all that they import."""
    watch = fuzzer.Watch()
    fuzzer.warm_up(fuzzer.samples())
    return watch


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """A path at which hostile files would write."""
    yield tmp_path / "canary"
    assert not (tmp_path / "canary").exists(), "something in a file was run"


@pytest.fixture
def refused(watch: Any) -> Refused:
    """Read hostile bytes; give the sentence by which they are refused. Nothing may have been run."""

    def read(content: bytes, **options: Any) -> str:
        before = watch.seen.copy()
        with watch.on(), pytest.raises(import_module("allaprima.errors").ModelFileError) as caught:
            read_pickle_bytes(content, name="evil.pkl", **options)
        assert watch.seen == before, f"reading did {watch.seen - before}"
        message = str(caught.value)
        assert message.startswith("evil.pkl ")
        assert "\n" not in message
        assert message.isprintable()
        return message

    return read
