"""Measures what it costs to know a million images by name: memory, files, seconds.

    python benchmarks/index.py --images 1000000 > docs/benchmarks/index-of-images.json

The shards' own indices are made up (names as ours, 10,000 images a shard); what is measured is everything behind them.
To go through a tar archive and to read a ZIP archive's directory is measured with real files, a tenth as many members.
"""

import argparse
import os
import shutil
import tarfile
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from measuring import show

from allaprima.data.order import SampleOrder, Shuffle
from allaprima.data.stores import merged
from allaprima.data.stores.ranges import LocalFile
from allaprima.data.stores.shards import ShardStore
from allaprima.data.stores.tar_index import TarIndex, tar_index
from allaprima.data.stores.zip import ZipStore

PER_SHARD = 10_000
PICTURE = bytes(200)  # what lies between two headers does not matter where nothing is read of it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1_000_000)
    count = parser.parse_args().images
    with tempfile.TemporaryDirectory() as name:
        os.environ["ALLAPRIMA_HOME"] = str(Path(name) / "home")
        show(
            {
                "images": count,
                "list_of_names": per_image(lambda: names_of(range(count)), count),
                "zip": of_zip(Path(name), count // 10),
                "tar": of_tar(Path(name), count // 10),
                "shards": of_shards(Path(name), count),
                "order": of_order(count),
            }
        )


def names_of(numbers: range) -> list[str]:
    return [f"{n // 1000:05d}/img{n:08d}.png" for n in numbers]


def forget() -> None:
    shutil.rmtree(Path(os.environ["ALLAPRIMA_HOME"]) / "indices", ignore_errors=True)


def per_image(work: Callable[[], Any], count: int, before: Callable[[], None] = lambda: None) -> dict[str, float]:
    """Seconds, and bytes that stay and bytes at most, an image; the time is taken without the accounting of memory."""
    before()
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    before()
    tracemalloc.start()
    kept = work()
    stays, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return {
        "us": round(seconds / count * 1e6, 3),
        "bytes": round(stays / count, 1),
        "bytes_at_most": round(most / count, 1),
    }


def of_zip(folder: Path, count: int) -> dict[str, float]:
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        for name in names_of(range(count)):
            archive.writestr(zipfile.ZipInfo(name), PICTURE)
    return per_image(lambda: ZipStore(folder / "x.zip"), count)


def of_tar(folder: Path, count: int) -> dict[str, float]:
    with tarfile.open(folder / "x.tar", "w") as archive:
        for name in names_of(range(count)):
            member = tarfile.TarInfo(name)
            member.size = len(PICTURE)
            archive.addfile(member, BytesIO(PICTURE))
    begun = time.perf_counter()
    found = tar_index(LocalFile(folder / "x.tar"))
    assert len(found.names) == count
    return {"us": round((time.perf_counter() - begun) / count * 1e6, 3)}


def of_shards(folder: Path, count: int) -> dict[str, Any]:
    """Merging, opening, finding."""
    shards = []
    for number in range(count // PER_SHARD):
        (folder / f"{number:06d}.tar").touch()
        shards.append(LocalFile(folder / f"{number:06d}.tar"))
    with patch.object(merged, "tar_index", made_up):
        merging = per_image(lambda: merged.merged_index(shards), count, before=forget)
        store = ShardStore("made up", shards)
    files = list((folder / "home/indices").glob("*/*.npy"))
    names = store.names()
    rows = np.random.default_rng(0).integers(count, size=2000)
    begun = time.perf_counter()
    for row in rows.tolist():
        assert names.find(names[row]) == row
    finding = time.perf_counter() - begun
    begun = time.perf_counter()
    store.identity()
    identity = time.perf_counter() - begun
    return {
        "merging": merging,
        "file_bytes": round(sum(file.stat().st_size for file in files) / count, 1),
        "opening_again": per_image(lambda: ShardStore("made up", shards), count),
        "finding_a_name_us": round(finding / len(rows) * 1e6, 2),
        "fingerprint_us": round(identity / count * 1e6, 4),
    }


def made_up(shard: LocalFile) -> TarIndex:
    first = int(Path(shard.name).stem) * PER_SHARD
    packed = np.array([name.encode() for name in names_of(range(first, first + PER_SHARD))])
    offsets = np.arange(PER_SHARD, dtype=np.int64) * 1024 + 512
    sizes = np.full(PER_SHARD, len(PICTURE), dtype=np.int64)
    return TarIndex(packed, offsets, sizes, np.zeros(PER_SHARD, "S1"), (0, 0))


def of_order(count: int) -> dict[str, float]:
    order = SampleOrder(count, 0)
    begun = time.perf_counter()
    order.take(0, 32)
    permutation = time.perf_counter() - begun
    shuffle = Shuffle(100_000_000, 5)
    begun = time.perf_counter()
    for batch in range(200):
        shuffle.at(np.arange(batch * 32, batch * 32 + 32))
    return {
        "permutation_us": round(permutation / count * 1e6, 4),
        "permutation_bytes": 8.0,
        "computed_us": round((time.perf_counter() - begun) / 200 / 32 * 1e6, 3),
    }


if __name__ == "__main__":
    main()
