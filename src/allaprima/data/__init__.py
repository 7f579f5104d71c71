"""Datasets: archives of images made, inspected and loaded."""

from allaprima.data.dataset import ImageDataset
from allaprima.data.loader import batches, sample_indices

__all__ = ["ImageDataset", "batches", "sample_indices"]
