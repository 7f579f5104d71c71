"""DINOv2's transformer: the published names and shapes, its definition in float64, and the weights where they are."""

import math

import pytest
import torch
from torch import Tensor

from allaprima.checkpoint.detectors import DINOV2_FILE, find_detector, missing_words
from allaprima.models.dinov2 import BASE, LARGE, SMALL, TRAINED_GRID, DINOv2, DINOv2Size

TINY = DINOv2Size(width=12, depth=2, heads=3)
SMALL_BYTES = 88_283_115  # of dinov2_vits14_pretrain.pth


@pytest.fixture(scope="module")
def network() -> DINOv2:
    torch.manual_seed(0)
    network = DINOv2(TINY)
    for parameter in network.parameters():
        parameter.normal_(std=0.3)
    return network


def published(width: int, depth: int) -> dict[str, tuple[int, ...]]:
    names: dict[str, tuple[int, ...]] = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, 1370, width),
        "mask_token": (1, width),
        "patch_embed.proj.weight": (width, 3, 14, 14),
        "patch_embed.proj.bias": (width,),
    }
    for i in range(depth):
        names |= {
            f"blocks.{i}.norm1.weight": (width,),
            f"blocks.{i}.norm1.bias": (width,),
            f"blocks.{i}.attn.qkv.weight": (3 * width, width),
            f"blocks.{i}.attn.qkv.bias": (3 * width,),
            f"blocks.{i}.attn.proj.weight": (width, width),
            f"blocks.{i}.attn.proj.bias": (width,),
            f"blocks.{i}.ls1.gamma": (width,),
            f"blocks.{i}.norm2.weight": (width,),
            f"blocks.{i}.norm2.bias": (width,),
            f"blocks.{i}.mlp.fc1.weight": (4 * width, width),
            f"blocks.{i}.mlp.fc1.bias": (4 * width,),
            f"blocks.{i}.mlp.fc2.weight": (width, 4 * width),
            f"blocks.{i}.mlp.fc2.bias": (width,),
            f"blocks.{i}.ls2.gamma": (width,),
        }
    return {**names, "norm.weight": (width,), "norm.bias": (width,)}


@pytest.mark.parametrize("size", [SMALL, BASE, LARGE])
def test_all_tensors_have_the_published_names_and_shapes(size: DINOv2Size) -> None:
    with torch.device("meta"):
        state = DINOv2(size).state_dict()
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == published(size.width, size.depth)


def test_the_tensors_are_as_large_as_the_published_files() -> None:
    for size, wanted in ((SMALL, SMALL_BYTES), (LARGE, DINOV2_FILE.size)):
        assert wanted is not None
        with torch.device("meta"):
            own = sum(tensor.nbytes for tensor in DINOv2(size).state_dict().values())
        assert 0 < wanted - own < 0.001 * wanted  # the rest is names


def slow(network: DINOv2, images: Tensor) -> Tensor:
    """The class token of one image [3, h, w], written out in float64."""
    p = {name: tensor.double() for name, tensor in network.state_dict().items()}
    d, heads = network.size.width, network.size.heads

    def norm(x: Tensor, name: str) -> Tensor:
        centred = x - x.mean(dim=-1, keepdim=True)
        scaled = centred / (centred.square().mean(dim=-1, keepdim=True) + 1e-6).sqrt()
        return scaled * p[f"{name}.weight"] + p[f"{name}.bias"]

    tokens = [p["cls_token"][0, 0]]
    for top in range(0, images.shape[1], 14):
        for left in range(0, images.shape[2], 14):
            patch = images[:, top : top + 14, left : left + 14].double()
            tokens.append((p["patch_embed.proj.weight"] * patch).sum(dim=(1, 2, 3)) + p["patch_embed.proj.bias"])
    grid = (images.shape[1] // 14, images.shape[2] // 14)
    x = torch.stack(tokens) + network.positions(grid)[0].double()
    for i in range(network.size.depth):
        block = f"blocks.{i}"
        y = norm(x, f"{block}.norm1") @ p[f"{block}.attn.qkv.weight"].T + p[f"{block}.attn.qkv.bias"]
        mixed = []
        for head in range(heads):
            part = slice(head * d // heads, (head + 1) * d // heads)
            q, k, v = (y[:, n * d : (n + 1) * d][:, part] for n in range(3))
            mixed.append((q @ k.T / math.sqrt(d // heads)).softmax(dim=1) @ v)
        y = torch.cat(mixed, dim=1) @ p[f"{block}.attn.proj.weight"].T + p[f"{block}.attn.proj.bias"]
        x = x + y * p[f"{block}.ls1.gamma"]
        y = norm(x, f"{block}.norm2") @ p[f"{block}.mlp.fc1.weight"].T + p[f"{block}.mlp.fc1.bias"]
        y = y * 0.5 * (1 + torch.erf(y / math.sqrt(2)))
        x = x + (y @ p[f"{block}.mlp.fc2.weight"].T + p[f"{block}.mlp.fc2.bias"]) * p[f"{block}.ls2.gamma"]
    return norm(x[0], "norm")


def test_it_is_the_definition(network: DINOv2) -> None:
    images = torch.randn(2, 3, 28, 42, generator=torch.Generator().manual_seed(0))
    got = network.class_token(images)
    for image, token in zip(images, got, strict=True):
        torch.testing.assert_close(token.double(), slow(network, image), rtol=1e-4, atol=1e-5)


def test_positions_of_the_trained_grid_are_the_learned_ones(network: DINOv2) -> None:
    assert torch.equal(network.positions((TRAINED_GRID, TRAINED_GRID)), network.pos_embed)
    assert network.positions((16, 16)).shape == (1, 257, TINY.width)


def test_pixels_of_any_size_and_shape_are_taken(network: DINOv2) -> None:
    for shape in ((2, 3, 20, 31), (1, 3, 300, 240)):
        features = network(torch.randint(256, shape, dtype=torch.uint8))
        assert features.shape == (shape[0], TINY.width)
        assert bool(torch.isfinite(features).all())


def test_the_published_weights_know_a_picture() -> None:
    found = find_detector("dinov2")
    if found is None:
        pytest.skip(f"NOT VERIFIED END TO END: {missing_words('dinov2')}")
    black, white = (found(torch.full((1, 3, 64, 64), value, dtype=torch.uint8)) for value in (0, 255))
    assert float((black - white).norm()) > 1
    assert 10 < float(black.norm()) < 100
