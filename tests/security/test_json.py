"""JSON of strangers: nesting without end, numbers without end, and what is no JSON."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import allaprima
from allaprima.cli.main import main
from allaprima.data import ImageDataset
from allaprima.errors import AllaPrimaError, DataError
from allaprima.generation.order import unsealed
from allaprima.images import encode_png

DEEP = b"[" * 200_000
DEEP_OBJECT = b'{"a":' * 200_000
LONG = b'{"labels": [["a.png", ' + b"9" * 100_000 + b"]]}"
HOSTILE = [DEEP, DEEP_OBJECT, LONG, b"\xff\xfe\x00", b"", b"NaN", b'"\\ud800"', b"{" * 10]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_labels_of_a_dataset(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", encode_png(np.zeros((8, 8), np.uint8)))
        archive.writestr("dataset.json", text)
    with pytest.raises(DataError) as caught:
        ImageDataset(path, use_labels=True)
    assert "dataset.json" in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_header_of_a_model_file(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"a": np.zeros(3)}, path, metadata={"allaprima": text.decode("utf-8", "replace")})
    with pytest.raises(AllaPrimaError):
        allaprima.load(path)


@pytest.mark.parametrize("text", [DEEP, DEEP_OBJECT, b"\xff\xfe\x00", b"", b"NaN", b"[]", b'"a"'])
def test_the_record_of_a_shard_is_damaged_then(text: bytes) -> None:
    assert unsealed(text) is None


@pytest.mark.parametrize("text", [DEEP, b"\xff\xfe\x00", b"[]", b"NaN"])
def test_the_config_of_a_run(text: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, data = tmp_path / "run", tmp_path / "data.zip"
    run.mkdir()
    (run / "config.json").write_bytes(text)
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.png", encode_png(np.zeros((8, 8), np.uint8)))
    with pytest.raises(SystemExit) as caught:
        main(["train", str(data), str(run), "--kimg", "0.001"])
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("allaprima: ")
    assert err.count("\n") == 1


def test_json_is_what_the_parser_says_it_is() -> None:
    """Python's own bounds, on which the above stands."""
    with pytest.raises(RecursionError):
        json.loads(DEEP)
    with pytest.raises(ValueError, match="digits"):
        json.loads(b"9" * 100_000)
