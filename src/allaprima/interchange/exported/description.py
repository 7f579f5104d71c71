"""What an exported file says of itself, as JSON."""

import json
from typing import Any

from allaprima.interchange.exported.parts import NOISE, Part, Synthesizer
from allaprima.models import spec_to_dict
from allaprima.version import __version__

KEY = "allaprima"  # of the metadata of an ONNX file; with .json, of the extra file in a .pt2


def describe(part: Part) -> dict[str, Any]:
    """Spec, inputs and output of ``part``: n is the number of images, the same wherever it stands."""
    G = part.G_ema
    outputs: dict[str, dict[str, Any]] = {
        "ws": {"shape": ["n", G.num_ws, G.w_dim]},
        "image": {
            "shape": ["n", G.img_channels, G.img_height, G.img_width],
            "range": [-1, 1],
            "meaning": "images, not clamped",
        },
    }
    return {
        "allaprima_version": __version__,
        "part": part.name,
        "spec": spec_to_dict(G.spec),
        "inputs": {name: {"shape": shape(part, name), "meaning": i.meaning} for name, i in part.inputs().items()},
        "output": {"name": part.output, **outputs[part.output]},
        "stored_noise": stored_noise(part),
    }


def shape(part: Part, name: str) -> list[int | str]:
    """The shape of an input, n for the number of images."""
    entry = part.inputs()[name]
    sizes = list(entry.example.shape)
    return ["n", *sizes[1:]] if entry.per_image else [*sizes]


def stored_noise(part: Part) -> dict[str, str]:
    """By the name of an input: the name in the state dict of the map [h, w] that ``noise_mode="const"`` adds."""
    if not isinstance(part, Synthesizer):
        return {}
    return {f"{NOISE}{name}": f"G_ema.{buffer}" for name, buffer in part.noise_inputs.buffers.items()}


def describe_json(part: Part) -> str:
    """`describe`, written out."""
    return json.dumps(describe(part), ensure_ascii=False)
