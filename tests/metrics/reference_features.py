"""The reference's features of reals and fakes, and what the original systems say of them."""

from typing import Any

from tests.conftest import read_reference


def reference_features() -> dict[str, Any]:
    """Real and fake features and the wanted numbers."""
    return read_reference("metrics").tensors
