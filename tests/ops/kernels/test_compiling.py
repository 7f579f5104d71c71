"""Every kernel compiles to machine code for a GPU, also where there is none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
KERNELS = {"upfirdn2d_kernel", "bend_kernel", "slopes_kernel", "filtered_lrelu_kernel"}


def compiled(cache: Path, *arguments: str) -> set[str]:
    """Names of the kernels that another Python, without the interpreter, compiles."""
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    environment |= {"PYTHONPATH": str(ROOT / "src"), "TRITON_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("compiling.py")), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return {line.split()[0] for line in done.stdout.splitlines()}


def test_each_kernel_compiles_for_an_h200(tmp_path: Path) -> None:
    assert compiled(tmp_path, "90", "bfloat16", "once") == KERNELS


@pytest.mark.slow
@pytest.mark.parametrize("capability", ["80", "90"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_every_form_compiles(dtype: str, capability: str, tmp_path: Path) -> None:
    assert compiled(tmp_path, capability, dtype) == KERNELS
