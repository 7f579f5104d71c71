"""What the catalogue knows of one public file."""

import re
from dataclasses import dataclass

from allaprima.errors import ConfigError

NAME = re.compile(r"[a-z0-9]+([-.][a-z0-9]+)*")
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(pkl|pth|pt)")
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A public model.

    Attributes:
        name: What allaprima calls it; also the name of its folder in the cache.
        url: Address of the file; None where it must be fetched by hand, see ``source``.
        architecture: Kind of generator: ``StyleGAN2``, ``StyleGAN3-T``.
        height: Of the images that the network paints; None where nobody has said.
        width: Of the images that the network paints.
        channels: Of the images.
        labels: Number of classes, 0 for none; None where that is known only when the file is open.
        file_name: Name of the published file, and of its copy in the cache.
        format: Which program wrote the file.
        licence: Of the weights, as their publisher says it; ``not stated`` where he does not.
        source: Page of the publisher, for people.
        sha256: Published hash of the file; None where there is none.
        aliases: Other names.
        note: What one should know before painting.

    Raises:
        ConfigError: A name, the address or the hash is not of its form.
    """

    name: str
    url: str | None
    architecture: str
    height: int | None
    width: int | None
    channels: int = 3
    labels: int | None = 0
    file_name: str
    format: str
    licence: str
    source: str
    sha256: str | None = None
    aliases: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ConfigError(f"the model name {self.name!r} must be lower-case words joined by hyphens")
        if not FILE_NAME.fullmatch(self.file_name):
            raise ConfigError(f"{self.name} has the file name {self.file_name!r}, which is no plain .pkl, .pth or .pt")
        if self.url is not None and not self.url.startswith("https://"):
            raise ConfigError(f"{self.name} has the address {self.url!r}, which does not begin with https://")
        if self.sha256 is not None and not SHA256.fullmatch(self.sha256):
            raise ConfigError(f"{self.name} has the hash {self.sha256!r}, which is no SHA-256")

    @property
    def size(self) -> str:
        """Height × width, for people."""
        return "?" if self.height is None or self.width is None else f"{self.height}×{self.width}"
