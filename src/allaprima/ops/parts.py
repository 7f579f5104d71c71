"""A length in parts that are worked on one after another."""


def parts(length: int, at_once: int) -> list[slice]:
    """``length`` in parts of about the same size, ``at_once`` at most (but 1 at least)."""
    number = -(-length // max(1, at_once))
    return [slice(length * part // number, length * (part + 1) // number) for part in range(number)]


def equal_parts(length: int, at_once: int) -> list[slice]:
    """``length`` in parts of one size, ``at_once`` at most (but 1 at least); the last may overlap that before it."""
    number = -(-length // max(1, at_once))
    size = -(-length // number)
    return [slice(begin, begin + size) for begin in (min(size * part, length - size) for part in range(number))]
