"""Print a command of the README, so that what is read is what is run: the block after ``<!-- command: NAME -->``."""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def readme_command(name: str) -> str:
    """The shell block that follows the marker ``name``."""
    match = re.search(rf"<!-- command: {name} -->\s*```(?:bash|sh)\n(.*?)```", README.read_text(), re.DOTALL)
    if match is None:
        raise SystemExit(f"the README has no command {name!r}")
    return match[1].strip()


if __name__ == "__main__":
    print(readme_command(sys.argv[1]))
