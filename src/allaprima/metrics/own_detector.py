"""The detector that a data set has of its own: trained once, and kept under the hash of the data.

It lies in ``$ALLAPRIMA_HOME/metrics`` (``~/.cache/allaprima/metrics``).
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from allaprima.checkpoint import read_tensors, write_tensors
from allaprima.data import ImageDataset
from allaprima.errors import ModelFileError, OutputError
from allaprima.files import make_directory
from allaprima.interchange.cache import home
from allaprima.metrics.detector import Detector, hash_of
from allaprima.metrics.own_features import STEPS, VERSION, OwnNetwork, resize_words, train_own
from allaprima.metrics.progress import Progress
from allaprima.processes import ALONE, Processes

KIND, FORMAT_VERSION = "own features", 1


def folder() -> Path:
    """Where features' networks and statistics of reals are kept."""
    return home() / "metrics"


def own_detector(
    data: ImageDataset,
    *,
    cache: Path | None = None,
    steps: int = STEPS,
    progress: Progress | None = None,
    processes: Processes = ALONE,
) -> Detector:
    """The detector of ``data``: read if it is kept, trained otherwise (a minute or two on a CPU).

    Args:
        data: The images.
        cache: Where it is kept; None: `folder`.
        steps: Of its training.
        progress: Called while it is trained.
        processes: That all need it; the first one reads or trains it.
    """
    network = processes.of_first(lambda: _network(data, cache, steps, progress))
    return Detector(
        title=f"own network of {data.name}, {steps} steps",
        sha256=hash_of(network),
        resize=resize_words(data.height, data.width),
        network=network,
        wants_rgb=False,
    )


def _network(data: ImageDataset, cache: Path | None, steps: int, progress: Progress | None) -> OwnNetwork:
    path = (cache or folder()) / f"own-{_key(data, steps)}.safetensors"
    network = _kept(path, data.num_channels)
    if network is None:
        network = train_own(data, steps=steps, progress=progress)
        header = {"kind": KIND, "format_version": FORMAT_VERSION, "data": data.fingerprint(), "steps": steps}
        with suppress(OutputError):  # a cache that is read-only
            make_directory(path.parent)
            write_tensors(path, network.state_dict(), header)
    return network


def _key(data: ImageDataset, steps: int) -> str:
    return hashlib.sha256(f"{data.fingerprint()} {steps} {VERSION}".encode()).hexdigest()[:32]


def _kept(path: Path, channels: int) -> OwnNetwork | None:
    if not path.is_file():
        return None
    network = OwnNetwork(channels).eval().requires_grad_(requires_grad=False)
    try:
        network.load_state_dict(read_tensors(path, kind=KIND, version=FORMAT_VERSION)[0])
    except (ModelFileError, RuntimeError):  # damaged: it will be trained again
        return None
    return network
