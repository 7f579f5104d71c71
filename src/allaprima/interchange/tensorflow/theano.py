"""Progressive GAN's first program, in Theano: its networks as TensorFlow's would be.

Its pickles have no names for the variables, only their order; convolutions turn their kernels round, and He's constant
is a variable of each layer. No published file of this format was at hand: this is written from its description.

Axes: k l kernel rows and columns, i inputs, o outputs.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from einops import rearrange
from numpy.typing import NDArray

from allaprima.errors import ModelFileError
from allaprima.interchange.keywords import plain
from allaprima.interchange.records import Record, called
from allaprima.interchange.tf_network import TFNetwork

HOME = "network"
GROUP = 16  # images in a group of the minibatch standard deviation, if the file does not say
VERSION = 1
SQRT2 = math.sqrt(2)

Array = NDArray[Any]


class Layer(NamedTuple):
    """One layer's variables."""

    weight: Array
    scale: float | None  # He's constant, which multiplies the weight
    bias: Array

    @property
    def is_colour(self) -> bool:
        """Whether it is a 1×1 convolution; these are stored as kernels, or as a matrix [i, o]."""
        return self.weight.ndim == 2 or self.weight.shape[2:] == (1, 1)


def theano_network(value: Any) -> TFNetwork | None:
    """Give the network that a record stands for, under TensorFlow's names; None if it stands for anything else.

    Raises:
        ModelFileError: It is such a network, but not one that can be taken over.
    """
    match value:
        case Record(name="Network", state={"build_func_spec": dict(made_with), "param_values": values} as state) if (
            value.module == HOME
        ):
            pass
        case _:
            return None
    keywords = {str(name): item for name, item in plain(made_with).items()}
    function = str(keywords.pop("func", keywords.pop("func_name", ""))).rpartition(".")[2]
    if keywords.get("label_size"):
        raise ModelFileError("the file has a Theano network with labels, which cannot be imported")
    layers = list(_layers(_arrays(values)))
    is_generator = len(layers) > 0 and layers[0].weight.ndim == 4 and layers[0].weight.shape[2] > 1
    variables = dict(_generator(layers) if is_generator else _discriminator(layers))
    level = _lod(state.get("toplevel_params"))
    return TFNetwork(
        home=HOME,
        version=VERSION,
        name="",
        function=function or ("G_paper" if is_generator else "D_paper"),
        keywords={**({} if is_generator else {"mbstd_group_size": GROUP}), **keywords},
        variables={"lod": np.array(level, np.float32), **variables},
        components={},
        source="",
    )


def _arrays(values: Any) -> list[Array]:
    """The variables in their order; some writers put their names before them."""
    items = list(values.values()) if isinstance(values, dict) else values
    if not isinstance(items, list | tuple):
        raise ModelFileError(f"the file has a {called(values)} where the variables of a Theano network were expected")
    arrays = []
    for item in items:
        content = item[1] if isinstance(item, tuple | list) and len(item) == 2 else item
        if (
            not isinstance(content, np.ndarray | np.generic | float | int)
            or np.asarray(content).dtype.kind not in "fiu"
        ):
            raise ModelFileError(f"the file has a {called(content)} where a variable of a Theano network was expected")
        arrays.append(np.asarray(content, np.float32))
    return arrays


def _layers(arrays: list[Array]) -> Iterator[Layer]:
    """Group variables: each layer begins with its weights, and has a bias and perhaps He's constant after them."""
    starts = [index for index, array in enumerate(arrays) if array.ndim in (2, 4)]
    if starts[:1] != [0]:
        raise ModelFileError("the file has a Theano network whose variables do not come layer by layer")
    for start, end in zip(starts, [*starts[1:], len(arrays)], strict=True):
        biases = [array for array in arrays[start + 1 : end] if array.ndim == 1]
        scales = [array for array in arrays[start + 1 : end] if array.ndim == 0]
        if len(biases) == 2 and not scales and biases[0].size == 1:  # a constant that has an axis
            scales = [biases.pop(0)]
        if len(biases) != 1 or len(scales) > 1 or end - start > 3 or 0 in arrays[start].shape:
            raise ModelFileError("the file has a Theano network whose variables do not come layer by layer")
        yield Layer(arrays[start], float(scales[0].reshape(())) if scales else None, biases[0])


def _generator(layers: list[Layer]) -> Iterator[tuple[str, Array]]:
    """A dense layer, convolutions from coarse to fine; layers of colours among them or after them, finest first."""
    dense, convolutions = layers[0], [layer for layer in layers[1:] if not layer.is_colour]
    colours = [layer for layer in layers[1:] if layer.is_colour]
    if len(convolutions) % 2 == 0 or len(colours) != len(convolutions) // 2 + 1:
        raise ModelFileError("the file has a Theano generator of an odd number of layers")
    yield "4x4/Dense/weight", _equalized(dense, rearrange(dense.weight, "o i k l -> i (o k l)"), SQRT2 / 4)
    yield "4x4/Dense/bias", dense.bias
    for index, layer in enumerate(convolutions):
        side = 4 << (index + 1) // 2
        name = f"{side}x{side}/" + ("Conv" if index == 0 else "Conv0" if index % 2 else "Conv1")
        yield from _convolution(name, layer)
    outputs = [convolutions[2 * index].weight.shape[0] for index in range(len(colours))]
    for lod, layer in enumerate(_finest_first(colours, outputs[::-1])):
        yield from _colour(f"ToRGB_lod{lod}", layer)


def _finest_first(colours: list[Layer], widths: list[int]) -> list[Layer]:
    """Layers of colours in the order of these widths, which are those of the finest grid first."""
    inputs = [layer.weight.shape[0 if layer.weight.ndim == 2 else 1] for layer in colours]
    return colours if inputs == widths else colours[::-1]


def _discriminator(layers: list[Layer]) -> Iterator[tuple[str, Array]]:
    """Layers of colours, finest first, and convolutions from fine to coarse; two linear layers at the end."""
    if len(layers) < 4:
        raise ModelFileError("the file has a Theano network of too few layers")
    *inner, fc, out = layers
    convolutions = [layer for layer in inner if not layer.is_colour]
    colours = [layer for layer in inner if layer.is_colour]
    if len(convolutions) % 2 == 0 or len(colours) != len(convolutions) // 2 + 1:
        raise ModelFileError("the file has a Theano discriminator of an odd number of layers")
    for lod, layer in enumerate(colours):
        yield from _colour(f"FromRGB_lod{lod}", layer)
    for index, layer in enumerate(convolutions):
        side = 4 << (len(convolutions) - index) // 2
        name = "Conv" if side == 4 else "Conv1" if index % 2 else "Conv0"
        yield from _convolution(f"{side}x{side}/{name}", layer)
    flat = fc.weight
    if flat.ndim == 4:  # a convolution as large as the grid
        flat = rearrange(flat[:, :, ::-1, ::-1], "o i k l -> (i k l) o")
    yield "4x4/Dense0/weight", _equalized(fc, flat, SQRT2)
    yield "4x4/Dense0/bias", fc.bias
    last = out.weight if out.weight.ndim == 2 else rearrange(out.weight, "o i 1 1 -> i o")
    yield "4x4/Dense1/weight", _equalized(out, last, 1.0)
    yield "4x4/Dense1/bias", out.bias


def _convolution(name: str, layer: Layer) -> Iterator[tuple[str, Array]]:
    kernels = rearrange(layer.weight[:, :, ::-1, ::-1], "o i k l -> k l i o")
    yield f"{name}/weight", _equalized(layer, kernels, SQRT2)
    yield f"{name}/bias", layer.bias


def _colour(name: str, layer: Layer) -> Iterator[tuple[str, Array]]:
    is_matrix = layer.weight.ndim == 2
    kernels = layer.weight[None, None] if is_matrix else rearrange(layer.weight, "o i k l -> k l i o")
    gain = SQRT2 if name.startswith("From") else 1.0
    yield f"{name}/weight", _equalized(layer, kernels, gain)
    yield f"{name}/bias", layer.bias


def _equalized(layer: Layer, weight: Array, gain: float) -> Array:
    """Weights [… i, o] for a network that multiplies them with He's constant itself."""
    constant = gain / math.sqrt(math.prod(weight.shape[:-1]))
    scale = 1.0 if layer.scale is None else layer.scale
    return np.ascontiguousarray(weight * np.float32(scale / constant))


def _lod(params: Any) -> float:
    """The level of detail, if the file has one."""
    pairs = params.items() if isinstance(params, dict) else params if isinstance(params, list | tuple) else ()
    for pair in pairs:
        match pair:
            case ("cur_lod" | "lod", float() | int() | np.generic() | np.ndarray() as level):
                return float(np.asarray(level).reshape(()))
    return 0.0
