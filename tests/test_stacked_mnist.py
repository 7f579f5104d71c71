"""The benchmark of mode coverage: stacks show the number on their label, and what a generator makes is counted."""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from allaprima.data import ImageDataset
from allaprima.data.archive import archive_writer

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module("stacked_mnist")


@pytest.fixture
def digits(bench: Any) -> Any:
    return sys.modules["digits"]


def drawn(digit: int) -> Tensor:
    """A digit as the tests draw it: the brighter, the larger, with a dark spot so that it is no constant."""
    image = torch.full((1, 28, 28), 25 * digit + 10, dtype=torch.uint8)
    image[:, :4, :4] = 0
    return image


class Reader(nn.Module):
    """Knows those digits."""

    def forward(self, x: Tensor) -> Tensor:
        brightness = x[:, 0, 14, 14, None] * 255
        return -(brightness - (25 * torch.arange(10) + 10)).abs()


class Painter:
    """A generator that paints the numbers that it was given, one for each seed, in turn."""

    z_dim, w_dim, num_ws, c_dim, img_channels, img_height, img_width = 8, 8, 1, 0, 3, 28, 28

    def __init__(self, numbers: list[int]) -> None:
        self.numbers, self.painted = numbers, 0

    def parameters(self) -> Any:
        return iter([torch.zeros(1)])

    def mapping(self, z: Tensor, c: Tensor | None, **options: Any) -> Tensor:
        return z[:, None]

    def synthesis(self, ws: Tensor, **options: Any) -> Tensor:
        shown = [self.numbers[(self.painted + i) % len(self.numbers)] for i in range(len(ws))]
        self.painted += len(ws)
        stacks = torch.stack([torch.cat([drawn(int(digit)) for digit in f"{number:03d}"]) for number in shown])
        return stacks / 127.5 - 1


def alphabet() -> tuple[Tensor, Tensor]:
    labels = torch.arange(10).repeat_interleave(2)
    return torch.stack([drawn(int(label)) for label in labels]), labels


@pytest.mark.parametrize("padding", [0, 2])
def test_each_channel_holds_its_digit(bench: Any, padding: int) -> None:
    stacks, numbers = bench.stack(*alphabet(), 200, torch.Generator().manual_seed(0), padding=padding)
    assert stacks.shape == (200, 3, 28 + 2 * padding, 28 + 2 * padding)
    for image, number in zip(stacks, numbers.tolist(), strict=True):
        for channel, digit in enumerate(f"{number:03d}"):
            shown = image[channel, padding : padding + 28, padding : padding + 28]
            assert torch.equal(shown, drawn(int(digit))[0])
    assert len(torch.unique(numbers)) > 150


def test_a_number_is_read_as_it_was_stacked(bench: Any) -> None:
    for padding in (0, 2):
        stacks, numbers = bench.stack(*alphabet(), 100, torch.Generator().manual_seed(1), padding=padding)
        assert torch.equal(bench.classify(Reader(), stacks), numbers)


def test_an_archive_of_stacks_carries_its_numbers(bench: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bench, "AT_ONCE", 16)
    source = tmp_path / "digits.zip"
    with archive_writer(source) as archive:
        for image, label in zip(*alphabet(), strict=True):
            archive.add(image[0].numpy(), int(label))
        archive.finish()
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        bench.make(tmp_path / f"{name}.zip", count=30, source=source, padding=2, seed=seed)
    dataset = ImageDataset(tmp_path / "a.zip", use_labels=True)
    images, labels = dataset.load_all()
    assert images.shape == (30, 3, 32, 32)
    numbers = bench.classify(Reader(), images)
    assert torch.equal(labels.argmax(dim=1), numbers)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert (tmp_path / "a.zip").read_bytes() != (tmp_path / "c.zip").read_bytes()
    assert torch.equal(torch.cat(list(bench.real_images(tmp_path / "a.zip", 25))), images[:25])


@pytest.mark.parametrize(
    ("numbers", "modes", "kl"),
    [(list(range(1000)), 1000, 0.0), ([7, 70, 700], 3, np.log(1000 / 3)), (list(range(0, 1000, 2)), 500, np.log(2))],
)
def test_what_a_generator_paints_is_counted(bench: Any, numbers: list[int], modes: int, kl: float) -> None:
    count = 3 * len(numbers)
    figures = bench.coverage(Reader(), bench.painted_images(Painter(numbers), count))
    assert figures["samples"] == count
    assert figures["modes"] == modes
    assert figures["kl_to_uniform"] == pytest.approx(kl, abs=1e-5)
    assert abs(figures["kl_to_data"] - kl) < 0.03


def test_what_occurs_by_mistake_can_be_left_out(bench: Any) -> None:
    seven, eight = (torch.cat([drawn(0), drawn(0), drawn(digit)])[None] for digit in (7, 8))
    for count, kept in ((9_999, 2), (10_000, 1)):  # one of 10,000 is a tenth of a fair share
        figures = bench.coverage(Reader(), [seven.expand(count, -1, -1, -1), eight])
        assert (figures["modes"], figures["modes_above_tenth"]) == (2, kept)


def test_shares_of_numbers_are_products_of_those_of_digits(bench: Any) -> None:
    shares = bench.shares_of_numbers()
    assert shares.shape == (1000,)
    assert shares[251] == 5958 * 5421 * 6742
    assert shares.sum() == pytest.approx(60_000**3)


def test_evaluate_prints_circumstances_and_figures(
    bench: Any, digits: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(digits, "load", lambda: (Reader(), 0.99))
    with archive_writer(tmp_path / "stacks.zip") as archive:
        for pixels in bench.stack(*alphabet(), 20, torch.Generator().manual_seed(0))[0]:
            archive.add(pixels.permute(1, 2, 0).numpy())
        archive.finish()
    bench.evaluate(str(tmp_path / "stacks.zip"), count=10, device="cpu")
    printed = json.loads(capsys.readouterr().out)
    assert {"date", "commit", "processor"} <= printed["circumstances"].keys()
    assert printed["figures"]["archive"] == "stacks.zip"
    assert printed["figures"]["samples"] == 10
    assert printed["figures"]["classifier_accuracy"] == 0.99


def test_the_classifier_learns_and_comes_back_from_its_file(digits: Any, tmp_path: Path) -> None:
    images, labels = alphabet()
    images, labels = images.repeat(100, 1, 1, 1), labels.repeat(100)
    network = digits.train(images, labels, epochs=2)
    right = digits.accuracy(network, images[:100], labels[:100])
    assert right > 0.5  # far from 0.1, which is chance
    digits.save(network, tmp_path / "runs" / "digits.safetensors", accuracy=right)
    again, stored = digits.load(tmp_path / "runs" / "digits.safetensors")
    assert stored == right
    assert torch.equal(digits.classify(again, images[:100]), digits.classify(network, images[:100]))


def test_without_a_classifier_the_way_to_one_is_told(digits: Any, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"train the classifier first, with python benchmarks/digits\.py"):
        digits.load(tmp_path / "none.safetensors")
