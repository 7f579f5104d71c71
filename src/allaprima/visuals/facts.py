"""What is known of a model, as a table of texts. Provenance may come from files of others: one line of each is kept."""

from collections.abc import Iterator, Mapping
from typing import Any

from allaprima.checkpoint import Networks
from allaprima.checkpoint.model_card import CHANNELS, system_name
from allaprima.checkpoint.tensors import one_line
from allaprima.models import count_parameters

TOLD = {
    "images": "trained on",
    "images_licence": "licence of the images",
    "licence": "licence of the weights",
    "attribution": "attribution",
    "parent": "began with",
    "hardware": "hardware",
}
"""Facts of provenance that a reader wants, and what to call them."""

LONGEST = 400  # letters of a fact


def facts(networks: Networks) -> list[tuple[str, str]]:
    """Name and value of each fact, from the architecture to the licence; what is not known is left out."""
    return [(name, value) for name, value in (*_of_networks(networks), *_of_provenance(networks)) if value]


def _of_networks(networks: Networks) -> Iterator[tuple[str, str]]:
    G, D = networks.G_ema, networks.D
    variant = getattr(G.spec, "architecture", "")
    yield "architecture", f"{system_name(G.spec)}{f', {variant}' if variant else ''}"
    colours = CHANNELS.get(G.img_channels, f"{G.img_channels} channels")
    yield "images", f"{G.img_height}×{G.img_width} (height × width), {colours}"
    yield "parameters of the generator", f"{count_parameters(G):,}"
    yield "parameters of the discriminator", f"{count_parameters(D):,}" if D is not None else "none in this file"
    yield "latents", f"z of {G.z_dim} numbers, w of {G.w_dim}, {G.num_ws} {'style' if G.num_ws == 1 else 'styles'}"
    if G.c_dim:
        named = f": {', '.join(networks.class_names)}" if networks.class_names else ""
        yield "label", _cut(f"{G.c_dim} numbers{named}")


def _of_provenance(networks: Networks) -> Iterator[tuple[str, str]]:
    told, data = networks.provenance, networks.provenance.get("data")
    of_data = data if isinstance(data, Mapping) else {"name": data}
    yield "data set", _text(of_data.get("name"))
    yield "number of images", _text(of_data.get("images"))
    seen = told.get("images_seen")
    if isinstance(seen, int | float) and not isinstance(seen, bool):
        yield "training", f"{seen / 1000:,.10g} kimg (thousands of images seen)"
    for key, name in TOLD.items():
        yield name, _text(told.get(key))


def _text(value: Any) -> str:
    """A fact in one line; nothing for what has parts."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return f"{value:,}" if isinstance(value, int) else _cut(one_line(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
