"""Which models a file of directions or centres fits: its kind of network, and the shape of its styles."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from allaprima.errors import LatentError, ModelFileError
from allaprima.models import spec_to_dict


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What two models must share for one's latents to mean something to the other.

    Attributes:
        architecture: Name of the network's type in model files.
        w_dim: Size of w.
        num_ws: Styles of an image.
    """

    architecture: str
    w_dim: int
    num_ws: int

    @classmethod
    def of(cls, G: Any) -> "Likeness":
        """That of a generator."""
        return cls(architecture=spec_to_dict(G.spec)["type"], w_dim=G.w_dim, num_ws=G.num_ws)

    @classmethod
    def from_dict(cls, data: Any, path: Path) -> "Likeness":
        """What `to_dict` wrote. Raises `ModelFileError` that names ``path``."""
        try:
            found = cls(**data)
        except TypeError as error:
            raise ModelFileError(f"{path} does not say for which models it was made") from error
        if not (isinstance(found.architecture, str) and type(found.w_dim) is int and type(found.num_ws) is int):
            raise ModelFileError(f"{path} does not say for which models it was made")
        return found

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    def require(self, G: Any, path: Path) -> None:
        """Raise `LatentError` unless ``G`` is such a model."""
        its = type(self).of(G)
        if its != self:
            raise LatentError(f"{path} was made for {self._words()}; this model is {its._words()}")

    def _words(self) -> str:
        styles = "style" if self.num_ws == 1 else "styles"
        return f"a {self.architecture[:60]} with {self.num_ws} {styles} of {self.w_dim} numbers"
