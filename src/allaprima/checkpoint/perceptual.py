"""The weights of LPIPS: found on this machine, or fetched; checked by their hash, and kept in one small file.

Two files make the network: the convolutions of VGG-16 as torchvision publishes them, and the weights of LPIPS 0.1
(Zhang et al. 2018). They are looked for in a directory that is given, in ``$ALLAPRIMA_HOME/perceptual``
(``~/.cache/allaprima/perceptual``), in the cache of ``torch.hub``, and in the package ``lpips`` where that is
installed; nothing of that package is run. What was found is kept as ``lpips-vgg.safetensors``: 59 MB of the 553 MB.

NVIDIA's ``vgg16.pt`` is no such file: it is a program in TorchScript, which could only be run, not read.
"""

from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from torch import Tensor

from allaprima.checkpoint import weight_files
from allaprima.checkpoint.tensors import read_tensors, write_tensors
from allaprima.checkpoint.weight_files import WeightFile, read_state
from allaprima.errors import ModelFileError, OutputError
from allaprima.files import make_directory
from allaprima.models.lpips import LPIPS
from allaprima.models.vgg16 import CHANNELS

KEPT = "lpips-vgg.safetensors"
KIND, FORMAT_VERSION = "perceptual network", 1

VGG16_FILE = WeightFile(
    names=("vgg16-397923af.pth",),
    url="https://download.pytorch.org/models/vgg16-397923af.pth",
    sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
)
LPIPS_FILE = WeightFile(
    names=("lpips-vgg.pth", "vgg.pth", "vgg_lpips.pth"),
    url="https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/lpips/weights/v0.1/vgg.pth",
    sha256="a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
)


def find_lpips(directory: Path | None = None) -> LPIPS | None:
    """LPIPS, if its files are on this machine; nothing is fetched.

    Args:
        directory: Where to look first.

    Raises:
        ModelFileError: A file of that name is there, but cannot be read.
    """
    kept = folder() / KEPT
    if kept.is_file():
        return _network(read_tensors(kept, kind=KIND, version=FORMAT_VERSION)[0], kept)
    vgg, linear = find(VGG16_FILE, directory), find(LPIPS_FILE, directory)
    return None if vgg is None or linear is None else _kept(vgg, linear)


def fetch_lpips(directory: Path | None = None) -> LPIPS:
    """LPIPS; what is not on this machine is fetched (553 MB, once), with progress on a terminal.

    Raises:
        DownloadError: It cannot be fetched, or is not the file that it should be.
        ModelFileError: A file of that name is there, but cannot be read.
        OutputError: The cache cannot be written.
    """
    network = find_lpips(directory)
    if network is not None:
        return network
    vgg, linear = (find(file, directory) or weight_files.fetch(file, "perceptual") for file in (VGG16_FILE, LPIPS_FILE))
    return _kept(vgg, linear)


def folder() -> Path:
    """Where they are kept."""
    return weight_files.folder("perceptual")


def find(file: WeightFile, directory: Path | None = None) -> Path | None:
    """The first file on this machine that has one of the names of ``file``, and its hash."""
    return weight_files.find(file, "perceptual", directory, _in_package())


def _in_package() -> Iterator[Path]:
    package = find_spec("lpips")  # finds it without running it
    if package is not None and package.origin:
        yield Path(package.origin).parent / "weights" / "v0.1"


def _kept(vgg: Path, linear: Path) -> LPIPS:
    """The network of the two published files, and its own small file where that can be written."""
    network = _made_of(vgg, linear)
    header = {"kind": KIND, "format_version": FORMAT_VERSION, "sha256": [VGG16_FILE.sha256, LPIPS_FILE.sha256]}
    with suppress(OutputError):  # a cache that is read-only
        make_directory(folder())
        write_tensors(folder() / KEPT, network.state_dict(), header)
    return network


def _made_of(vgg: Path, linear: Path) -> LPIPS:
    """The network of the two published files. Raises `ModelFileError`."""
    convolutions, weights = read_state(vgg), read_state(linear)
    named = {f"vgg.{name}": tensor for name, tensor in convolutions.items() if name.startswith("features.")}
    for index in range(len(CHANNELS)):
        name = f"lin{index}.model.1.weight"
        if name not in weights:
            raise ModelFileError(f"{linear} has no {name}: it is not the file of LPIPS")
        named[f"weights.{index}"] = weights[name].flatten()
    return _network(named, vgg)


def _network(tensors: dict[str, Tensor], path: Path) -> LPIPS:
    network = LPIPS().eval().requires_grad_(requires_grad=False)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise ModelFileError(f"the tensors in {path} are not those of LPIPS with VGG-16") from error
    return network
