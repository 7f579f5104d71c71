"""Memory that is kept, not given back to the system between two layers.

glibc maps every large block anew and the kernel clears its pages on first touch; in a generator's forward pass that
takes a quarter to a half of the time (256×256 images: 1.28 times faster at batch 1 without it, 1.77 times at batch 4).
The price: the process keeps the memory of its largest moment.
"""

import ctypes
import sys

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3


def keep_memory() -> bool:
    """Tell glibc to keep freed blocks. Returns whether this system could be told; harmless where it could not."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, 1 << 30) and mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1))
