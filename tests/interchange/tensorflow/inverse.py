"""The way back: a network of ours as the variables that the TensorFlow and Theano programs would have kept for it."""

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from einops import rearrange
from torch import Tensor, nn

Variables = dict[str, Any]


def trained(network: Any) -> Any:
    """The network with numbers like those after a training: nothing that it does goes unseen."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith(("noise_strength", "bias", "w_avg", "const")):
                tensor += torch.randn(tensor.shape, generator=generator) * 0.3
    return network


def hwio(t: Tensor) -> Tensor:
    return rearrange(t, "o i k l -> k l i o")


def layout(t: Tensor) -> Tensor:
    return hwio(t) if t.ndim == 4 else t.T if t.ndim == 2 else t


def scopes(network: Any) -> Callable[[int], str]:
    """The word for a grid: its height and width, as 4x4."""
    geometry = network.spec.geometry
    return lambda resolution: "{}x{}".format(*geometry.size(resolution))


def numpy(pairs: Iterator[tuple[str, Tensor]]) -> Variables:
    return {name: np.ascontiguousarray(t.detach().numpy()) for name, t in pairs}


def stylegan2_generator(G: Any) -> Variables:
    return numpy(_stylegan2_generator(G))


def _stylegan2_generator(G: Any) -> Iterator[tuple[str, Tensor]]:
    word, finest = scopes(G), G.spec.geometry.resolutions[-1]
    affine = {"affine.weight": ("mod_weight", layout), "affine.bias": ("mod_bias", lambda t: t - 1)}
    for name, t in G.state_dict().items():
        if name.endswith("resample_filter"):
            continue
        if name == "synthesis.lod":
            yield from (("lod", t), ("synthesis/lod", t))
        elif name.startswith("mapping."):
            yield _mapping(name, t)
        else:
            _, block, layer, *rest = name.split(".")
            r, kind = int(block[1:]), ".".join(rest)
            ours = {"conv1": "Conv" if r == 4 else "Conv1", "conv0": "Conv0_up", "torgb": "ToRGB", "skip": "Skip"}
            where = f"synthesis/{word(r)}/{ours.get(layer, '')}"
            if layer == "torgb" and G.spec.architecture == "orig":
                where = f"synthesis/ToRGB_lod{round(math.log2(finest / r))}"
            if layer == "const":
                yield f"synthesis/{word(4)}/Const/const", t[None]
            elif kind == "noise_const":
                yield f"synthesis/noise{round(2 * math.log2(r)) - (5 if layer == 'conv0' else 4)}", t[None, None]
            elif kind in affine:
                yield f"{where}/{affine[kind][0]}", affine[kind][1](t)
            elif kind == "weight" and layer in ("conv0", "skip"):
                yield f"{where}/weight", hwio(t.flip(2, 3))
            else:
                yield f"{where}/{kind}", layout(t)


def _mapping(name: str, t: Tensor) -> tuple[str, Tensor]:
    match name.split("."):
        case [_, "w_avg"]:
            return "dlatent_avg", t
        case [_, "label"]:
            return "mapping/LabelConcat/weight", t
        case [_, "embed", kind]:
            return f"mapping/LabelEmbed/{kind}", layout(t)
        case [_, fc, kind]:
            return f"mapping/Dense{fc[2:]}/{kind}", layout(t)
    raise AssertionError(name)


def stylegan2_discriminator(D: Any) -> Variables:
    return numpy(_discriminator(D, out="Output"))


def growing_discriminator(D: Any) -> Variables:
    return numpy(_discriminator(D, out=f"{scopes(D)(4)}/Dense1"))


def _discriminator(D: Any, out: str) -> Iterator[tuple[str, Tensor]]:
    word, finest = scopes(D), D.spec.geometry.resolutions[-1]
    lods = getattr(D.spec, "architecture", "orig") == "orig"
    for name, t in D.state_dict().items():
        if name == "lod":
            yield name, t
        elif name.startswith("mapping."):
            _, layer, kind = name.split(".")
            yield f"{layer.replace('fc', 'Mapping') if layer != 'embed' else 'LabelEmbed'}/{kind}", layout(t)
        elif not name.endswith("_filter"):
            block, layer, kind = name.split(".")
            r = int(block[1:])
            ours = {"conv0": "Conv0", "conv1": "Conv1_down", "skip": "Skip", "conv": "Conv", "fc": "Dense0"}
            where = f"{word(r)}/{ours.get(layer, 'FromRGB')}"
            if layer == "fromrgb" and lods:
                where = f"FromRGB_lod{round(math.log2(finest / r))}"
            yield f"{out if layer == 'out' else where}/{kind}", layout(t)


def stylegan_generator(G: Any, fused: Callable[[int], bool]) -> Variables:
    """``fused`` says by the smaller side whether a layer that makes such a grid is fused."""
    return numpy(_stylegan_generator(G, fused))


def _stylegan_generator(G: Any, fused: Callable[[int], bool]) -> Iterator[tuple[str, Tensor]]:
    word, finest = scopes(G), G.spec.geometry.resolutions[-1]
    styled = {
        "noise_strength": ("Noise/weight"),
        "bias": "bias",
        "adain.affine.weight": "StyleMod/weight",
        "adain.affine.bias": "StyleMod/bias",
    }
    base = "Const" if G.spec.const_input else "Dense"
    for name, t in G.state_dict().items():
        if name.endswith("blur_filter"):
            continue
        if name == "synthesis.lod":
            yield from (("lod", t), ("synthesis/lod", t))
        elif name.startswith("mapping."):
            theirs, value = _mapping(name, t)
            yield theirs, value * math.sqrt(2) if name.endswith("bias") else value
        else:
            _, block, layer, *rest = name.split(".")
            r, kind = int(block[1:]), ".".join(rest)
            if layer == "torgb":
                yield f"synthesis/ToRGB_lod{round(math.log2(finest / r))}/{kind}", layout(t)
                continue
            index = 2 * round(math.log2(r)) - (3 if layer == "conv1" else 4)
            scope = {"input": base, "conv0": "Conv0_up", "conv1": "Conv" if r == 4 else "Conv1"}[layer]
            where = f"synthesis/{word(r)}/{scope}"
            if kind == "styled.noise_const":
                yield f"synthesis/noise{index}", t[None, None]
            elif kind == "const":
                yield f"{where}/const", t[None]
            elif kind.startswith("styled."):
                yield f"{where}/{styled[kind.removeprefix('styled.')]}", layout(t)
            else:
                turned = layer == "conv0" and fused(min(G.spec.geometry.size(r)))
                yield f"{where}/weight", layout(t.flip(2, 3) if turned else t)


def progan_generator(G: Any, *, fused: bool = True, outputs_first: bool = True) -> Variables:
    return numpy(_progan_generator(G, fused, outputs_first))


def _progan_generator(G: Any, fused: bool, outputs_first: bool) -> Iterator[tuple[str, Tensor]]:
    word, finest = scopes(G), G.spec.geometry.resolutions[-1]
    for name, t in G.state_dict().items():
        match name.split("."):
            case ["synthesis", "lod"]:
                yield "lod", t
            case ["synthesis", "b4", "bias"]:
                yield f"{word(4)}/Dense/bias", t
            case ["synthesis", "b4", "dense", "weight"]:
                yield f"{word(4)}/Dense/weight", t.T
            case ["synthesis", block, "torgb", kind]:
                yield f"ToRGB_lod{round(math.log2(finest / int(block[1:])))}/{kind}", layout(t)
            case ["synthesis", block, "conv0", "weight"] if fused:
                turned = rearrange(t.flip(2, 3), "o i k l -> k l o i" if outputs_first else "o i k l -> k l i o")
                yield f"{word(int(block[1:]))}/Conv0_up/weight", turned
            case ["synthesis", block, layer, kind]:
                ours = {"conv0": "Conv0_up" if fused else "Conv0", "conv1": "Conv" if block == "b4" else "Conv1"}[layer]
                yield f"{word(int(block[1:]))}/{ours}/{kind}", layout(t)


def theano_layer(weight: Tensor, bias: Tensor, *, fan_in: int, gain: float) -> list[Any]:
    """Unit-variance weights, He's constant (doubled, and the weights halved: no part may rely on the other), a bias."""
    constant = np.float32(2 * gain / math.sqrt(fan_in))
    return [np.ascontiguousarray(weight.numpy() / 2), np.asarray(constant), bias.numpy()]


def theano_generator(G: Any) -> list[Any]:
    """Variables in the order of the Theano program: the dense layer, all convolutions, all layers of colours."""
    state, sqrt2 = G.state_dict(), math.sqrt(2)
    dense, bias = state["synthesis.b4.dense.weight"], state["synthesis.b4.bias"]
    h, w = G.spec.geometry.base
    kernels = rearrange(dense, "(o h w) i -> o i h w", h=h, w=w)
    arrays = theano_layer(kernels, bias, fan_in=dense.shape[1], gain=sqrt2 / 4)
    for name, t in state.items():
        if re.search(r"conv\d\.weight", name):
            own_bias = state[name.replace("weight", "bias")]
            arrays += theano_layer(t.flip(2, 3), own_bias, fan_in=9 * t.shape[1], gain=sqrt2)
    for r in reversed(G.spec.geometry.resolutions):
        t, bias = state[f"synthesis.b{r}.torgb.weight"], state[f"synthesis.b{r}.torgb.bias"]
        arrays += theano_layer(t[:, :, 0, 0].T, bias, fan_in=t.shape[1], gain=1.0)
    return arrays


def theano_discriminator(D: Any, *, dense: bool) -> list[Any]:
    """Idem; layers of colours come before the convolutions of their resolution. One linear layer has two forms."""
    state, sqrt2, arrays = D.state_dict(), math.sqrt(2), []
    for r in reversed(D.spec.geometry.resolutions):
        for layer in ("fromrgb", "conv0", "conv1", "conv"):
            if (t := state.get(f"b{r}.{layer}.weight")) is not None:
                fan_in = t[0].numel()
                weight = t[:, :, 0, 0].T if layer == "fromrgb" else t.flip(2, 3)
                arrays += theano_layer(weight, state[f"b{r}.{layer}.bias"], fan_in=fan_in, gain=sqrt2)
    h, w = D.spec.geometry.base
    fc = state["b4.fc.weight"]
    flat = fc.T if dense else rearrange(fc, "o (i h w) -> o i h w", h=h, w=w).flip(2, 3)
    arrays += theano_layer(flat, state["b4.fc.bias"], fan_in=fc.shape[1], gain=sqrt2)
    out = state["b4.out.weight"]
    return arrays + theano_layer(out.T, state["b4.out.bias"], fan_in=out.shape[1], gain=1.0)


def same_function(ours: nn.Module, got: nn.Module, *inputs: Any, **how: Any) -> None:
    """Two networks give the same, but for the last bits of some weights that were added 1 to, or divided by √2."""
    with torch.no_grad():
        torch.testing.assert_close(got(*inputs, **how), ours(*inputs, **how), rtol=1e-5, atol=2e-6)
