"""Put the painter of a run and its discriminator into the package, in half precision, with where it comes from.

    python tools/bundle_model.py runs/dress-24 dress-24

Reads the newest snapshot of the run. What the model file says about licence and attribution stands here, because only
data whose licence allows it may become a shipped model (see the README of the data).
"""

import argparse
from pathlib import Path

import torch

from allaprima.checkpoint import Networks, load_networks, locate, save

ASSETS = Path(__file__).parents[1] / "src" / "allaprima" / "assets"

SOURCES = {
    "emoji-64": {
        "images": "Noto emoji, 64×64 RGBA (https://github.com/googlefonts/noto-emoji)",
        "images_licence": "SIL Open Font License 1.1 (since 2024; before: Apache License 2.0)",
        "attribution": "Trained on Noto emoji, © Google LLC",
        "licence": "Apache-2.0",
    },
    "dress-24": {
        "images": "Fashion-MNIST, class 3 (dress), 24×24 gray (https://github.com/zalandoresearch/fashion-mnist)",
        "images_licence": "MIT",
        "attribution": "Trained on Fashion-MNIST, © 2017 Zalando SE",
        "licence": "Apache-2.0",
    },
}


def main() -> None:
    """Read the command line, write the asset, print its size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("name", choices=sorted(SOURCES))
    parser.add_argument("--hardware", default="2 cores of an Intel Xeon (Sapphire Rapids), bfloat16")
    arguments = parser.parse_args()
    found = load_networks(locate(arguments.run), roles=("G_ema", "D"))
    provenance = {**SOURCES[arguments.name], "hardware": arguments.hardware, **found.provenance}
    provenance["data"].pop("path", None)
    out = ASSETS / f"{arguments.name}.safetensors"
    ASSETS.mkdir(exist_ok=True)
    networks = Networks(G_ema=found.G_ema, D=found.D, provenance=provenance, class_names=found.class_names)
    save(networks, out, dtype=torch.float16)
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB, {provenance['images_seen'] / 1000:g} kimg")


if __name__ == "__main__":
    main()
