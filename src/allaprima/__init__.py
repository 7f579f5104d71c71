"""allaprima: train a style-based generator on anyone's images and paint with it.

    import allaprima

    G = allaprima.load("emoji-64")
    for image in allaprima.generate(G, seeds=range(8), truncation_psi=0.7):
        ...  # uint8 array [height, width, channels]

Names are imported when they are first used, so that ``import allaprima`` takes no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from allaprima.version import __version__ as __version__

if TYPE_CHECKING:
    from allaprima.checkpoint import Networks as Networks
    from allaprima.checkpoint import load as load
    from allaprima.checkpoint import load_networks as load_networks
    from allaprima.checkpoint import save as save
    from allaprima.checkpoint.hub import from_pretrained as from_pretrained
    from allaprima.checkpoint.hub import push_to_hub as push_to_hub
    from allaprima.checkpoint.hub import save_pretrained as save_pretrained
    from allaprima.generation import generate as generate

_HOMES = {
    "Networks": "allaprima.checkpoint",
    "from_pretrained": "allaprima.checkpoint.hub",
    "generate": "allaprima.generation",
    "load": "allaprima.checkpoint",
    "load_networks": "allaprima.checkpoint",
    "push_to_hub": "allaprima.checkpoint.hub",
    "save": "allaprima.checkpoint",
    "save_pretrained": "allaprima.checkpoint.hub",
}
__all__ = [
    "Networks",
    "__version__",
    "from_pretrained",
    "generate",
    "load",
    "load_networks",
    "push_to_hub",
    "save",
    "save_pretrained",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'allaprima' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
