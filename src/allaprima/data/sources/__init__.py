"""Where images come from: one file per kind of source, all read as named items that are decoded when asked for."""

from allaprima.data.sources.item import Item, Source
from allaprima.data.sources.opening import open_source

__all__ = ["Item", "Source", "open_source"]
