"""Public models by name: fetched once, converted once, and kept."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from allaprima.checkpoint.foreign import read_foreign_networks
from allaprima.checkpoint.model_file import save
from allaprima.interchange.cache import conversion, converted_path, fetch
from allaprima.interchange.catalogue import Entry
from allaprima.interchange.download import Progress


def fetched(entry: Entry) -> Path:
    """The model file of a public model; a download shows its progress on a terminal.

    Raises:
        DownloadError: It cannot be fetched.
        ModelFileError: What was fetched is no model.
        OutputError: The cache cannot be written.
    """
    path = converted_path(entry)
    if path.is_file():
        return path
    with bar(entry.file_name) as progress:
        original = fetch(entry, progress=progress)
    facts = {"name": entry.name, "licence": entry.licence, "source": entry.source, "note": entry.note}
    networks = read_foreign_networks(original)
    with conversion(entry) as temporary:
        save(networks, temporary, provenance={key: value for key, value in facts.items() if value})
    return path


@contextmanager
def bar(name: str) -> Iterator[Progress]:
    """A progress bar on the standard error, if that is a terminal."""
    with tqdm(desc=name, unit="B", unit_scale=True, disable=not sys.stderr.isatty(), leave=False) as line:

        def show(done: int, total: int | None) -> None:
            line.total = total
            line.update(done - line.n)

        yield show
