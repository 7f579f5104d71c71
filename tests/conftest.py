"""Shared by all tests: the reference numbers, and shapes checked at run time."""

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from beartype import BeartypeConf, beartype
from hypothesis import settings
from jaxtyping import install_import_hook
from safetensors import safe_open
from torch import Tensor

REFERENCE = Path(__file__).parent / "reference"
VALUES, PROJECTIONS = 1024, 16  # of a sketch
SHAPED = [f"allaprima.{name}" for name in ("ops", "layers", "models", "losses", "augment", "visuals")]

install_import_hook(SHAPED, "tests.conftest.check_shapes")
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None, max_examples=50)
settings.load_profile("repeatable")


def check_shapes(function: Callable[..., Any]) -> Callable[..., Any]:
    """Check arguments and results against their annotations at every call, while tests run.

    Constructors are let alone: specs say themselves, in a sentence, what is wrong with a field.
    """
    if function.__name__ in {"__init__", "__post_init__"}:
        return function
    return beartype(function, conf=BeartypeConf(is_pep484_tower=True))


class Sketch(NamedTuple):
    """What the repository keeps of a large output: some of its values, and projections of all of it."""

    name: str
    shape: tuple[int, ...]
    values: Tensor


def sketch_of(output: Tensor, name: str) -> Tensor:
    """`VALUES` of the output's numbers, at places that ``name`` decides, then `PROJECTIONS` of all of it."""
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    flat = output.detach().double().flatten()
    places = torch.randperm(flat.numel(), generator=generator)[:VALUES]
    signs = torch.randint(2, (PROJECTIONS, flat.numel()), generator=generator, dtype=torch.int8) * 2 - 1
    return torch.cat([flat[places], signs.double() @ flat / flat.numel() ** 0.5]).float()


class Reference(NamedTuple):
    """Tensors and metadata of one file of what the original systems compute; its large outputs are sketches."""

    tensors: dict[str, Any]
    metadata: dict[str, Any]

    def part(self, prefix: str) -> dict[str, Any]:
        """Tensors whose names begin with ``prefix``, without it."""
        return {k.removeprefix(prefix): v for k, v in self.tensors.items() if k.startswith(prefix)}


def read_reference(name: str) -> Reference:
    with safe_open(REFERENCE / f"{name}.safetensors", "pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
        metadata = {k: json.loads(v) if v[:1] in "[{" else v for k, v in (file.metadata() or {}).items()}
    sketches = {key: Sketch(key, tuple(shape), tensors[key]) for key, shape in metadata.get("sketches", {}).items()}
    return Reference({**tensors, **sketches}, metadata)


def assert_near(got: Tensor, wanted: Tensor | Sketch, tolerance: float) -> None:
    """Equal to ``tolerance`` relative to the largest absolute value of ``wanted``."""
    assert got.shape == wanted.shape
    if isinstance(wanted, Sketch):
        got, wanted = sketch_of(got, wanted.name), wanted.values
    worst = (got - wanted).abs().max() / wanted.abs().max().clamp(min=1e-12)
    assert worst <= tolerance, f"differs by {worst:.2e} of the largest value, allowed are {tolerance:.0e}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run fault benches and trainings that take minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs --slow"))


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)
