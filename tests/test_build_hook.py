"""What `hatch_build.py` compiles, where it may not or cannot, and what is in a wheel then."""

import ctypes
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("hatchling", reason="the hook of the build is hatchling's; pip install -e '.[dev]' has it")

ROOT = Path(__file__).parents[1]
FAST = Path("src", "allaprima", "ops", "fast")
PROJECT = ["pyproject.toml", "hatch_build.py", ".gitignore", "README.md", "LICENSE", "NOTICE"]
PACKAGE = ["src/allaprima/__init__.py", "src/allaprima/version.py", (FAST / "passes.c").as_posix()]
PURE, COMPILED = "allaprima-0-py3-none-any.whl", f"allaprima-0-py3-none-manylinux_2_17_{platform.machine()}.whl"
LANES = {"avx512": 16, "avx2": 8, "baseline": 4}
FAILING = """#!/bin/sh
echo "$*" > "$0.said"
echo 'x.c: In function' >&2
echo 'x.c:1: error: no such thing' >&2
exit 1
"""
UNLOADABLE = """#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo 'no ELF' > "$2"
"""

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="nothing is compiled but on Linux")
needs_compiler = pytest.mark.skipif(
    sys.platform != "linux" or not any(map(shutil.which, ("cc", "gcc", "clang"))),
    reason="no C compiler on this machine (apt-get install gcc), or not Linux",
)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, in an environment that decides nothing."""
    monkeypatch.syspath_prepend(ROOT)
    for name in ("ALLAPRIMA_COMPILE", "CC"):
        monkeypatch.delenv(name, raising=False)
    return import_module("hatch_build")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of ours with no more of the package than is compiled, and with a compiled file of an earlier build."""
    for name in [*PROJECT, *PACKAGE]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "src/allaprima/version.py").write_text('__version__ = "0"\n')
    (tmp_path / FAST / "passes-earlier.so").write_bytes(b"stale")
    return tmp_path


@pytest.fixture
def built(hook: Any, project: Path) -> Callable[[], Path]:
    """Builds a wheel of the project as `pip` would, but in this process."""
    from hatchling.builders.wheel import WheelBuilder

    def build() -> Path:
        (made,) = WheelBuilder(str(project)).build(directory=str(project / "dist"), versions=["standard"])
        return Path(made)

    return build


def compiled_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.suffix == ".so" or path.name.startswith("passes-"))


def compiled_in_wheel(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return sorted(name for name in archive.namelist() if name.endswith(".so"))


def here(hook: Any) -> list[str]:
    """The files that are compiled on this machine."""
    return sorted(f"passes-{name}.so" for name in hook.VARIANTS.get(platform.machine(), ["baseline"]))


def put_compiler(folder: Path, script: str, name: str = "cc") -> Path:
    path = folder / name
    path.write_text(script)
    path.chmod(0o755)
    return path


def test_the_environment_says_what_is_wanted(hook: Any) -> None:
    assert [hook.wish(said) for said in ({}, {"ALLAPRIMA_COMPILE": "0"})] == ["", "0"]
    with pytest.raises(SystemExit, match=r"^ALLAPRIMA_COMPILE is 'yes' but must be 0 .*, 1 .* or not set$"):
        hook.wish({"ALLAPRIMA_COMPILE": "yes"})


def test_where_nothing_is_ever_compiled_it_cannot_be_demanded(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert hook.wish({"ALLAPRIMA_COMPILE": "1"}) == "1"
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SystemExit, match="only on Linux"):
        hook.wish({"ALLAPRIMA_COMPILE": "1"})


def test_a_compiler_is_found_by_cc_or_by_name(hook: Any, tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path)}
    with pytest.raises(hook.CompileError, match=r"^there is no cc, gcc or clang; install .*apt-get install gcc"):
        hook.find_compiler(environment)
    clang, gcc = put_compiler(tmp_path, "", "clang"), put_compiler(tmp_path, "", "gcc")
    assert hook.find_compiler(environment) == [str(gcc)]
    assert hook.find_compiler({**environment, "CC": "clang -m64 '-DA=a b'"}) == [str(clang), "-m64", "-DA=a b"]
    with pytest.raises(hook.CompileError, match="CC names 'icc', which is not there"):
        hook.find_compiler({**environment, "CC": "icc -fast"})


def test_each_machine_has_a_baseline(hook: Any) -> None:
    assert {"x86_64", "aarch64"} <= set(hook.VARIANTS)
    assert all(variants["baseline"][:1] == ("-DLANES=4",) for variants in hook.VARIANTS.values())


def test_the_line_of_a_compiler_that_tells_most(hook: Any) -> None:
    assert hook.complaint("x.c: In function\nx.c:1: error: no such thing\nx.c:2: error: again") == (
        "x.c:1: error: no such thing"
    )
    assert hook.complaint("cc: killed\n") == "cc: killed"
    assert hook.complaint("") == "it does not say why"


@needs_compiler
def test_compiled_files_need_no_library_and_can_be_loaded(hook: Any, project: Path) -> None:
    made = hook.compile_passes(project / FAST, hook.find_compiler(os.environ), platform.machine())
    assert sorted(path.name for path in made) == here(hook)
    assert compiled_in(project) == sorted([*here(hook), "passes-earlier.so"])
    for path in made:
        assert ctypes.CDLL(str(path)).lanes_of_a_register() == LANES[path.stem.removeprefix("passes-")]
        if shutil.which("nm"):
            said = subprocess.run(["nm", "-D", "--undefined-only", path], capture_output=True, text=True, check=True)
            assert {line.split()[-1] for line in said.stdout.splitlines()} <= {"memcpy", "memset"}


@needs_compiler
def test_a_machine_that_nobody_knows_has_the_baseline(hook: Any, project: Path) -> None:
    made = hook.compile_passes(project / FAST, hook.find_compiler(os.environ), "")
    assert [path.name for path in made] == ["passes-baseline.so"]
    assert ctypes.CDLL(str(made[0])).lanes_of_a_register() == 4


@needs_compiler
def test_protection_of_the_stack_by_default_asks_nothing_of_libc(hook: Any, project: Path) -> None:
    made = hook.compile_passes(project / FAST, [*hook.find_compiler(os.environ), "-fstack-protector-all"], "")
    assert all(b"__stack_chk_fail" not in path.read_bytes() for path in made)


@needs_compiler
def test_a_file_in_use_is_replaced_and_not_written_into(hook: Any, project: Path) -> None:
    (project / FAST / "passes-baseline.so").write_bytes(b"in use")
    with (project / FAST / "passes-baseline.so").open("rb") as used:
        hook.compile_passes(project / FAST, hook.find_compiler(os.environ), "")
        assert used.read() == b"in use"
    assert (project / FAST / "passes-baseline.so").read_bytes()[:4] == b"\x7fELF"


@needs_linux
def test_a_compiler_that_fails_leaves_all_as_it_was(hook: Any, project: Path) -> None:
    compiler = put_compiler(project, FAILING)
    with pytest.raises(hook.CompileError, match=r"cc cannot compile passes-\w+\.so \(x.c:1: error: no such thing\); "):
        hook.compile_passes(project / FAST, [str(compiler)], "x86_64")
    assert compiled_in(project) == ["passes-earlier.so"]
    assert "-O3" in (project / "cc.said").read_text()


@needs_linux
def test_a_file_that_cannot_be_loaded_is_not_kept(hook: Any, project: Path) -> None:
    compiler = put_compiler(project, UNLOADABLE)
    with pytest.raises(hook.CompileError, match=r"made a passes-baseline\.so that cannot be loaded"):
        hook.compile_passes(project / FAST, [str(compiler)], "")
    assert compiled_in(project) == ["passes-earlier.so"]


@needs_linux
def test_what_is_no_program_is_one_sentence(hook: Any, project: Path) -> None:
    with pytest.raises(hook.CompileError, match="not be run"):
        hook.compile_passes(project / FAST, [str(put_compiler(project, "\x7fELF"))], "")


@needs_compiler
def test_a_wheel_has_the_compiled_files_and_its_machine(hook: Any, built: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    wheel = built()
    assert wheel.name == COMPILED
    assert compiled_in_wheel(wheel) == [f"allaprima/ops/fast/{name}" for name in here(hook)]
    with zipfile.ZipFile(wheel) as archive:
        assert "Root-Is-Purelib: false" in archive.read("allaprima-0.dist-info/WHEEL").decode()


def test_another_libc_has_no_manylinux(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert hook.wheel_tag() == f"py3-none-linux_{platform.machine()}"


@needs_compiler
def test_an_editable_wheel_only_points_to_the_compiled_files(hook: Any, project: Path) -> None:
    said: dict[str, Any] = {"artifacts": []}
    hook.PassesHook(str(project), {}, None, None, "", "wheel").initialize("editable", said)
    assert said == {"artifacts": []}
    assert compiled_in(project) == here(hook)


@needs_linux
@pytest.mark.parametrize("compiler", ["none", "failing"])
def test_without_a_compiler_one_line_says_what_to_do(
    built: Any, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], compiler: str
) -> None:
    monkeypatch.setenv("PATH", str(project))
    if compiler == "failing":
        put_compiler(project, FAILING)
    wheel = built()
    assert (wheel.name, compiled_in_wheel(wheel), compiled_in(project)) == (PURE, [], [])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("allaprima will run in plain PyTorch, without its compiled passes: ")
    assert "install a C compiler" in line


@needs_linux
def test_where_it_must_be_compiled_no_compiler_is_an_error(
    built: Any, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(project))
    monkeypatch.setenv("ALLAPRIMA_COMPILE", "1")
    with pytest.raises(SystemExit, match=r"^ALLAPRIMA_COMPILE is 1, but there is no cc, gcc or clang; install"):
        built()
    assert not (project / "dist").exists() or not list((project / "dist").iterdir())


@needs_compiler
@pytest.mark.parametrize("wanted", [("0", "linux"), ("", "darwin"), ("", "win32")])
def test_nothing_is_compiled_where_it_is_not_wanted(
    built: Any,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wanted: tuple[str, str],
) -> None:
    monkeypatch.setenv("ALLAPRIMA_COMPILE", wanted[0])
    monkeypatch.setattr(sys, "platform", wanted[1])
    wheel = built()
    assert (wheel.name, compiled_in_wheel(wheel), compiled_in(project)) == (PURE, [], [])
    assert capsys.readouterr().err == ""


def test_the_source_archive_can_be_compiled_but_is_not(hook: Any, project: Path) -> None:
    from hatchling.builders.sdist import SdistBuilder

    (made,) = SdistBuilder(str(project)).build(directory=str(project / "dist"), versions=["standard"])
    with tarfile.open(made) as archive:
        names = archive.getnames()
    assert {f"allaprima-0/{name}" for name in ["hatch_build.py", (FAST / "passes.c").as_posix()]} <= set(names)
    assert not [name for name in names if name.endswith(".so")]
