"""The discriminator's eye: what it says of fakes and of images, where it looks, and what in a data set is odd to it.

Axes: n image, k image of the company, c channel or label, h w rows and columns.
"""

from collections.abc import Sequence
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.data import ImageDataset
from allaprima.generation import generate
from allaprima.images import to_network
from allaprima.models.judging import company_size
from allaprima.visuals.display import Tile, heat, resized, seen, sheet, shown_size
from allaprima.visuals.gradient_map import gradient_maps, smoothed
from allaprima.visuals.histogram import FAKE, REAL, histogram
from allaprima.visuals.picture import Picture, Section
from allaprima.visuals.ranking import Pixels, Ranking, chosen, company_of, prepared, rank

NUM_FAKES = 256
NUM_SHOWN = 12
NUM_GRADIENTS = 6
COLUMNS = 6
LETTERS = 16  # of a file's name that are shown
BRIGHTEST = 0.995  # share of the pixels of a gradient map that are not cut off

TITLE = "The discriminator's eye"


def verdicts_section(
    G: Any,
    D: Any,
    images: Pixels | ImageDataset | None = None,
    names: Sequence[str] | None = None,
    *,
    labels: Float[Tensor, "n d"] | None = None,
    num_fakes: int = NUM_FAKES,
    seed: int = 0,
) -> Section:
    """Scores, the most and the least real-looking images, and gradient maps.

    Args:
        G: The generator that paints the fakes.
        D: Its discriminator; None gives a section that says that there is none.
        images: Real ones of the network's size, all of which are judged; None: fakes alone.
        names: Of images that are pixels.
        labels: Of images that are pixels, for a network with labels.
        num_fakes: Of the seeds from ``seed`` on.
        seed: Of the first fake.

    Raises:
        DataError: The images do not fit the discriminator.
    """
    if D is None:
        text = "This model file holds the generator alone, so there is nobody to ask. The snapshots of a run have both."
        return Section(name="verdicts", title=TITLE, text=(text,))
    seeds = range(seed, seed + num_fakes)
    c = fake_labels(G, num_fakes)
    fakes = painted(G, seeds, c)
    company = company_of(fakes if images is None else images, company_size(D))
    of_fakes = rank(D, fakes, names=[f"seed {number}" for number in seeds], labels=c, company=company)
    of_reals = None if images is None else rank(D, images, names=names, labels=labels, company=company)
    pictures = [score_picture(of_fakes, of_reals), *ends(of_fakes, fakes, "fakes", FAKES_WORDS)]
    if of_reals is not None and images is not None:
        pictures += [*ends(of_reals, images, "images", IMAGES_WORDS), *doubtful_picture(of_reals, images)]
    pictures.append(gradient_picture(D, fakes, of_fakes, c, company))
    return Section(
        name="verdicts",
        title=TITLE,
        text=_text(D, images is None),
        pictures=tuple(pictures),
        table=_table(of_fakes, of_reals),
    )


FAKES_WORDS = (
    "Of {n} generated images, the {count} that the discriminator takes for real most readily, with their scores.",
    "The {count} generated images that it sees through most surely, the worst first: what the generator does badly.",
)
IMAGES_WORDS = (
    "Of {n} images of the data, the {count} with the highest scores, with their files' names: what turns up among the"
    " images but not among the fakes. Odd ones, outliers and wrong ones are often here.",
    "The {count} images of the data with the lowest scores, the lowest first: real images that look generated to it,"
    " often the plain kinds that the generator paints at least as often as they occur.",
)


def score_picture(fakes: Ranking, images: Ranking | None) -> Picture:
    """Both histograms."""
    kinds = {} if images is None else {f"{len(images.names)} images of the data": images.scores}
    kinds |= {f"{len(fakes.names)} generated images": fakes.scores}
    drawing = histogram(
        kinds,
        title="Histogram of the discriminator's scores",
        colours=(FAKE,) if images is None else (REAL, FAKE),
    )
    told = "" if images is None else f" {_overlap(fakes.scores, images.scores)}"
    return Picture(
        name="verdicts-scores",
        caption="How the discriminator's scores are distributed: the further right, the more real an image looks to it."
        + told,
        image=drawing.pixels(),
        svg=drawing.svg(),
    )


def ends(ranking: Ranking, images: Pixels | ImageDataset, kind: str, words: tuple[str, str]) -> list[Picture]:
    """The images with the highest scores, and those with the lowest."""
    count = min(NUM_SHOWN, len(ranking.names))
    pictures = []
    for numbers, name, text in zip(
        (ranking.highest(count), ranking.lowest(count)), ("highest", "lowest"), words, strict=True
    ):
        captions = [f"{short(ranking.names[i])} {ranking.scores[i]:+.2f}" for i in numbers]
        caption = text.format(n=len(ranking.names), count=count)
        pictures.append(
            Picture(name=f"verdicts-{kind}-{name}", caption=caption, image=_sheet(chosen(images, numbers), captions))
        )
    return pictures


def doubtful_picture(ranking: Ranking, images: Pixels | ImageDataset) -> list[Picture]:
    """The images that would look more real under another label; nothing if there are none, or no classes."""
    numbers, doubts = ranking.doubtful(NUM_SHOWN), ranking.doubts()
    if doubts is None or ranking.classes is None or ranking.class_scores is None or not numbers:
        return []
    best = ranking.class_scores.argmax(dim=1)
    captions = [f"{short(ranking.names[i], 6)} {ranking.classes[i]} as {best[i]} +{doubts[i]:.1f}" for i in numbers]
    caption = (
        f"The {len(numbers)} images that would look most real under another label: name, own class as other class, and"
        " by how much that score is higher. Some of them may be labelled wrongly."
    )
    return [Picture(name="verdicts-images-doubtful", caption=caption, image=_sheet(chosen(images, numbers), captions))]


def gradient_picture(D: Any, fakes: Pixels, ranking: Ranking, c: Tensor, company: UInt8[Tensor, "k c h w"]) -> Picture:
    """Images over their gradient maps: some with high scores, some with low ones."""
    half = max(NUM_GRADIENTS // 2, 1)
    numbers = list(dict.fromkeys([*ranking.highest(half), *ranking.lowest(half)[::-1]]))
    device = next(D.parameters()).device
    batch = to_network(fakes[numbers].to(device))
    maps = smoothed(gradient_maps(D, batch, c[numbers].to(device), company=prepared(D, company)).float().cpu())
    size = shown_size(*fakes.shape[2:])
    most = torch.quantile(maps.flatten()[:1_000_000], BRIGHTEST).item()
    above: list[Tile] = list(zip(seen(batch, size), [f"{ranking.scores[i]:+.2f}" for i in numbers], strict=True))
    below: list[Tile] = [(picture, "") for picture in resized(heat(maps, most), size)]
    caption = (
        "Where the discriminator looks: fakes with their scores, the highest first, and below each how much its score"
        " would change with every pixel (the sum over channels of |∂score/∂pixel|; bright is much)."
    )
    return Picture(name="verdicts-gradients", caption=caption, image=sheet([above, below]))


def fake_labels(G: Any, count: int) -> Float[Tensor, "n d"]:
    """Labels for so many fakes: the classes in turn; [n, 0] without labels."""
    return torch.eye(G.c_dim)[torch.arange(count) % max(G.c_dim, 1)] if G.c_dim else torch.zeros(count, 0)


def painted(G: Any, seeds: Sequence[int], c: Float[Tensor, "n d"]) -> UInt8[Tensor, "n c h w"]:
    """Fakes of these seeds, with the model's own noise."""
    images = generate(G, seeds=seeds, c=c if G.c_dim else None)
    arrays = [torch.from_numpy(image) for image in images]
    return torch.stack([image[None] if image.ndim == 2 else rearrange(image, "h w c -> c h w") for image in arrays])


def short(name: str, letters: int = LETTERS) -> str:
    """The end of a file's name, without its folders and its suffix."""
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return stem if len(stem) <= letters else "…" + stem[1 - letters :]


def _sheet(images: Pixels, captions: Sequence[str]) -> Any:
    pictures = seen(to_network(images))
    tiles: list[Tile] = list(zip(pictures, captions, strict=True))
    tiles += [(torch.full_like(pictures[0], 255), "")] * (-len(tiles) % min(COLUMNS, len(tiles)))
    columns = min(COLUMNS, len(tiles))
    return sheet([tiles[start : start + columns] for start in range(0, len(tiles), columns)])


def _overlap(fakes: Tensor, images: Tensor) -> str:
    """In words: how often it could tell a fake from an image, if it had to."""
    wins = (images[:, None] > fakes).double() + 0.5 * (images[:, None] == fakes).double()
    return (
        f"Of a pair of an image and a fake, it gives the image the higher score in {wins.mean().item():.0%} of cases."
    )


def _table(fakes: Ranking, images: Ranking | None) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = [("images", "number", "mean score", "standard deviation", "lowest", "highest")]
    for name, ranking in (("generated", fakes), ("of the data", images)):
        if ranking is not None:
            scores = ranking.scores.double()
            numbers = (scores.mean(), scores.std(unbiased=False), scores.min(), scores.max())
            rows.append((name, str(len(scores)), *(f"{number:.3f}" for number in numbers)))
    return tuple(rows)


def _text(D: Any, alone: bool) -> tuple[str, ...]:
    first = (
        "The discriminator gives an image a score, higher the more real it looks to it. It learned to do so against one"
        " generator, so a score says how an image differs from this generator's images, and not how good it is."
    )
    size = company_size(D)
    company = (
        "It compares the images of a group (minibatch statistics), so every image is judged in the same company of"
        f" {size} {'fakes' if alone else 'images of the data'}: a score does not depend on what else is judged."
    )
    return (first, company) if size else (first,)
