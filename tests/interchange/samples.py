"""Files to read: the published formats' samples, where they are, and what PyTorch writes."""

import io
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.interchange import read_pickle

PICKLES = Path(os.environ.get("ALLAPRIMA_REFERENCE", "/work/shared/reference")) / "pickles"


def sample_path(name: str) -> Path:
    path = PICKLES / f"{name}.pkl"
    if not path.exists():
        pytest.skip(f"THE SAMPLE {path} IS NOT HERE: set ALLAPRIMA_REFERENCE to the folder of reference numbers")
    return path


def sample(name: str) -> Any:
    return read_pickle(sample_path(name))


def saved(value: Any, *, is_zip: bool) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=is_zip)
    return file.getvalue()
