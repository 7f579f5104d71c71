"""How many images a second does a model paint?

    python benchmarks/generation.py emoji-64 dress-24

Prints JSON: images a second at batch 1, 8 and 32 for each model, float32, and the peak memory of the whole process.
"""

import argparse

import torch
from measuring import seconds, show

from allaprima.checkpoint import load
from allaprima.cli.allocator import keep_memory
from allaprima.cli.device import choose_device
from allaprima.generation import latents_of_seeds
from allaprima.models import count_parameters
from allaprima.training.loop import memory_gb


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    keep_memory()
    device = choose_device(arguments.device)
    rows = []
    for name in arguments.models:
        G = load(name, device=device)
        row = {"model": name, "shape": [G.img_channels, G.img_height, G.img_width], "parameters": count_parameters(G)}
        for batch in (1, 8, 32):
            z = latents_of_seeds(range(batch), G.z_dim).to(device)
            with torch.inference_mode():
                time = seconds(lambda G=G, z=z: G(z, noise_mode="const"), device=device, repeats=20)
            row[f"images_per_second_batch_{batch}"] = round(batch / time, 1)
        rows.append(row)
    show({"device": str(device), "models": rows, "peak_memory_gb": [round(gb, 2) for gb in memory_gb(device)]})


if __name__ == "__main__":
    main()
