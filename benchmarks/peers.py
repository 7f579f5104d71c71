"""Other people's StyleGAN2 generators, as their packages build them, for `generation.py --peers`.

    pip install --no-deps stylegan2_pytorch==1.9.0 labml-nn==0.5.1 kornia==0.9.0 kornia_rs==0.2.0

Without dependencies, for these would replace PyTorch. They are made as wide as configuration F at the finest resolution
(their own defaults are a quarter of that), but their blocks differ: parameters are told. Evaluation mode, float32.
"""

import json
import sys
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock, patch

PEERS = ("stylegan2_pytorch", "labml_nn")
UNUSED = ("fire", "aim", "retry", "torchvision", "vector_quantize_pytorch")
"""What stylegan2_pytorch imports for its command line, its training and its discriminator."""


def installed() -> list[str]:
    """Peers that can be measured here."""
    return [name for name in PEERS if find_spec(name)]


def work(job: Any) -> None:
    """Measure a peer with the system's own memory allocation, and print the figures as one line of JSON."""
    import torch
    from ceiling import matrix_gflops
    from generation_process import peak_memory_mb, timed

    torch.manual_seed(0)
    device = torch.device("cpu")
    modules, paint = painter(job.network, job.size, job.batch)
    with torch.inference_mode():
        image, times = timed(paint, job, device)
    figures = {
        "seconds": median(times),
        "repeats": len(times),
        "shape": list(image.shape[1:]),
        "parameters": sum(p.numel() for p in modules.parameters()),
        "peak_memory_mb": peak_memory_mb(),  # before the rest, which needs some of its own
        "ceiling_gflops": matrix_gflops(device, seconds=job.ceiling_seconds)["median"],
    }
    print(json.dumps(figures))


def painter(peer: str, size: int, batch: int) -> tuple[Any, Callable[[], Any]]:
    """The modules of a peer's generator, and what paints ``batch`` images of ``size``² pixels with it."""
    return {"stylegan2_pytorch": _stylegan2_pytorch, "labml_nn": _labml_nn}[peer](size, batch)


def _width(size: int) -> int:
    """Feature maps of configuration F at the finest resolution."""
    return min(32768 // size, 512)


def _labml_nn(size: int, batch: int) -> tuple[Any, Callable[[], Any]]:
    import torch
    from labml_nn.gan.stylegan import Generator, MappingNetwork

    levels = size.bit_length() - 1
    mapping, G = MappingNetwork(512, 8).eval(), Generator(levels, 512, _width(size)).eval()
    z = torch.randn(batch, 512)

    def noise(side: int) -> Any:
        return torch.randn(batch, 1, side, side)

    def paint() -> Any:
        sides = [4 * 2**i for i in range(levels - 1)]
        noises = [(None if side == 4 else noise(side), noise(side)) for side in sides]
        return G(mapping(z)[None].expand(len(sides), -1, -1), noises)

    return torch.nn.ModuleList([mapping, G]), paint


def _stylegan2_pytorch(size: int, batch: int) -> tuple[Any, Callable[[], Any]]:
    import torch

    library = _import_without_a_gpu()
    mapping = library.StyleVectorizer(512, 8, lr_mul=0.1).eval()
    G = library.Generator(size, 512, network_capacity=_width(size) // 2).eval()
    z, noise = torch.randn(batch, 512), torch.rand(batch, size, size, 1)

    def paint() -> Any:
        return G(mapping(z)[:, None].expand(-1, G.num_layers, -1), noise)

    return torch.nn.ModuleList([mapping, G]), paint


def _import_without_a_gpu() -> Any:
    """The file of stylegan2_pytorch that holds its networks; it refuses machines without a GPU."""
    stands_in: dict[str, ModuleType | MagicMock] = {}
    for name in UNUSED:
        if name.partition(".")[0] in stands_in or not find_spec(name.partition(".")[0]):
            stands_in[name] = MagicMock(name=name)
    with patch.dict(sys.modules, stands_in), patch("torch.cuda.is_available", lambda: True):
        import stylegan2_pytorch.stylegan2_pytorch as library
    return library
