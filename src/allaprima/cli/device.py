"""The option ``--device``, which all commands that compute share."""

from collections.abc import Callable
from typing import Any

import click

from allaprima.device import choose_device as choose_device


def device_option() -> Callable[[Any], Any]:
    """``--device auto|cpu|cuda|mps``."""
    return click.option(
        "--device", "device_name", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, mps, …"
    )
