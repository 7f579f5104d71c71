"""Teaching an encoder with the generator's own images: there is no end of them, and their styles are known.

Half of the images have the styles of two latents, coarse of one and fine of the other, as in style mixing (Karras et
al. 2019, section 3.1): pictures from elsewhere are not in W, and their styles differ from layer to layer.

Axes: n image, s style (one for each layer), d size of w, c channel, h w rows and columns.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.generation.labels import labels
from allaprima.latents.projection.distance import Distance, PyramidDistance
from allaprima.latents.projection.encoder import Encoder

BETAS = (0.9, 0.99)
LEARNING_RATE = 2e-3
STEADY = 500  # steps before the learning rate falls, with the square root of their number
MIXED = 0.5  # share of the images
A_PRIME = 1_000_003  # the generator of PyTorch reads 32 bits of a seed

Moments = dict[str, dict[str, Tensor]]
"""What Adam keeps of each parameter, under the names of `ADAM`."""

ADAM = ("step", "exp_avg", "exp_avg_sq")


class Lesson(NamedTuple):
    """What a step has shown.

    Attributes:
        done: Steps in all, those of former trainings included.
        latent: Mean squared error of styles, in variances of w: 1 for who always says the mean.
        distance: Mean distance of what is painted from the guess.
    """

    done: int
    latent: float
    distance: float


class EncoderTraining:
    """Teaches an encoder while it is iterated over, without end; may be left after any step, and gone on with.

    A training that goes on is the same, to the last bit, as one that was not interrupted.
    """

    def __init__(
        self,
        G: Any,
        encoder: Encoder,
        *,
        moments: Moments | None = None,
        distance: Distance | None = None,
        batch: int = 16,
        image_weight: float = 1.0,
        seed: int = 0,
        **label: Any,
    ) -> None:
        """Get ready to teach.

        Args:
            G: The generator.
            encoder: For it; it is changed.
            moments: Of a former training.
            distance: Of the images; None: `PyramidDistance`.
            batch: Images of a step.
            image_weight: Of their distance, beside the error of the styles; 0: paint nothing.
            seed: Of the latents.
            label: ``class_index`` or ``c``; of models with classes, none: all in turn.
        """
        encoder.require(G)
        self.G, self.encoder = G, encoder
        self.distance = distance or PyramidDistance()
        self.batch, self.image_weight, self.seed, self.label = batch, image_weight, seed, label
        self.device = next(G.parameters()).device
        self.optimizer = torch.optim.Adam(encoder.parameters(), lr=LEARNING_RATE, betas=BETAS)
        for name, parameter in encoder.named_parameters():
            if moments is not None:
                kept = moments[name]
                self.optimizer.state[parameter] = {k: x if k == "step" else x.to(self.device) for k, x in kept.items()}

    @property
    def done(self) -> int:
        """Steps in all."""
        return round(float(self.encoder.seen) / self.batch)

    def moments(self) -> Moments:
        """What Adam keeps, to go on with later; nothing before the first step."""
        state = self.optimizer.state
        return {name: dict(state[p]) for name, p in self.encoder.named_parameters() if p in state}

    def __iter__(self) -> Iterator[Lesson]:
        parameters = list(self.encoder.parameters())
        while True:
            ws = self.styles(self.done)
            with torch.no_grad():
                images = self.G.synthesis(ws, noise_mode="const")
            with torch.enable_grad():
                guess = self.encoder(images)
                latent = ((guess - ws) / self.encoder.deviation).square().mean()
                distance = self._distance(guess, images)
                gradients = torch.autograd.grad(latent + self.image_weight * distance, parameters)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient
            for group in self.optimizer.param_groups:
                group["lr"] = LEARNING_RATE / math.sqrt(max(1.0, self.done / STEADY))
            self.optimizer.step()
            self.encoder.seen += self.batch
            yield Lesson(self.done, float(latent.detach()), float(distance.detach()))

    def _distance(self, guess: Tensor, images: Tensor) -> Tensor:
        if not self.image_weight:
            return guess.new_zeros([])
        return self.distance.to(images)(self.G.synthesis(guess, noise_mode="const")).mean()

    @torch.no_grad()
    def styles(self, step: int) -> Float[Tensor, "n s d"]:
        """The styles of a step's images: they depend on the seed and on the number of the step alone."""
        generator = torch.Generator().manual_seed(self.seed * A_PRIME + step)
        z = torch.randn(2, self.batch, self.G.z_dim, generator=generator)
        crossover = torch.randint(1, max(self.G.num_ws, 2), (self.batch, 1, 1), generator=generator)
        is_mixed = torch.rand(self.batch, 1, 1, generator=generator) < MIXED
        c = self._labels(step)
        first, second = (self.G.mapping(each.to(self.device), c) for each in z)
        fine = (torch.arange(self.G.num_ws)[None, :, None] >= crossover) & is_mixed
        return torch.where(fine.to(self.device), second, first)

    def _labels(self, step: int) -> Float[Tensor, "n c"] | None:
        if not self.G.c_dim:
            return None
        if self.label.get("c") is None and self.label.get("class_index") is None:
            turn = torch.arange(step * self.batch, (step + 1) * self.batch) % self.G.c_dim
            return torch.eye(self.G.c_dim, device=self.device)[turn.to(self.device)]
        found = labels(self.G, self.batch, self.label.get("c"), self.label.get("class_index"))
        return None if found is None else found.to(self.device)
