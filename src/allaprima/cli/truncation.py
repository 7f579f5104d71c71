"""What `--truncation` says: ψ, and where it leads to."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

HELP = "ψ: 1 as learned, less for safer images; 0.7@class, 0.7@64 or 0.7@FILE: towards the class's mean, the nearest of"
HELP += " 64 clusters, or of a file of centres."


def truncation_option() -> Callable[[Any], Any]:
    """``--truncation PSI[@CENTRE]``."""
    return click.option("--truncation", default="1", show_default=True, metavar="ψ", help=HELP)


def truncation_of(text: str, G: Any, label: dict[str, Any]) -> dict[str, Any]:
    """What the text means, as arguments of `allaprima.latents.styles.styles_of_seeds`.

    Args:
        text: ψ, or ψ@class, ψ@NUMBER of clusters, ψ@FILE of centres.
        G: The generator.
        label: What `--class` means, see `allaprima.cli.label.label_of`.

    Raises:
        LatentError: The text is not one of these, or the file was made for another kind of model.
    """
    from allaprima.latents.centres import centre_of_class
    from allaprima.latents.clusters import cluster_centres, read_centres

    number, _, where = text.partition("@")
    psi = {"truncation_psi": finite(number, text)}
    if not where:
        if text.endswith("@"):
            raise wrong(text)
        return psi
    if where == "class":
        return psi | {"centres": centre_of_class(G, label.get("class_index"), c=label.get("c"))[None]}
    if re.fullmatch(r"\d{1,6}", where):
        return psi | {"centres": cluster_centres(G, int(where), class_index=label.get("class_index"))}
    return psi | {"centres": read_centres(Path(where), G)}


def finite(number: str, text: str) -> float:
    """The number. Raises `LatentError`."""
    if not re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)\s*", number):
        raise wrong(text)
    return float(number)


def wrong(text: str) -> Exception:
    """What to raise for a text that is no truncation."""
    from allaprima.errors import LatentError

    return LatentError(f"{text!r} is no truncation: give ψ as 0.7, or 0.7@class, 0.7@64 (clusters) or 0.7@FILE")
