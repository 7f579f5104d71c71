"""Make all pictures of the tour again, from the bundled models and from small networks with a seed.

    python tools/tour_pictures.py [NAME …]

Writes docs/images/tour/NAME.png, all of them or those named. It takes about two minutes of two processor cores.
"""

import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from tour_blocks import blocks_of, run

import allaprima
from allaprima.augment import PIPES, RandomDraws, augment
from allaprima.layers import instance_norm
from allaprima.losses import ADVERSARIAL, r1_penalty
from allaprima.models import noise_maps
from allaprima.models.geometry import Geometry
from allaprima.models.growth import fade
from allaprima.models.stylegan3 import Generator as StyleGAN3
from allaprima.models.stylegan3 import StyleGAN3Generator
from allaprima.models.stylegan3.plan import plan_layers
from allaprima.ops import jinc_lowpass, kaiser_lowpass
from allaprima.visuals import Subject, crossovers, noise_deviation, sections, truncated
from allaprima.visuals.chart import Curve, line_chart
from allaprima.visuals.display import Tile, heat, ramp, seen, sheet, shown_size, signed
from allaprima.visuals.subject import paint

IMAGES = Path(__file__).parents[1] / "docs" / "images" / "tour"
Pixels = NDArray[np.uint8]


def main() -> None:
    """Write the pictures, and print their names and sizes."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    wrong = [name for name in sys.argv[1:] if name not in PICTURES]
    if wrong:
        raise SystemExit(f"there is no picture {wrong[0]!r}: there are {', '.join(PICTURES)}")
    for name in sys.argv[1:] or PICTURES:
        torch.manual_seed(0)
        path = IMAGES / f"{name}.png"
        Image.fromarray(PICTURES[name]()).save(path, optimize=True)
        print(path, path.stat().st_size, "bytes")


def dirac() -> Pixels:
    """The Dirac-GAN of Mescheder et al. (2018), definition 2.1, with and without R1: both players' numbers."""
    curves = []
    for gamma, colour in zip((0.0, 0.3, 1.0), ramp(3), strict=True):
        thetas, psis = zip(*dirac_way(gamma), strict=True)
        curves.append(Curve(name=f"gamma = {gamma:g}", x=thetas, y=psis, colour=colour))
    return line_chart(
        curves,
        title="A generator and a discriminator of one number each",
        x_title="theta, what the generator paints",
        y_title="psi, the discriminator's slope",
    ).pixels()


def dirac_way(gamma: float, *, steps: int = 400, rate: float = 0.1) -> list[tuple[float, float]]:
    """(θ, ψ) after each step of both players at once, from (1, 0); real images are 0, D(x) = ψ x."""
    game, theta, psi = ADVERSARIAL["nonsaturating"], torch.tensor(1.0), torch.tensor(0.0)
    way = [(1.0, 0.0)]
    for _ in range(steps):
        slope, painted = psi.clone().requires_grad_(), theta.clone().requires_grad_()
        real = torch.zeros(1, 1, 1, 1, requires_grad=True)
        real_logits = (slope * real).reshape(1, 1)
        loss = game.discriminator(real_logits, (slope * theta).reshape(1, 1)) + gamma / 2 * r1_penalty(
            real_logits, real
        )
        (up,) = torch.autograd.grad(loss.sum(), slope)
        (aside,) = torch.autograd.grad(game.generator((psi * painted).reshape(1, 1), None).sum(), painted)
        theta, psi = theta - rate * aside, psi - rate * up
        way.append((float(theta), float(psi)))
    return way


def verdicts() -> Pixels:
    """The fakes of dress-24 that its discriminator takes for real most and least readily."""
    (section,) = sections(allaprima.load_networks("dress-24"), only=["verdicts"])
    best, worst = (picture.image for picture in section.pictures[1:3])
    assert best is not None
    assert worst is not None
    return np.concatenate([best, worst])


def fading() -> Pixels:
    """Dresses at several levels of detail."""
    lods = (2.0, 1.75, 1.5, 1.25, 1.0, 0.5, 0.0)
    images, size = dresses(8, 18, 24), shown_size(24, 24)
    faded = [seen(fade(images, Geometry(24, 24), lod), size) for lod in lods]
    return sheet([[(images[row], f"lod {lod:g}") for images, lod in zip(faded, lods, strict=True)] for row in range(3)])


def crossing() -> Pixels:
    """One dress becomes another, layer by layer."""
    pairs = ((16, 1), (26, 10))
    rows: list[list[Tile]] = []
    for a, b in pairs:
        subject = Subject(G=allaprima.load("dress-24"), seeds=(a, b))
        first, second = subject.ws()
        texts = [f"seed {b}", *(f"{k} of 6 from {a}" for k in range(1, 6)), f"seed {a}"]
        rows.append(list(zip(seen(crossovers(subject.G, first, second)), texts, strict=True)))
    return sheet(rows)


def chance() -> Pixels:
    """What the noise of each layer does to dresses."""
    subject = Subject(G=allaprima.load("dress-24"), seeds=(2, 12, 18, 20))
    layers = ("b3.conv1", "b6.conv0", "b6.conv1", "b12.conv0", "b12.conv1", "b24.conv0", "b24.conv1")
    known = [layer for layer in layers if layer in noise_names(subject.G)] or noise_names(subject.G)
    ws = subject.ws()
    each = {"all layers": noise_deviation(subject.G, ws)} | {k: noise_deviation(subject.G, ws, [k]) for k in known}
    size = shown_size(24, 24, 96)
    most = float(each["all layers"].quantile(0.995))
    columns = [seen(paint(subject.G, ws), size)]
    columns += [seen_heat(deviation, most, size) for deviation in each.values()]
    return sheet([[(column[row], "") for column in columns] for row in range(4)], column_names=["image", *each])


def noise_names(G: Any) -> list[str]:
    """Layers with noise, the coarsest first."""
    return list(noise_maps(G))


def seen_heat(values: Tensor, most: float, size: tuple[int, int]) -> Tensor:
    """A heat map, enlarged to squares."""
    return F.interpolate(heat(values, most).float(), size, mode="nearest-exact").to(torch.uint8)


def truncation() -> Pixels:
    """Odd dresses, nearer and nearer to the average one."""
    psis = (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)
    rows = truncated(Subject(G=allaprima.load("dress-24"), seeds=(10, 14, 1, 24)), psis)
    pictures = [seen(images) for images in rows]
    return sheet(
        [[(images[row], f"ψ = {psi:g}") for images, psi in zip(pictures, psis, strict=True)] for row in range(4)]
    )


def spike() -> Pixels:
    """A feature map as it is, stronger, and with a spike: after instance normalisation, and after a fixed scale."""
    dress = F.interpolate(dresses(18), (48, 48), mode="bilinear", align_corners=False)
    plain = dress - dress.mean()
    spiked = 2 * plain
    spiked[:, :, 3:6, 3:6] += 40
    maps = {"as it is": plain, "twice as strong": 2 * plain, "the same, with a spike": spiked}
    expected = 2 * plain.std()  # demodulation divides by a number that kernel and style give, not the map
    columns: list[Callable[[Tensor], Tensor]] = [lambda x: x / expected, instance_norm, lambda x: x / expected]
    rows = [
        [(F.interpolate(signed(change(x), 2.0).float(), (144, 144)).to(torch.uint8)[0], "") for change in columns]
        for x in maps.values()
    ]
    names = ["the map", "instance normalisation", "demodulation"]
    return sheet(rows, column_names=names, row_names=list(maps))


def augmented() -> Pixels:
    """Emoji as the discriminator sees them, at several strengths."""
    subject = Subject(G=allaprima.load("emoji-64"), seeds=(0, 9, 30, 25, 22))
    images, strengths = paint(subject.G, subject.ws()), (0.0, 0.2, 0.5, 0.8)
    rows = []
    for p in strengths:
        draws = RandomDraws(torch.Generator().manual_seed(1))
        rows.append([(picture, "") for picture in seen(augment(images, p, PIPES["bgc"], draws), (64, 64))])
    return sheet(rows, row_names=[f"p = {p:g}" for p in strengths])


@torch.no_grad()
def turning() -> Pixels:
    """Untrained alias-free networks whose Fourier features are turned."""
    angles, rows = (0, 15, 30, 45, 60, 90), {}
    for name in ("R", "T"):
        G = alias_free(name)
        ws = G.mapping(torch.randn(1, 8, generator=torch.Generator().manual_seed(3)))
        G.synthesis.input.transform.copy_(torch.eye(3))
        least, most = G.synthesis(ws).quantile(torch.tensor([0.02, 0.98]))
        pictures = []
        for angle in angles:
            cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            G.synthesis.input.transform.copy_(torch.tensor([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]))
            pictures.append(seen((G.synthesis(ws) - least) / (most - least) * 2 - 1)[0])
        rows[f"StyleGAN3-{name}"] = pictures
    return sheet(
        [[(picture, "") for picture in row] for row in rows.values()],
        row_names=list(rows),
        column_names=[f"{angle}°" for angle in angles],
    )


def alias_free(name: str, side: int = 64) -> StyleGAN3:
    """A small untrained network of configuration R or T whose layers know the magnitude of what they get."""
    torch.manual_seed(0)
    fields: dict[str, Any] = {"conv_kernel": 1, "use_radial_filters": True} if name == "R" else {}
    spec = StyleGAN3Generator(
        height=side,
        width=side,
        img_channels=3,
        z_dim=8,
        w_dim=8,
        num_layers=9,
        channel_base=10**6,
        channel_max=12,
        **fields,
    )
    G = StyleGAN3(spec)
    for layer in G.synthesis.layers():
        layer.magnitude_ema_beta = 0.0
    G(torch.randn(4, 8), None, update_emas=True)
    return G


def responses() -> Pixels:
    """What the two kinds of low-pass filter let through of all directions."""
    plan = plan_layers(alias_free("R").spec)[5]
    target, size = plan.target, (192, 192)
    fields = {"cutoff": target.cutoff, "half_width": target.half_width, "rate": plan.fine_rate}
    taps = kaiser_lowpass(plan.down_taps, **fields)
    filters = {
        "T: one filter along each axis": torch.outer(taps, taps),
        "R: radial": jinc_lowpass(plan.down_taps, **fields),
    }
    tiles = []
    for name, h in filters.items():
        level = 20 * torch.fft.fftshift(torch.fft.fft2(h, size)).abs().clamp(min=1e-6).log10()
        tiles.append((heat((level + 60)[None], 60.0)[0], name))
    return sheet([tiles])


def barrier() -> Pixels:
    """The discriminator's best loss while the second fake goes from the first mode to the second."""
    places, names = [0.0, 1.0, 2.0], ("logistic", "relativistic, fixed pairs", "relativistic, all pairs")
    values = {name: [least_loss(name, place) for place in (0, 2, 1)] for name in names}
    curves = [
        Curve(name=name, x=places, y=[value / values[name][2] for value in values[name]], colour=colour)
        for (name, colour) in zip(names, ramp(3), strict=True)
    ]
    return line_chart(
        curves,
        title="What the discriminator can reach, on the way out of a collapse",
        x_title="second fake: 0 on the first mode, 1 nowhere, 2 on the second mode",
        y_title="loss, 1: matched",
    ).pixels()


def least_loss(game: str, place: int) -> float:
    """Of a discriminator that is a table: real images at 0 and 1, fakes at 0 and at ``place``."""
    logits = torch.zeros(3, 1, requires_grad=True)
    real, fake = torch.tensor([0, 1]), torch.tensor([0, place])
    if game == "relativistic, all pairs":
        real, fake = real.repeat_interleave(2), fake.repeat(2)
    loss_of = ADVERSARIAL["nonsaturating" if game == "logistic" else "relativistic"].discriminator
    optimizer = torch.optim.Adam([logits], lr=0.1)
    for _ in range(500):
        loss = loss_of(logits[real], logits[fake]).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return loss.item()


def discs() -> Pixels:
    """The training of the last chapter, by its own commands: the data, before, after."""
    page = Path(__file__).parents[1] / "docs" / "tour" / "reading-a-run.md"
    with tempfile.TemporaryDirectory() as place:
        list(run(blocks_of(page)[:2], Path(place)))
        sheets = [
            np.asarray(Image.open(Path(place) / "run" / f"{n}.png")) for n in ("reals", "fakes_init", "fakes000004")
        ]
    rows = [np.pad(s[:48], ((0, 2), (0, 0), (0, 0)), constant_values=255) for s in sheets]
    return np.concatenate(rows).repeat(3, axis=0).repeat(3, axis=1)


def dresses(*seeds: int) -> Tensor:
    """Images of the bundled model."""
    subject = Subject(G=allaprima.load("dress-24"), seeds=seeds)
    return paint(subject.G, subject.ws())


PICTURES: dict[str, Callable[[], Pixels]] = {
    "dirac": dirac,
    "verdicts": verdicts,
    "fading": fading,
    "crossovers": crossing,
    "noise": chance,
    "truncation": truncation,
    "spike": spike,
    "augmented": augmented,
    "turning": turning,
    "responses": responses,
    "barrier": barrier,
    "discs": discs,
}


if __name__ == "__main__":
    main()
