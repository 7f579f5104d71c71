"""How much a foreign file may ask for: bounds on work and memory, in proportion to the file where that is possible."""

from dataclasses import dataclass, fields

from allaprima.errors import ConfigError, ModelFileError

MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on what one file may cost. The defaults are some twenty times what any published model needs.

    Attributes:
        file_bytes: Size of the file. The largest public ones, with the state of their optimizers, have 3 GB.
        operations: Steps of the pickle, all its parts together; a tensor counts for `TENSOR`. StyleGAN3 has 40,000.
        growth: How many bytes of tensors and decompressed data may come from one byte of the file. Weights cannot be
            compressed, so honest files have 2: once as read, once as a tensor. This is what stops zip bombs, and
            tensors that repeat one number a billion times.
        spare_bytes: What small files may have besides.
        depth: Containers within containers. Modules in modules in StyleGAN3 reach 25.
        nodes: Values when everything that is shared is counted each time that it appears (a "billion laughs" file has
            few objects, but 2¹⁰⁰ of these).
        text_bytes: One text; the longest known is a module's source, 50 kB.
        integer_bytes: One whole number; the longest known is PyTorch's signature, 10 bytes.
        name_bytes: Name of a class or its module.
        directory_bytes: List of contents of a zip file.

    Raises:
        ConfigError: One is below 1.
    """

    file_bytes: int = 16 * 1024 * MIB
    operations: int = 1_000_000
    growth: int = 8
    spare_bytes: int = 64 * MIB
    depth: int = 200
    nodes: int = 2_000_000
    text_bytes: int = 16 * MIB
    integer_bytes: int = 32
    name_bytes: int = 200
    directory_bytes: int = 4 * MIB

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ConfigError(f"the limit {field.name} is {getattr(self, field.name)}, but must be at least 1")


TENSOR = 20
"""Operations that a tensor or an array counts for: it takes that much more time and memory than a number."""


class Budget:
    """What is left of the limits while one file is read."""

    def __init__(self, limits: Limits, file_bytes: int) -> None:
        if file_bytes > limits.file_bytes:
            raise ModelFileError(f"has {file_bytes:,} bytes, more than the {limits.file_bytes:,} that are read")
        self.limits = limits
        self.operations = limits.operations
        self.bytes = limits.growth * file_bytes + limits.spare_bytes

    def work(self, operations: int = 1) -> None:
        """Take so many operations from what is left."""
        self.operations -= operations
        if self.operations < 0:
            raise ModelFileError(f"asks for more than {self.limits.operations:,} operations, which no model needs")

    def claim(self, num_bytes: int) -> None:
        """Take so much memory from what is left; call it before the memory is used."""
        self.bytes -= num_bytes
        if self.bytes < 0:
            raise ModelFileError(
                f"would grow to more than {self.limits.growth} times its size, which no model does: is it a bomb?"
            )
