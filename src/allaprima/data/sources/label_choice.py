"""Labels that the user chose: sub-folders, a CSV or JSON file; or ``.cls`` files beside the pictures of a tar."""

import csv
import json
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any

from allaprima.data.labels import LABELS_FILE, Label, Labels, parse_labels
from allaprima.data.store import Store
from allaprima.errors import DataError


def chosen_labels(choice: str, pictures: list[str], path: Path | str) -> Labels | None:
    """Find the labels that ``choice`` names: "folders" or a file; None for "auto" and "none".

    Args:
        choice: What the user said.
        pictures: Names of all pictures.
        path: Where they are, for errors.

    Raises:
        DataError: The file cannot be read, names missing pictures, or leaves pictures without a label.
    """
    if choice in ("auto", "none"):
        return None
    if choice == "folders":
        return folder_labels(pictures, path)
    return file_labels(Path(choice), pictures)


def folder_labels(pictures: list[str], path: Path | str) -> Labels:
    """Take the first folder of each picture, below the folder that all share, as its class; classes are sorted."""
    folders = {name: PurePosixPath(name).parent.parts for name in pictures}
    shared = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, zip(*folders.values(), strict=False)))
    if len(set(folders.values())) == 1:
        raise DataError(f"{path} has no sub-folders to take labels from: all images lie in one")
    for name, parts in folders.items():
        if len(parts) == shared:
            raise DataError(f"{name} in {path} lies in no sub-folder, so it has no label")
    classes = {name: parts[shared] for name, parts in folders.items()}
    return _numbered(classes)


def file_labels(file: Path, pictures: list[str]) -> Labels:
    """Read labels from a CSV or JSON file: name and class, or name and numbers; or what ``dataset.json`` holds.

    Names may be written with or without their folder and extension, if that is clear.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"the label file {file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"the label file {file} is not UTF-8 text") from error
    known = _known_names(pictures)
    class_names = None
    if file.suffix.lower() == ".json":
        pairs, class_names = _json_pairs(text, file)
    else:
        pairs = _csv_pairs(text, file, known)
    named: dict[str, Any] = {}
    for written, label in pairs:
        name = known.get(written.replace("\\", "/").removeprefix("./"))
        if name is None:
            raise DataError(f"{file} labels {written!r}, but there is no such image (or more than one)")
        named[name] = label
    missing = [name for name in pictures if name not in named]
    if missing:
        raise DataError(f"{file} has no label for {missing[0]} ({len(missing)} of {len(pictures)} images have none)")
    return _numbered(named, class_names)


def class_file_labels(store: Store, files: list[str], pictures: list[str]) -> Labels:
    """Read ``NAME.cls`` beside each ``NAME.png``, as WebDataset archives have it; no labels unless all have one."""
    present = set(files)
    beside = {name: str(PurePosixPath(name).with_suffix(".cls")) for name in pictures}
    if not all(file in present for file in beside.values()):
        return Labels({})
    return _numbered({name: _value(store.read(file).decode("utf-8", "replace")) for name, file in beside.items()})


def _json_pairs(text: str, file: Path) -> tuple[list[tuple[str, Any]], list[str] | None]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file} is not valid JSON: {error}") from error
    if isinstance(content, dict) and "labels" in content:
        labels = parse_labels(text.encode(), file.name if file.name != LABELS_FILE else str(file))
        return list(labels.of.items()), labels.class_names
    pairs = list(content.items()) if isinstance(content, dict) else content
    if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
        raise DataError(f"{file} must hold {{name: label}}, [[name, label], …] or what dataset.json holds")
    return [(name, label) for name, label in pairs], None


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str)


def _csv_pairs(text: str, file: Path, known: dict[str, str | None]) -> list[tuple[str, Any]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]
    except csv.Error as error:
        raise DataError(f"{file} is not a CSV file: {error}") from error
    if rows and rows[0][0].strip() not in known and rows[0][0].strip().lower() in _HEADINGS:
        rows = rows[1:]
    if not rows:
        raise DataError(f"{file} holds no labels")
    for row in rows:
        if len(row) != len(rows[0]) or len(row) < 2:
            raise DataError(f"{file} has the row {delimiter.join(row)!r}, where a name and a label were expected")
    return [(row[0].strip(), _value(row[1]) if len(row) == 2 else [_value(cell) for cell in row[1:]]) for row in rows]


_HEADINGS = {"file", "file_name", "filename", "id", "image", "image_id", "img", "name", "path"}


def _value(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text.strip())
        except ValueError:
            continue
    return text.strip()


def _known_names(pictures: list[str]) -> dict[str, str | None]:
    """Map every way to write a picture's name to it; None where two pictures share that way."""
    known: dict[str, str | None] = {}
    for name in pictures:
        path = PurePosixPath(name)
        for written in {str(path.with_suffix("")), path.name, path.stem} - {name}:
            known[written] = None if written in known else name
    return known | {name: name for name in pictures}


def _numbered(labels: dict[str, Any], class_names: list[str] | None = None) -> Labels:
    """Give numbers to classes that have names; check what has numbers already."""
    if all(isinstance(label, str | int) for label in labels.values()) and any(
        isinstance(label, str) for label in labels.values()
    ):
        class_names = sorted({str(label) for label in labels.values()})
        number = {name: i for i, name in enumerate(class_names)}
        return Labels({name: number[str(label)] for name, label in labels.items()}, class_names)
    content = {"labels": [[name, label] for name, label in labels.items()]}
    checked: dict[str, Label] = parse_labels(json.dumps(content).encode(), "the label file").of
    return Labels(checked, class_names)
