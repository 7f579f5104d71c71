"""The catalogue of known public models: their names, what they paint, where they are, under which licence."""

from allaprima.interchange.catalogue.catalogue import CATALOGUE, find, near, search
from allaprima.interchange.catalogue.entry import Entry

__all__ = ["CATALOGUE", "Entry", "find", "near", "search"]
