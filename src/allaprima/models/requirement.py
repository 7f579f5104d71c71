"""What a field of a spec must be, said in one sentence."""

from allaprima.errors import ConfigError


def require(holds: bool, field: str, value: object, wanted: str) -> None:
    """Raise a `ConfigError` that names the field, its value and what is allowed, unless ``holds``."""
    if not holds:
        raise ConfigError(f"{field} is {value}: it must be {wanted}")
