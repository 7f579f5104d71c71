"""Where to compute, by name."""

from typing import Any

from allaprima.errors import ConfigError


def choose_device(name: str, *, local_rank: int | None = None) -> Any:
    """The torch device of that name; ``auto`` takes a GPU if there is one.

    Args:
        name: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``, …
        local_rank: Of several processes on a machine each takes a GPU of its own, unless the name says which.

    Raises:
        ConfigError: This machine has no such device.
    """
    import torch

    device = _named(name)
    if local_rank is None or device.type != "cuda" or device.index is not None:
        return device
    return torch.device("cuda", local_rank % torch.cuda.device_count())


def _named(name: str) -> Any:
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).tolist()
    except Exception as error:  # a backend that is not there says so in its own way
        reason = (str(error).splitlines() or [type(error).__name__])[0].partition(". ")[0]
        raise ConfigError(f"--device {name!r} cannot be used on this machine: {reason}") from error
    return device
