"""Every idea has an address: no file is called after nothing."""

from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
BANNED = {"utils", "util", "misc", "common", "helpers", "helper", "base", "manager", "tmp"}


def test_no_file_or_folder_is_a_grab_bag() -> None:
    paths = [path for path in SOURCE.rglob("*") if path.suffix in {"", ".py"}]
    assert paths
    assert not [str(path.relative_to(SOURCE)) for path in paths if path.stem in BANNED]
