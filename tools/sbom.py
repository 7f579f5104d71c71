"""Write the bill of materials of a release: every package, with version and licence, as CycloneDX JSON.

    python tools/sbom.py sbom.json

Makes a fresh environment with allaprima and all that its users can ask for, by constraints.txt, and lists it with
cyclonedx-bom, which lives in an environment of its own and so is not in the list. With --environment the list is of one
that is there already.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOT_FOR_USERS = {"dev", "docs"}
LISTER = "cyclonedx-bom>=5,<8"


def main() -> None:
    """Write the file, and say how many components it lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--environment", type=Path, help="a virtual environment with allaprima in it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        released = arguments.environment or environment(Path(folder) / "released", f"{ROOT}[{','.join(extras())}]")
        lister = environment(Path(folder) / "lister", LISTER)
        words = ["environment", "--pyproject", ROOT / "pyproject.toml", "--mc-type", "library", "--output-reproducible"]
        run(lister / "bin" / "cyclonedx-py", *words, "--output-file", arguments.out, released)
    components = json.loads(arguments.out.read_text(encoding="utf-8"))["components"]
    print(f"{arguments.out} lists {len(components)} components")


def extras() -> list[str]:
    """What users can ask for besides the package itself."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        known = tomllib.load(file)["project"]["optional-dependencies"]
    return sorted(set(known) - NOT_FOR_USERS)


def environment(folder: Path, wanted: str) -> Path:
    """A virtual environment with a package in it."""
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin" / "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wanted)
    return folder


def run(*words: object) -> None:
    """A program, whose failure is ours."""
    subprocess.run([str(word) for word in words], check=True)


if __name__ == "__main__":
    main()
