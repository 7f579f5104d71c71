"""Which of the processes that torchrun has started this one is."""

from collections.abc import Mapping

from allaprima.errors import ConfigError

SET_BY_TORCHRUN = (
    *("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "GROUP_RANK", "GROUP_WORLD_SIZE", "ROLE_RANK"),
    *("ROLE_WORLD_SIZE", "ROLE_NAME", "MASTER_ADDR", "MASTER_PORT"),
)


def rank_of(environment: Mapping[str, str]) -> tuple[int, int, int]:
    """Which process this is, of how many, and which one on its machine, from 0; without torchrun it is alone.

    Raises:
        ConfigError: The environment is only half of torchrun's.
    """
    if environment.get("WORLD_SIZE", "1") == "1":
        return 0, 1, 0
    try:
        rank, count, local = (int(environment[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    except (KeyError, ValueError) as error:
        raise ConfigError(
            "WORLD_SIZE is set, but not RANK and LOCAL_RANK, as numbers: torchrun sets all of them"
        ) from error
    return rank, count, local


def without_torchrun(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program that is alone, though torchrun started the one that starts it."""
    return {
        name: value
        for name, value in environment.items()
        if name not in SET_BY_TORCHRUN and not name.startswith("TORCHELASTIC_")
    }
