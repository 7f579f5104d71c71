"""What the file of a painted picture says of where it comes from.

No dates, no names of files or users, and no version: the same call gives the same bytes, and nothing is told that
somebody may not wish to tell. A model is its hash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from allaprima.images.png import XMP
from allaprima.origin.xmp import TRAINED, plain, xmp_packet

SOFTWARE = "allaprima"
SYNTHETIC = "synthetic picture, painted by a trained model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How a picture, a sheet of pictures or a film came to be.

    Attributes:
        model_sha256: Of the generator's weights, as the manifests of shards have it; of a film from model to model,
            several, joined by commas.
        seed: One seed, or several as ranges; None where styles were saved ones.
        truncation: ψ, perhaps with what it leads to; None where there is none to tell.
        label: The class, by number, or the label as text; None without.
        more: Anything else, by keyword: which layers were mixed, say.
    """

    model_sha256: str
    seed: int | str | None = None
    truncation: float | str | None = None
    label: int | str | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    def words(self) -> dict[str, str]:
        """By keyword, in plain words; any viewer of PNG chunks shows them."""
        some = {
            "Software": SOFTWARE,
            "Description": SYNTHETIC,
            "Digital source type": TRAINED,
            "Model SHA-256": self.model_sha256,
            "Seed": self.seed,
            "Truncation": _without_folders(self.truncation),
            "Class": self.label,
            **self.more,
        }
        return {
            name: f"{value:g}" if isinstance(value, float) else plain(str(value))
            for name, value in some.items()
            if value is not None
        }

    def xmp(self) -> str:
        """An XMP packet, for programs."""
        own = ("Software", "Digital source type")  # have fields of their own
        return xmp_packet({name: text for name, text in self.words().items() if name not in own}, SOFTWARE)

    def texts(self) -> dict[str, str]:
        """The words and the packet, as `allaprima.images.write_png` and `write_film` beside it take them."""
        return {**self.words(), XMP: self.xmp()}


def _without_folders(truncation: float | str | None) -> float | str | None:
    """ψ@FILE without the folders of the file: they may tell of the user."""
    if not isinstance(truncation, str):
        return truncation
    psi, at, where = truncation.partition("@")
    return psi + at + PurePath(where).name
