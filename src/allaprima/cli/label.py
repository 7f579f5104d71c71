"""What `--class` means."""

import re
from typing import Any


def label_of(text: str | None, class_names: list[str] | None) -> dict[str, Any]:
    """What `--class` means, as arguments of `allaprima.generate`: a class, or a label. Raises `LatentError`."""
    import torch

    known = class_names or []
    if text is None:
        return {"class_index": None}
    if text in known or not re.search(r"[+,.]", text):
        return {"class_index": class_number(text, class_names)}
    if re.fullmatch(r"[-+.,eE0-9\s]*[.,][-+.,eE0-9\s]*", text):
        return {"c": torch.tensor([numbers(text)])}
    indices = [class_number(name, class_names) for name in text.split("+")]
    label = torch.zeros(1, max(len(known), *(index + 1 for index in indices)))
    label[0, indices] = 1
    return {"c": label}


def numbers(text: str) -> list[float]:
    """The numbers of a label. Raises `LatentError`."""
    from allaprima.errors import LatentError

    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise LatentError(f"{text!r} is no label: it must be numbers joined by commas, as 0.2,0.5,1") from None


def class_number(name: str, class_names: list[str] | None) -> int:
    """The number of a class given by number or name. Raises `LatentError`."""
    from allaprima.errors import LatentError

    if re.fullmatch(r"\d{1,9}", name):
        return int(name)
    if class_names and name in class_names:
        return class_names.index(name)
    known = f"its classes are {', '.join(class_names)}" if class_names else "it has no classes with names"
    raise LatentError(f"this model has no class {name!r}: {known}")
