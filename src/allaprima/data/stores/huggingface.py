"""A data set of the library ``datasets``, from the Hugging Face hub or saved in a folder, as a store.

Its rows lie in Arrow files that are memory-mapped; a row's image is the file that was put in, decoded by us.
"""

import re
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from allaprima.data.catalogue import Catalogue
from allaprima.data.labels import LabelColumn
from allaprima.data.packed import NumberedNames
from allaprima.errors import DataError

ADDRESS = re.compile(r"hf://(?P<name>[^:@]+)(?::(?P<config>[^@]+))?(?:@(?P<split>.+))?")
LABEL_NAMES = ("label", "labels", "class", "cls")
"""Columns of whole numbers that are labels, where no column is of the type `ClassLabel`."""

FIRST_SPLIT = "train"


class HuggingFaceStore:
    """The rows of one split, named by their number."""

    forks = True

    def __init__(self, path: Path | str, table: Any, datasets: ModuleType) -> None:
        """Find the columns.

        Args:
            path: What to call it in errors.
            table: A ``datasets.Dataset``.
            datasets: The library.

        Raises:
            DataError: It has no column of images.
        """
        self.path = path
        self._image = next((n for n, f in table.features.items() if isinstance(f, datasets.Image)), None)
        if self._image is None:
            raise DataError(f"{path} has no column of images, only {', '.join(table.features)}")
        self._label = _label_column(table.features, datasets)
        self._table = table.cast_column(self._image, datasets.Image(decode=False))
        self._names = NumberedNames(len(table), ".png")

    @classmethod
    def of_hub(cls, address: str) -> "HuggingFaceStore":
        """Open ``hf://NAME:CONFIG@SPLIT`` (``train`` by default), fetching it once; NAME may be a folder, too.

        Raises:
            DataError: It cannot be had.
        """
        found = ADDRESS.fullmatch(address)
        if found is None:
            raise DataError(f"{address} is not of the form hf://NAME, hf://NAME:CONFIG@SPLIT")
        name, config, split = found.group("name", "config", "split")
        if Path(name).is_dir():
            return cls.of_folder(Path(name), split)
        datasets = require_datasets()
        return cls(
            address, _had(address, lambda: datasets.load_dataset(name, config, split=split or FIRST_SPLIT)), datasets
        )

    @classmethod
    def of_folder(cls, path: Path, split: str | None = None) -> "HuggingFaceStore":
        """Open what ``save_to_disk`` wrote, or a folder of Parquet files.

        Raises:
            DataError: It cannot be read, or has no such split.
        """
        datasets = require_datasets()
        if any(path.glob("*.parquet")):
            files = sorted(str(file) for file in path.glob("*.parquet"))
            return cls(
                path, _had(path, lambda: datasets.load_dataset("parquet", data_files=files, split="train")), datasets
            )
        table = _had(path, lambda: datasets.load_from_disk(str(path)))
        if isinstance(table, datasets.DatasetDict):
            split = split or FIRST_SPLIT
            if split not in table:
                raise DataError(
                    f"{path} has no split {split!r}, only {', '.join(table)}: say which, as hf://{path}@NAME"
                )
            table = table[split]
        return cls(path, table, datasets)

    def names(self) -> NumberedNames:
        """List all rows."""
        return self._names

    def read(self, name: str) -> bytes:
        """Give a row's image as the file that it is."""
        row = self._names.find(name)
        try:
            image = self._table[row][self._image]
            if image is not None and image["bytes"] is not None:
                return bytes(image["bytes"])
            if image is not None and image["path"] and isinstance(self.path, Path):  # else it may name any file
                return Path(image["path"]).read_bytes()
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"row {row} of {self.path} cannot be read: {error}") from error
        raise DataError(f"row {row} of {self.path} holds no image")

    def checksum(self, name: str) -> tuple[int, int]:
        """Give an image's size and CRC-32; reads it."""
        data = self.read(name)
        return len(data), zlib.crc32(data)

    def catalogue(self) -> Catalogue:
        """Give the rows and their labels."""
        if self._label is None:
            return Catalogue(self._names)
        feature = self._table.features[self._label]
        class_names = list(feature.names) if hasattr(feature, "names") else None
        values = np.asarray(self._table.with_format("numpy")[self._label][:])
        if values.dtype.kind not in "iu" or (len(values) and values.min() < 0):
            return Catalogue(
                self._names,
                complaint=f"the column {self._label} of {self.path} has rows without a class number from 0",
                has_labels=True,
            )
        return Catalogue(self._names, LabelColumn(values.astype(np.int32)), class_names, has_labels=True)

    def identity(self) -> bytes:
        """Give the number of rows, and the names and types of the columns used."""
        features = self._table.features
        return repr((len(self._names), self._image, self._label, features.get(self._label))).encode()


def is_saved_data_set(path: Path) -> bool:
    """Tell whether a folder is what ``save_to_disk`` wrote, or holds Parquet files."""
    saved = (path / "dataset_info.json").is_file() and (path / "state.json").is_file()
    return saved or (path / "dataset_dict.json").is_file() or any(path.glob("*.parquet"))


def require_datasets() -> ModuleType:
    """Import the library, or say how to get it."""
    try:
        import datasets
    except ImportError as error:
        raise DataError("reading Hugging Face data sets needs more: pip install 'allaprima[scale]'") from error
    module: ModuleType = datasets
    return module


def _label_column(features: Any, datasets: ModuleType) -> str | None:
    for name, feature in features.items():
        if isinstance(feature, datasets.ClassLabel):
            return str(name)
    for name in LABEL_NAMES:
        feature = features.get(name)
        if isinstance(feature, datasets.Value) and feature.dtype.lstrip("u").startswith("int"):
            return name
    return None


def _had(name: object, work: Any) -> Any:
    try:
        return work()
    except Exception as error:  # the library raises those of many others
        said = (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__
        raise DataError(f"{name} cannot be opened as a data set: {said}") from error
