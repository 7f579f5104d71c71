"""Datasets: archives of images made, inspected and loaded."""

from allaprima.data.dataset import ImageDataset
from allaprima.data.loader import Batch, batches, sample_indices
from allaprima.data.opening import open_images
from allaprima.data.stream import StreamDataset

__all__ = ["Batch", "ImageDataset", "StreamDataset", "batches", "open_images", "sample_indices"]
