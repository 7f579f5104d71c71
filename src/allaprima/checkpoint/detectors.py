"""The networks whose features published metrics compare: found on this machine, or fetched, checked by their hash.

Only state dicts are read. NVIDIA's ``inception-2015-12-05.pt`` and ``vgg16.pt`` are programs in TorchScript, which
could only be run: they are not looked for.

Hashes: Inception's begins as torch.hub's file name says, and stands in many public repositories with its 95,628,359
bytes; VGG-16's and DINOv2's likewise, the latter in several projects that pin it beside its address. No publisher
signs them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allaprima.checkpoint.perceptual import VGG16_FILE
from allaprima.checkpoint.weight_files import WeightFile, fetch, fill, find, folder, read_state
from allaprima.errors import ConfigError, DownloadError
from allaprima.models.dinov2 import DINOv2
from allaprima.models.inception import InceptionV3
from allaprima.models.vgg16_classifier import VGG16Features

KIND = "detectors"

INCEPTION_FILE = WeightFile(
    names=("pt_inception-2015-12-05-6726825d.pth", "weights-inception-2015-12-05-6726825d.pth"),
    url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
    sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    size=95_628_359,
)
DINOV2_FILE = WeightFile(
    names=("dinov2_vitl14_pretrain.pth",),
    url="https://dl.fbaipublicfiles.com/dinov2/dinov2_vitl14/dinov2_vitl14_pretrain.pth",
    sha256="d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428",
    size=1_217_586_395,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A detector: its file, how its network is made, and what resizes its pictures."""

    file: WeightFile
    build: Callable[[], Any]
    title: str
    resize: str


DETECTORS = {
    "inception": Published(
        file=INCEPTION_FILE,
        build=InceptionV3,
        title="Inception v3 of 2015-12-05",
        resize="bilinear to 299×299 as TensorFlow 1, not antialiased",
    ),
    "vgg16": Published(
        file=VGG16_FILE,
        build=VGG16Features,
        title="VGG-16 of torchvision, fc2",
        resize="bilinear to 224×224, antialiased",
    ),
    "dinov2": Published(
        file=DINOV2_FILE, build=DINOv2, title="DINOv2 ViT-L/14, class token", resize="bicubic to 224×224, antialiased"
    ),
}


def find_detector(name: str, directory: Path | None = None) -> Any | None:
    """The network of that name with its weights, if its file is on this machine; nothing is fetched.

    Args:
        name: One of `DETECTORS`.
        directory: Where to look first.

    Raises:
        ConfigError: There is no detector of that name.
        ModelFileError: Its file cannot be read.
    """
    path = find(_published(name).file, KIND, directory, also=[folder("perceptual")])
    return None if path is None else _network(name, path)


def fetch_detector(name: str, directory: Path | None = None) -> Any:
    """The network of that name with its weights, fetched if it is not on this machine, with progress on a terminal.

    Raises:
        ConfigError: There is no detector of that name.
        DownloadError: It cannot be fetched, or is not the file that it should be.
        ModelFileError: Its file cannot be read.
        OutputError: The cache cannot be written.
    """
    return find_detector(name, directory) or _network(name, fetch(_published(name).file, KIND))


def missing_words(name: str) -> str:
    """What to say, and what to do, where the file of a detector is not on this machine."""
    file = _published(name).file
    place = folder(KIND) / file.names[0]
    return (
        f"the weights of {name} are not on this machine: fetch {file.url} and put it at {place}, or name its directory"
    )


def require_detector(name: str, directory: Path | None = None, *, may_fetch: bool = False) -> Any:
    """`find_detector`, or `fetch_detector` where that is allowed. Raises `DownloadError` where there is no file."""
    network = fetch_detector(name, directory) if may_fetch else find_detector(name, directory)
    if network is None:
        raise DownloadError(missing_words(name))
    return network


def _published(name: str) -> Published:
    if name not in DETECTORS:
        raise ConfigError(f"there is no detector {name!r}: {', '.join(DETECTORS)}")
    return DETECTORS[name]


def _network(name: str, path: Path) -> Any:
    network = _published(name).build()
    fill(network, read_state(path), path, _published(name).title)
    return network
