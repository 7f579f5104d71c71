"""Devices by name."""

import pytest
import torch

from allaprima.device import choose_device
from allaprima.errors import ConfigError


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_a_gpu_if_there_is_one(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, wanted: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto") == torch.device(wanted)


def test_the_processor_is_always_there() -> None:
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["", "gpu", "cpu:x", "cuda:99", "meta", "hpu", "xla", "CPU "])
def test_what_is_not_there_is_named_in_one_sentence(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        choose_device(name)
    assert str(caught.value).startswith(f"--device {name!r} cannot be used on this machine: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
