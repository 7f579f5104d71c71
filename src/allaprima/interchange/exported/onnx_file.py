"""``.onnx``: a generator for onnxruntime, the browser, TensorRT, OpenVINO and whatever else reads ONNX."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from allaprima.errors import ConfigError
from allaprima.files import atomic_path, make_directory
from allaprima.interchange.exported.description import KEY, describe_json, shape
from allaprima.interchange.exported.parts import Mapper, Part, Synthesizer, Whole, detached
from allaprima.interchange.exported.tracing import quiet, trace
from allaprima.version import __version__

NEEDED = ("onnx", "onnxscript")
LARGEST = 1_900_000_000  # bytes of weights in one file: Protocol Buffers end at 2³¹
SEPARATE_FROM = 1024  # bytes; smaller tensors stay in the model's file


def export_onnx(G: Any, path: str | Path, *, external_data: bool | None = None) -> list[Path]:
    """Write ``G`` as ONNX: from z to image if ``path`` ends in ``.onnx``, else as two files in the directory ``path``.

    The two are ``mapping.onnx``, from z to ws, and ``synthesis.onnx``, from ws to image: for mixing styles, editing,
    interpolation. All tensors are float32, n may be any number of images.

        session = onnxruntime.InferenceSession("model.onnx")
        (images,) = session.run(None, {"z": z})  # [n, c, h, w], about [-1, 1], not clamped

    The inputs:

    - ``z`` [n, z_dim], standard normal;
    - ``c`` [n, c_dim], of models with labels alone;
    - ``truncation_psi`` [num_ws]: ψ of each layer. A ``truncation_cutoff`` of k is ψ k times, then ones. Not given: all
      ones;
    - ``ws`` [n, num_ws, w_dim] in ``synthesis.onnx``, instead of these;
    - ``noise_…`` [n, 1, h, w] or [1, 1, h, w], one for each layer that adds noise. Not given: the stored noise
      (``noise_mode="const"``); zeros: none; standard normal numbers: ``random`` (of lucidrains' networks, which have
      one map for all layers: numbers between 0 and 1).

    Inputs that need not be given are ONNX's "overridable initializers": their values are in the file. What the graph is
    stands, as JSON, in its metadata under ``allaprima``: spec, inputs, output.

    Args:
        G: The generator; it stays as it is.
        path: A file, or a directory, which is made. Files appear complete or not at all.
        external_data: Put the weights into a second file, ``….onnx.data``, which must stay beside the first; None: only
            if they are too large for one, which ends at 2 GB.

    Returns:
        The files that are to be loaded.

    Raises:
        ConfigError: ``G`` is no generator, or the packages are missing that the extra ``export`` installs.
        OutputError: A file cannot be written.
    """
    require_onnx()
    path, copy = Path(path), detached(G)
    if path.suffix.lower() == ".onnx":
        return [export_part(Whole(copy), path, external_data=external_data)]
    make_directory(path)
    parts = (Mapper(copy), Synthesizer(copy))
    return [export_part(part, path / f"{part.name}.onnx", external_data=external_data) for part in parts]


def require_onnx() -> None:
    """Raise a `ConfigError` if a package that is needed to write ONNX is missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigError(f"writing ONNX needs {' and '.join(missing)}: install with pip install 'allaprima[export]'")


def export_part(part: Part, path: Path, *, external_data: bool | None = None) -> Path:
    """Write one graph; see `export_onnx`."""
    names = list(part.inputs())
    program = trace(part)
    with quiet(), torch.no_grad():
        exported = torch.onnx.export(
            program, input_names=names, output_names=[part.output], dynamo=True, verbose=False, external_data=False
        )
        assert exported is not None
        model = exported.model_proto
    _tidy(model, part)
    if external_data is None:
        external_data = sum(len(tensor.raw_data) for tensor in model.graph.initializer) > LARGEST
    if external_data:
        _separate_weights(model, path.with_name(f"{path.name}.data"))
    with atomic_path(path) as temporary:
        temporary.write_bytes(model.SerializeToString())
    return path


def _tidy(model: Any, part: Part) -> None:
    """Name things as we do, give defaults, and leave out what tells of the machine that made the graph."""
    graph, inputs = model.graph, part.inputs()
    model.producer_name, model.producer_version = "allaprima", __version__
    graph.name = part.name
    del model.metadata_props[:], graph.metadata_props[:]
    del graph.value_info[:]  # whoever wants the shapes between infers them; ours would bind those of the noise to n
    model.metadata_props.add(key=KEY, value=describe_json(part))
    for entry in [*graph.node, *graph.input, *graph.output]:
        del entry.metadata_props[:]
    graph.output[0].type.tensor_type.shape.dim[0].dim_param = "n"
    for value in graph.input:
        meaning, _, per_image, default = inputs[value.name]
        sizes = ", ".join(map(str, shape(part, value.name)))
        value.doc_string = f"[{sizes}] {meaning}"
        if per_image:
            value.type.tensor_type.shape.dim[0].dim_param = "n" if default is None else "n_or_1"
        if default is not None:
            _add_initializer(graph, value.name, default)


def _add_initializer(graph: Any, name: str, value: torch.Tensor) -> None:
    import onnx

    graph.initializer.append(onnx.numpy_helper.from_array(value.contiguous().numpy(), name))


def _separate_weights(model: Any, path: Path) -> None:
    """Move the weights to ``path``; the model then says where they are."""
    import onnx

    offset = 0
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        for tensor in model.graph.initializer:
            content = tensor.raw_data
            if len(content) < SEPARATE_FROM:
                continue
            onnx.external_data_helper.set_external_data(tensor, path.name, offset=offset, length=len(content))
            tensor.ClearField("raw_data")
            offset += file.write(content)
