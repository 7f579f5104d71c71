"""Copy the reference numbers into tests/reference, the large outputs among them as sketches.

Run as ``python tools/copy_reference.py ../shared/reference``. Weights and inputs are copied whole. An output (an image,
a gradient) of more than `VALUES` numbers is replaced by so many of its values, at places that its name decides, and by
projections of all of it; `tests.conftest.assert_near` makes the same of what it is given. A difference anywhere shows
in the projections, and the repository stays small.
"""

import json
import re
import shutil
import sys
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

from tests.conftest import REFERENCE, VALUES, sketch_of

OUTPUTS = re.compile(r"image_|image$|grad|r1_grad|[a-z0-9.]+\.0\.\d+$")
# Of the metrics the features are the input, 1.5 MB that no test of them can do without.
WHOLE = ("stylegan3_filters", "ops_", "metrics")


def main(source: Path) -> None:
    """Copy every file that tests read."""
    for path in sorted(source.glob("*.safetensors")):
        target = REFERENCE / path.name
        if path.stem.startswith(WHOLE):
            shutil.copyfile(path, target)
            continue
        with safe_open(path, "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
            metadata = dict(file.metadata() or {})
        large = [name for name, t in tensors.items() if OUTPUTS.match(name) and t.numel() > VALUES]
        metadata["sketches"] = json.dumps({name: list(tensors[name].shape) for name in large})
        save_file({k: sketch_of(t, k) if k in large else t for k, t in tensors.items()}, target, metadata=metadata)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
