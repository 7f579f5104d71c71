"""Compile `src/allaprima/ops/fast/passes.c` when a wheel is built, or the source installed, on Linux.

There is a file ``passes-NAME.so`` for each set of instructions in `VARIANTS`; `allaprima.ops.fast` loads one of them.
Where there is no C compiler the wheel is of Python alone, and plain PyTorch does the work of the passes. With 0 in the
environment variable ``ALLAPRIMA_COMPILE`` nothing is compiled; with 1 it is an error if nothing can be.
"""

import ctypes
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SWITCH = "ALLAPRIMA_COMPILE"
FOLDER = Path("src", "allaprima", "ops", "fast")
SOURCE, COMPILED = "passes.c", "passes-{}.so"
COMPILERS = ("cc", "gcc", "clang")
NEXT_STEP = "install a C compiler (apt-get install gcc, for example) or name one in CC, then install allaprima again"

FLAGS = (
    "-O3",
    "-std=gnu11",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-stack-protector",  # some systems' compilers have it on, and it wants functions of libc
    "-fPIC",
    "-shared",
    "-nostdlib",  # memcpy and memset are found in the process that loads the file, whatever its libc
)
BASELINE = ("-DLANES=4",)
VARIANTS: dict[str, dict[str, tuple[str, ...]]] = {
    "x86_64": {
        "avx512": ("-DLANES=16", "-mavx512f", "-mfma", "-mprefer-vector-width=512"),
        "avx2": ("-DLANES=8", "-mavx2", "-mfma"),
        "baseline": BASELINE,
    },
    "aarch64": {"baseline": (*BASELINE, "-mno-outline-atomics")},  # they would be functions of libgcc
}
"""For each machine, as `platform.machine` names it, the sets of instructions and the compiler's flags for each."""


class CompileError(Exception):
    """Nothing can be compiled here; the message says why, and what to do."""


def wish(environment: Mapping[str, str]) -> str:
    """What ``ALLAPRIMA_COMPILE`` says: "0", "1" or, if it is not set, nothing."""
    said = environment.get(SWITCH, "")
    if said not in {"", "0", "1"}:
        raise SystemExit(f"{SWITCH} is {said!r} but must be 0 (never compile), 1 (fail without a compiler) or not set")
    if said == "1" and sys.platform != "linux":
        raise SystemExit(f"{SWITCH} is 1, but only on Linux anything is compiled; unset it to make a wheel without")
    return said


def find_compiler(environment: Mapping[str, str]) -> list[str]:
    """The words that begin a compiler's command: those of ``CC``, or the first of `COMPILERS` that is there."""
    named = shlex.split(environment.get("CC", ""))
    for name in named[:1] or COMPILERS:
        if path := shutil.which(name, path=environment.get("PATH")):
            return [path, *named[1:]]
    if named:
        raise CompileError(f"CC names {named[0]!r}, which is not there; {NEXT_STEP}")
    raise CompileError(f"there is no {', '.join(COMPILERS[:-1])} or {COMPILERS[-1]}; {NEXT_STEP}")


def compile_passes(folder: Path, compiler: list[str], machine: str) -> list[Path]:
    """Compile all that ``machine`` has use for; give the files, which replace older ones of their names.

    Each is renamed into its place when all are complete, as another process may be running the older one.
    """
    variants = VARIANTS.get(machine, {"baseline": BASELINE})
    try:
        with tempfile.TemporaryDirectory(prefix="passes-", dir=folder) as beside:
            made = [compile_one(folder, compiler, name, flags, Path(beside)) for name, flags in variants.items()]
            return [file.replace(folder / file.name) for file in made]
    except OSError as error:
        raise CompileError(f"{folder} cannot be written or {compiler[0]} not be run ({error}); {NEXT_STEP}") from error


def compile_one(folder: Path, compiler: list[str], name: str, flags: tuple[str, ...], out: Path) -> Path:
    """Compile for one set of instructions into the folder ``out``, and see that what came of it can be loaded."""
    made = out / COMPILED.format(name)
    checksum = f"-DCHECKSUM={zlib.crc32((folder / SOURCE).read_bytes())}u"  # so that a file of an older source is known
    command = [*compiler, *FLAGS, *flags, checksum, "-o", str(made), str(folder / SOURCE)]
    english = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, env=english, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise CompileError(f"{compiler[0]} cannot compile {made.name} ({complaint(done.stderr)}); {NEXT_STEP}")
    try:
        ctypes.CDLL(str(made))  # names that nobody has would show here
    except OSError as error:
        raise CompileError(f"{compiler[0]} made a {made.name} that cannot be loaded ({error}); {NEXT_STEP}") from error
    return made


def complaint(said: str) -> str:
    """The line of a compiler's output that tells most."""
    lines = said.strip().splitlines() or ["it does not say why"]
    return next((line for line in lines if "error" in line), lines[-1])


def remove_others(folder: Path, kept: list[Path]) -> None:
    """Remove what an earlier build left: it may be of another `passes.c` than the Python beside it."""
    for file in folder.glob(COMPILED.format("*")):
        if file not in kept:
            file.unlink()


def wheel_tag() -> str:
    """The machines that a wheel with compiled files is for.

    The files need no library and no version of a function of libc, so any glibc will do, and 2.17 is the oldest that
    pip has a tag of for every machine. With another libc, pip refuses such tags: there it is the one of any Linux.
    """
    system = "manylinux_2_17" if platform.libc_ver()[0] == "glibc" else "linux"
    return f"py3-none-{system}_{platform.machine()}"


class PassesHook(BuildHookInterface[BuilderConfig]):
    """Compiles before each wheel; an editable one stays as it is, for it points to the folder with the files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile where it is wanted, then say what the wheel contains and where it can be installed."""
        said = wish(os.environ)
        folder = Path(self.root) / FOLDER
        wanted = said != "0" and sys.platform == "linux"
        made = self._compiled(folder, must=said == "1") if wanted else []
        remove_others(folder, made)
        if made and version != "editable":
            build_data["artifacts"] += [(FOLDER / file.name).as_posix() for file in made]  # though git ignores them
            build_data["pure_python"] = False
            build_data["tag"] = wheel_tag()

    def _compiled(self, folder: Path, *, must: bool) -> list[Path]:
        try:
            return compile_passes(folder, find_compiler(os.environ), platform.machine())
        except CompileError as error:
            if must:
                raise SystemExit(f"{SWITCH} is 1, but {error}") from None
            self.app.display_warning(f"allaprima will run in plain PyTorch, without its compiled passes: {error}")
            return []
