"""Which of the processes that torchrun has started this one is."""

from collections.abc import Mapping

from allaprima.errors import ConfigError


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
