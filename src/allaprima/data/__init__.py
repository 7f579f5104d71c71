"""Datasets: archives of images made, inspected and loaded."""

from allaprima.data.dataset import ImageDataset
from allaprima.data.loader import Batch, batches, sample_indices

__all__ = ["Batch", "ImageDataset", "batches", "sample_indices"]
