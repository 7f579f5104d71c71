"""What a page must know of a model before it can offer anything."""

from typing import Any

from allaprima.models import StyleGAN3Generator, noise_maps, style_layers
from allaprima.studio.wish import MAP_STRIDE
from allaprima.studio.work.bench import Bench
from allaprima.visuals.facts import facts

MOST_CLASSES = 1000
VERSION = 12  # letters


def describe(bench: Bench, name: str) -> dict[str, Any]:
    """Facts of a model as plain data: `allaprima.studio.models.ModelFacts` says what they mean."""
    networks = bench.networks(name)
    G = networks.G_ema
    classes = networks.class_names or [str(number) for number in range(G.c_dim)]
    return {
        "name": name,
        "version": bench.model_sha256(name)[:VERSION],
        "height": G.img_height,
        "width": G.img_width,
        "channels": G.img_channels,
        "z_dim": G.z_dim,
        "classes": classes[:MOST_CLASSES],
        "layers": [
            {"name": layer.name, "resolution": layer.resolution, "depth": layer.depth} for layer in style_layers(G)
        ],
        "noise": list(noise_maps(G)),
        "has_w": G.has_w,
        "is_movable": isinstance(G.spec, StyleGAN3Generator),
        "has_judge": networks.D is not None,
        "map_stride": MAP_STRIDE,
        "facts": [list(pair) for pair in facts(networks)],
    }


def directions(bench: Bench, name: str, method: str) -> list[dict[str, Any]]:
    """What directions a method finds, the strongest first."""
    return [
        {"name": each.name, "rows": list(each.rows), "figures": each.figures} for each in bench.directions(name, method)
    ]
