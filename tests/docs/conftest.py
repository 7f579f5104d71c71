from tests.training.conftest import _small_sheets

__all__ = ["_small_sheets"]
