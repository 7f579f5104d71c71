"""The other way to draw a live picture, to compare with: a form of Gradio whose sliders are the place on the map.

python benchmarks/studio_form.py emoji-64 7871      # needs pip install 'gradio>=6,<7'
"""

import os
import sys

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
import gradio as gr  # type: ignore[import-not-found]
import torch
from PIL import Image

from allaprima.allocator import keep_memory
from allaprima.studio.wish import Wish
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.painting import pixels_of


def main(model: str, port: int) -> None:
    keep_memory()
    bench = Bench({model: model}, torch.device("cpu"))

    def paint(x: float, y: float) -> Image.Image:
        pixels = pixels_of(bench, [Wish(model=model, at=(x, y), truncation=0.8)], {})[0]
        return Image.fromarray(pixels.permute(1, 2, 0).numpy())

    with gr.Blocks(analytics_enabled=False) as form:
        x = gr.Slider(0, 10, value=3, label="x", elem_id="x")
        y = gr.Slider(0, 10, value=1, label="y")
        picture = gr.Image(format="png", elem_id="picture")
        for slider in (x, y):  # without the queue: the quicker of the two ways
            slider.input(paint, [x, y], picture, queue=False, show_progress="hidden", trigger_mode="always_last")
    form.launch(server_port=port, quiet=True, footer_links=[])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
