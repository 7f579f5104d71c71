"""What to train a dataset with: a proposal from its size, shape and diversity."""

from dataclasses import dataclass, field

from allaprima.data.diversity import DIVERSE

RECIPES = ((28 * 28, "laptop-24"), (45 * 45, "laptop-32"), (128 * 128, "laptop"))
"""Recipes for images of up to so many pixels. The largest of them can be learned on a CPU in an evening or two."""

FEW_IMAGES = 30_000
"""With fewer images the discriminator learns them by heart unless they are augmented."""

SELDOM_ENOUGH = 1000
"""With fewer images that does not help enough, as a rule."""

MANY_IMAGES = 100_000
"""From here on augmentation does not pay."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A proposed training.

    Attributes:
        recipe: The recipe's name.
        fields: Fields of it to change.
        reasons: Why, a sentence each.
    """

    recipe: str
    fields: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def command(self, data: str) -> str:
        """Write it as a command line."""
        settings = "".join(f" --set {name}={value}" for name, value in self.fields.items())
        return f"allaprima train {data} RUN --recipe {self.recipe}{settings}"


def advise(num_images: int, height: int, width: int, num_classes: int, diversity: float) -> Advice:
    """Propose a training.

    Args:
        num_images: Images, without duplicates.
        height: Rows of the commonest size.
        width: Columns of it.
        num_classes: Distinct labels; 0 without.
        diversity: As :func:`allaprima.data.diversity.diversity` measures it.
    """
    fields: dict[str, str] = {}
    reasons: list[str] = []
    is_small = height * width <= RECIPES[-1][0]
    reasons.append(f"{height}×{width} is {'small enough for a CPU' if is_small else 'work for a GPU'}")
    if num_images < FEW_IMAGES:
        too_few = ", and fewer than 1,000 seldom suffice" if num_images < SELDOM_ENOUGH else ""
        reasons.append(
            f"{num_images:,} images are few{too_few}: augmentation (aug=ada, on in this recipe) helps, and mirror=true"
            " where left and right do not matter"
        )
    if num_images >= MANY_IMAGES:
        fields["aug"] = "noaug"
        reasons.append(f"{num_images:,} images are enough to do without augmentation")
    if num_classes > 1:
        fields["cond"] = "true"
        reasons.append(f"there are {num_classes} classes to learn")
    if diversity >= DIVERSE:
        reasons.append("the images are very diverse: choose fewer kinds, or give it a larger network and more time")
    return Advice(recipe_for(height * width), fields, reasons)


def recipe_for(pixels: int) -> str:
    """The recipe that was tuned on images nearest in size."""
    return next((name for most, name in RECIPES if pixels <= most), "auto")
