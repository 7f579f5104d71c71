"""Do images and scores of ``stylegan2_pytorch`` equal ours, of the same file, latents and noise?

    pip download --no-deps stylegan2_pytorch==1.9.0 kornia kornia_rs packaging vector-quantize-pytorch==0.1.0 -d wheels
    pip install --no-deps --no-index --find-links wheels --target /tmp/luc/site \\
        stylegan2_pytorch kornia kornia_rs packaging vector-quantize-pytorch
    python benchmarks/lucidrains_parity.py --site /tmp/luc/site

The package is run, not read, in a folder of its own, so that it cannot bring another PyTorch; of what else it imports
there are stand-ins without contents. It makes a network with random weights, noise included, and writes it as its
training does; we read the file through the closed pickle reader and the importer. Prints JSON: for each case the
largest difference, relative to the largest absolute value.
"""

import argparse
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import tempfile
import types
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, patch

import torch
import torch.nn.functional as F
from measuring import show
from torch import Tensor

from allaprima.interchange import read_pickle
from allaprima.interchange.lucidrains import lucidrains
from allaprima.models.lucidrains.colour import to_signed

ABSENT = {
    *("adamp", "aim", "apex", "contrastive_learner", "fire", "linear_attention_transformer", "pytorch_fid", "retry"),
    *("torch_optimizer", "torchvision", "tqdm", "vector_quantize_pytorch"),
}
COUNT = 3  # images
CASES: dict[str, dict[str, Any]] = {
    "32": {"image_size": 32, "network_capacity": 4},
    "64": {"image_size": 64},
    "256": {"image_size": 256, "network_capacity": 4},
    "at most 512 feature maps": {"image_size": 16, "network_capacity": 96},
    "transparent": {"image_size": 32, "network_capacity": 4, "transparent": True},
    "no_const": {"image_size": 32, "network_capacity": 4, "no_const": True},
    "latent_dim, style_depth": {"image_size": 16, "network_capacity": 4, "latent_dim": 96, "style_depth": 3},
    "fq_layers": {"image_size": 32, "network_capacity": 4, "fq_layers": [1, 3], "fq_dict_size": 32},
}


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules that are not installed, and fills them with whatever is asked of them."""

    def __init__(self) -> None:
        self.names = {name for name in ABSENT if importlib.util.find_spec(name) is None}

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in self.names:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        module = types.ModuleType(spec.name)
        module.__dict__["__getattr__"] = attribute
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def attribute(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return MagicMock(name=name)


def load_package(site: Path) -> Any:
    """Import the package, on a machine without CUDA too."""
    sys.path.insert(0, str(site))
    sys.meta_path.append(StandIns())
    setattr(torch.nn.Module, "cuda", lambda self, *_, **__: self)  # noqa: B010 - mypy lets no method be assigned
    filters: Any = importlib.import_module("kornia.filters")
    filters.filter2D = filters.filter2d  # its name at the time of version 1.7
    with patch("torch.cuda.is_available", lambda: True):
        return importlib.import_module("stylegan2_pytorch.stylegan2_pytorch")


def as_after_a_training(model: torch.nn.Module) -> None:
    """Random numbers where a new network has zeros; the moving average differs from what it is the average of."""
    for name, parameter in model.named_parameters():
        if "to_noise" in name or (".net." in name and name.endswith("bias")):
            torch.nn.init.normal_(parameter, std=0.3)
        elif name.startswith(("GE.", "SE.")):
            parameter.data.mul_(0.9)


@torch.no_grad()
def compare(package: Any, arguments: dict[str, Any], folder: Path) -> dict[str, float]:
    torch.manual_seed(0)
    model = package.StyleGAN2(**arguments)
    as_after_a_training(model)
    model.eval()
    torch.save({"GAN": model.state_dict(), "version": "1.9.0"}, folder / "model_1.pt")
    imported = lucidrains(read_pickle(folder / "model_1.pt"))
    assert imported is not None
    networks: dict[str, Any] = {role: network.build() for role, network in imported.networks.items()}
    differences = {}
    z = torch.randn(COUNT, networks["G"].z_dim)
    noise = torch.rand(1, arguments["image_size"], arguments["image_size"])
    for role, mapping, synthesis in (("G", model.S, model.G), ("G_ema", model.SE, model.GE)):
        ours = networks[role]
        ours.synthesis.noise_const.copy_(noise[0])
        ws = ours.mapping(z)
        w = mapping(F.normalize(z, dim=1)) if normalizes_outside(mapping) else mapping(z)
        differences[f"{role} w"] = difference(ws[:, 0], w)
        mixed = torch.stack([w.roll(i, dims=0) for i in range(ours.num_ws)], dim=1)
        for name, kind, image in (("random", "const", noise), ("no", "none", torch.zeros_like(noise))):
            theirs = synthesis(mixed, image[..., None].expand(COUNT, -1, -1, -1))
            differences[f"{role} image, {name} noise"] = difference(
                ours.synthesis(mixed, noise_mode=kind), to_signed(theirs)
            )
    images = 1 - torch.rand(COUNT, networks["D"].img_channels, *noise.shape[1:]) * (254 / 255)  # with some alpha
    theirs = model.D(images)[0].reshape(COUNT, 1)
    differences["D score"] = difference(networks["D"](to_signed(images)), -theirs)
    return differences


def normalizes_outside(mapping: Any) -> bool:
    """Whether the mapping network of this version leaves it to others to make z one long."""
    z = torch.randn(1, mapping.net[0].weight.shape[1])
    return not torch.allclose(mapping(z), mapping(2 * z), rtol=1e-4)


def difference(got: Tensor, wanted: Tensor) -> float:
    return float((got - wanted).abs().max() / wanted.abs().max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, required=True, help="folder that the package was installed into")
    parser.add_argument("--case", choices=CASES, help="only this one")
    options = parser.parse_args()
    package = load_package(options.site)
    with tempfile.TemporaryDirectory() as folder:
        chosen = {options.case: CASES[options.case]} if options.case else CASES
        found = {name: compare(package, arguments, Path(folder)) for name, arguments in chosen.items()}
    worst = max(value for case in found.values() for value in case.values())
    show({"cases": found, "worst": worst})


if __name__ == "__main__":
    main()
