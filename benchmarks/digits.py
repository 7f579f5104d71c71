"""Trains the classifier that counts digits: at least 99 % right on digits that it has not seen.

    python benchmarks/digits.py [--data FOLDER]

Needs mnist-28-gray.zip and mnist-28-gray-test.zip in FOLDER, made by `allaprima dataset` from MNIST's idx files. Writes
runs/digits.safetensors and prints JSON: accuracy and seconds. Some two minutes on one core.
"""

import argparse
import os
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float, Int64, UInt8
from measuring import ROOT, show
from torch import Tensor, nn

from allaprima.checkpoint import read_tensors, write_tensors
from allaprima.data import ImageDataset
from allaprima.files import make_directory

DATA = Path(os.environ.get("ALLAPRIMA_DATA", "/work/shared/data"))
TRAINING_DIGITS, TEST_DIGITS = "mnist-28-gray.zip", "mnist-28-gray-test.zip"
WEIGHTS = ROOT / "runs" / "digits.safetensors"
KIND, VERSION = "digit classifier", 1

SIDE = 28
EPOCHS = 3
BATCH = 128
TOP_RATE = 4e-3
SHIFT = 2  # pixels that a training digit is moved at most, any way


class DigitClassifier(nn.Sequential):
    """Logits of the ten digits, from 28×28 grays in 0 to 1."""

    def __init__(self) -> None:
        super().__init__(
            *(nn.Conv2d(1, 16, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(16), nn.ReLU()),
            *(nn.Conv2d(16, 48, 3, padding=1, bias=False), nn.BatchNorm2d(48), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(48, 96, 3, padding=1, bias=False), nn.BatchNorm2d(96), nn.ReLU(), nn.AdaptiveMaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(96 * 4, 10)),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, metavar="FOLDER")
    arguments = parser.parse_args()
    begun = time.perf_counter()
    network = train(*read_digits(arguments.data / TRAINING_DIGITS))
    seconds = time.perf_counter() - begun
    right = accuracy(network, *read_digits(arguments.data / TEST_DIGITS))
    save(network, WEIGHTS, accuracy=right)
    show({"accuracy": round(right, 5), "seconds": round(seconds, 1), "epochs": EPOCHS, "weights": WEIGHTS.name})


def read_digits(path: Path) -> tuple[UInt8[Tensor, "n 1 h w"], Int64[Tensor, " n"]]:
    """All digits of an archive, and which they are."""
    images, labels = ImageDataset(path, use_labels=True).load_all()
    return images, labels.argmax(dim=1)


def train(
    images: UInt8[Tensor, "n 1 h w"], digits: Int64[Tensor, " n"], *, epochs: int = EPOCHS, seed: int = 0
) -> DigitClassifier:
    """A classifier of ``images``, in evaluation mode."""
    torch.manual_seed(seed)
    network = DigitClassifier().train()
    steps = epochs * -(-len(images) // BATCH)
    optimizer = torch.optim.Adam(network.parameters(), lr=TOP_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, TOP_RATE, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(images)), BATCH):
            loss = F.cross_entropy(network(shifted(as_input(images[rows]))), digits[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    return network.eval()


def as_input(images: UInt8[Tensor, "n 1 h w"]) -> Float[Tensor, "n 1 h w"]:
    return images.float() / 255


def shifted(x: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n 1 h w"]:
    """The batch moved by a few pixels: generated digits are not always in the middle."""
    down, right = torch.randint(-SHIFT, SHIFT + 1, (2,)).tolist()
    return F.pad(x, (right, -right, down, -down))


@torch.inference_mode()
def classify(network: nn.Module, images: UInt8[Tensor, "n 1 h w"]) -> Int64[Tensor, " n"]:
    """Which digit each image is taken for."""
    return torch.cat([network(as_input(part)).argmax(dim=1) for part in torch.split(images, 1000)])


def accuracy(network: nn.Module, images: UInt8[Tensor, "n 1 h w"], digits: Int64[Tensor, " n"]) -> float:
    """Share of the images that are taken for what they are."""
    return float((classify(network, images) == digits).double().mean())


def save(network: nn.Module, path: Path, *, accuracy: float) -> None:
    make_directory(path.parent)
    weights = {name: tensor.float() for name, tensor in network.state_dict().items()}
    write_tensors(path, weights, {"kind": KIND, "format_version": VERSION, "accuracy": accuracy})


def load(path: Path = WEIGHTS) -> tuple[DigitClassifier, float]:
    """The trained classifier, and its accuracy on digits that it had not seen."""
    if not path.is_file():
        raise SystemExit(f"there is no {path}: train the classifier first, with python benchmarks/digits.py")
    weights, header = read_tensors(path, kind=KIND, version=VERSION)
    network = DigitClassifier()
    network.load_state_dict(weights)
    return network.eval(), header["accuracy"]


def channels_as_digits(images: UInt8[Tensor, "n c h w"]) -> UInt8[Tensor, "nc 1 h w"]:
    """Each channel as an image of its own, the middle of it if there is a frame around."""
    top, left = (images.shape[2] - SIDE) // 2, (images.shape[3] - SIDE) // 2
    return rearrange(images[:, :, top : top + SIDE, left : left + SIDE], "n c h w -> (n c) 1 h w")


if __name__ == "__main__":
    main()
