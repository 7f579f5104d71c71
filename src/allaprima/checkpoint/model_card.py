"""The model card: README.md of a directory for the Hugging Face hub, written from what the model's provenance says.

Nothing is invented: what is not known has no line. Provenance may come from files of others, so its texts are quoted.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from allaprima.checkpoint.model_file import Networks
from allaprima.checkpoint.tensors import one_line
from allaprima.models import Spec, count_parameters, spec_to_dict
from allaprima.version import __version__

HUB_LICENCES = {"apache-2.0", "mit", "cc0-1.0", "bsd-3-clause", "unlicense", "openrail"} | {
    f"cc-by{kind}-4.0" for kind in ("", "-sa", "-nc", "-nd", "-nc-sa", "-nc-nd")
}
"""What the hub calls licences. Any other is ``other``, with its name beside it."""

SYSTEMS = {
    "progan": "ProGAN",
    "stylegan": "StyleGAN",
    "stylegan2": "StyleGAN2",
    "stylegan3": "StyleGAN3",
    "r3gan": "R3GAN",
}
CHANNELS = {1: "gray", 2: "gray with alpha", 3: "RGB", 4: "RGBA"}
TITLES = {
    "licence": "licence of the weights",
    "images": "trained on",
    "images_licence": "licence of the images",
    "attribution": "attribution",
    "images_seen": "images seen in training",
    "parent": "began with",
    "hardware": "hardware",
}
"""What the card calls the facts that provenance usually has; all others go by their own names."""


def model_card(networks: Networks, name: str) -> str:
    """The text of README.md for a model that will be called ``name``."""
    sections = [
        _front_matter(networks),
        f"# {quoted(name)}",
        _introduction(networks.spec),
        _table("", "", _facts(networks)),
        _how_to_paint(networks.spec, name),
        *_recipe(networks.provenance),
        f"Written by allaprima {__version__}.",
    ]
    return "\n\n".join(sections) + "\n"


def quoted(value: object) -> str:
    """A text of others as Markdown that means only itself: one line, no markup, no further table cell."""
    return re.sub(r"([\\`*\[\]<>|])", r"\\\1", one_line(value))


def system_name(spec: Spec) -> str:
    """What papers call a network's system."""
    kind: str = spec_to_dict(spec)["type"].removesuffix("-generator").removesuffix("-discriminator")
    return SYSTEMS.get(kind, kind)


def _front_matter(networks: Networks) -> str:
    """The hub's metadata, as YAML."""
    lines = [
        "library_name: allaprima",
        "pipeline_tag: unconditional-image-generation",
        f"tags: [allaprima, {system_name(networks.spec).lower()}, gan, image-generation]",
    ]
    licence = _text(networks.provenance.get("licence"))
    if licence is not None:
        name = re.sub(r"[^a-z0-9.]+", "-", licence.lower()).strip("-.")[:64]
        lines += (
            [f"license: {name}"] if name in HUB_LICENCES else ["license: other", f"license_name: {json.dumps(name)}"]
        )
    return "\n".join(["---", *lines, "---"])


def _introduction(spec: Spec) -> str:
    colours = CHANNELS.get(spec.img_channels, f"{spec.img_channels} channels")
    classes = f", with a label of {spec.c_dim} numbers" if spec.c_dim else ""
    return (
        f"A {system_name(spec)} generator that paints images of {spec.height}×{spec.width} (height × width), {colours}"
        f"{classes}. The weights are in `model.safetensors`, which holds numbers and text, never code."
    )


def _facts(networks: Networks) -> Iterator[tuple[str, str]]:
    """What is known, as a title and a text."""
    provenance, data = networks.provenance, networks.provenance.get("data")
    of_data = dict(data) if isinstance(data, Mapping) else {"name": data}
    facts = {title: provenance.get(key) for key, title in TITLES.items()}
    if _text(facts["trained on"]) is None:
        facts["trained on"] = of_data.get("name")
    facts |= {"number of images": of_data.get("images"), "fingerprint of the images": of_data.get("fingerprint")}
    facts |= {
        str(key): value for key, value in provenance.items() if key not in TITLES and key not in ("data", "recipe")
    }
    if networks.class_names:
        facts["classes"] = ", ".join(networks.class_names)
    roles = [f"{role} ({count_parameters(network):,} parameters)" for role, network in networks.members().items()]
    yield "networks", ", ".join(roles)
    yield from ((title, text) for title, value in facts.items() if (text := _text(value)) is not None)


def _how_to_paint(spec: Spec, name: str) -> str:
    place = name if "/" in name else f"path/to/{name}"
    name_in_code = json.dumps(one_line(place), ensure_ascii=False)
    label = ", class_index=0" if spec.c_dim else ""
    code = [
        "import allaprima",
        "",
        f"G = allaprima.from_pretrained({name_in_code})  # a name of the hub, or a directory",
        f"for image in allaprima.generate(G, seeds=range(8){label}):",
        "    ...  # uint8 array [height, width, channels]",
    ]
    return "\n".join(["## How to paint with it", "", "```python", *code, "```"])


def _recipe(provenance: Mapping[str, Any]) -> list[str]:
    recipe = provenance.get("recipe")
    if not isinstance(recipe, Mapping) or not recipe:
        return []
    rows = ((str(field), json.dumps(value, ensure_ascii=False)) for field, value in recipe.items())
    return ["## Recipe", _table("field", "value", rows)]


def _table(left: str, right: str, rows: Iterator[tuple[str, str]]) -> str:
    head = [f"| {left} | {right} |", "|---|---|"]
    return "\n".join([*head, *[f"| {quoted(title)} | {quoted(text)} |" for title, text in rows]])


def _text(value: object) -> str | None:
    """What can be told in a line; None for nothing, and for what has parts."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case str() | float():
            return one_line(value) or None
        case _:
            return None
