"""The names that a pickle may use. Everything else is refused, though nothing that is named is ever run.

Found by listing the opcodes of published files; see "Torch pickles" and "Legacy pickles" in the notes on formats.
"""

import re

from allaprima.errors import ModelFileError
from allaprima.interchange.records import Global, printable

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
CLASS = re.compile(r"_*[A-Z][A-Za-z_0-9]*")

OTHER_HOMES = {
    "__builtin__": "builtins",  # Python 2
    "copy_reg": "copyreg",
    "torch.cuda": "torch",  # storages of old files that were saved on a GPU
    "numpy._core": "numpy.core",  # NumPy 2
    "numpy._core.multiarray": "numpy.core.multiarray",
    "numpy._core.numeric": "numpy.core.numeric",
    "dnnlib.util": "dnnlib",
}
"""One home for names that have moved."""

CONTAINERS = frozenset(
    {
        "builtins.bytearray",
        "builtins.bytes",
        "builtins.complex",
        "builtins.dict",
        "builtins.frozenset",
        "builtins.list",
        "builtins.set",
        "builtins.tuple",
        "_codecs.encode",
        "collections.OrderedDict",
        "collections.defaultdict",
        "copyreg._reconstructor",
        "dnnlib.EasyDict",
    }
)
"""Rebuilt as what they are: plain values."""

ARRAYS = frozenset(
    {
        "numpy.core.multiarray._reconstruct",
        "numpy.core.multiarray.scalar",
        "numpy.core.numeric._frombuffer",
    }
)
"""Rebuilt as NumPy arrays and numbers."""

TENSORS = frozenset(
    {
        "torch.Size",
        "torch.device",
        "torch._tensor._rebuild_from_type_v2",
        "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_parameter_with_state",
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_tensor_v3",
        "torch.storage._load_from_bytes",
    }
)
"""Rebuilt as tensors and what belongs to them."""

STORAGES = {
    "BFloat16Storage": "bfloat16",
    "BoolStorage": "bool",
    "ByteStorage": "uint8",
    "CharStorage": "int8",
    "ComplexDoubleStorage": "complex128",
    "ComplexFloatStorage": "complex64",
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "ShortStorage": "int16",
}
"""Number format of each of PyTorch's storages; an `UNTYPED` one has bytes."""

UNTYPED = frozenset({"torch.UntypedStorage", "torch.storage.UntypedStorage", "torch.storage._UntypedStorage"})
TORCH_DTYPES = frozenset({*STORAGES.values(), "uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2"})
NUMPY_TYPES = (
    "bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128"
)

VALUES = frozenset(
    {
        "builtins.bool",
        "builtins.float",
        "builtins.int",
        "builtins.object",
        "builtins.str",
        "numpy.ndarray",
        "torch.Tensor",
        "torch.nn.parameter.Parameter",
        "torch.channels_last",
        "torch.contiguous_format",
        *UNTYPED,
        *(f"torch.{name}" for name in STORAGES),
        *(f"torch.{name}" for name in TORCH_DTYPES),
        *(f"numpy.{name}" for name in NUMPY_TYPES.split()),
    }
)
"""Stay names: something tells by them what kind it is of."""

RECORDS = frozenset(
    {
        "argparse.Namespace",
        "numpy.dtype",
        "pathlib.PosixPath",
        "pathlib.PurePosixPath",
        "pathlib.PureWindowsPath",
        "pathlib.WindowsPath",
        "torch_utils.persistence._reconstruct_persistent_obj",
    }
)
"""Become records."""

HOMES_OF_CLASSES = (
    "dnnlib",
    "legacy",
    "model",
    "models",
    "network",
    "networks",
    "stylegan2_pytorch",
    "tfutil",
    "torch.nn.modules",
    "torch.nn.parallel",
    "torch.optim",
    "torch_utils",
    "training",
)
"""Modules whose classes (not their functions), and those of modules within them, become records."""


def recognise(module: str, name: str) -> Global:
    """Give the inert stand-in of a name that models use, at the module where we look for it; refuse any other."""
    home = OTHER_HOMES.get(module, module)
    full = f"{home}.{name}"
    if full in CONTAINERS or full in ARRAYS or full in TENSORS or full in VALUES or full in RECORDS:
        return Global(home, name)
    if CLASS.fullmatch(name) and _is_a_home_of_classes(module):
        return Global(module, name)
    raise ModelFileError(f"wants {printable(f'{module}.{name}')}, which no model needs: the file is refused")


def _is_a_home_of_classes(module: str) -> bool:
    is_plain = all(IDENTIFIER.fullmatch(part) for part in module.split("."))
    return is_plain and any(module == home or module.startswith(f"{home}.") for home in HOMES_OF_CLASSES)
