"""Compile the kernels for a GPU that is not here: Triton needs none for that. Run as a program by `test_compiling`.

Launches on processor tensors are caught, and what would run is compiled down to machine code for an H100 or H200.
"""

import sys
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.runtime.jit import JITFunction

from allaprima.ops.upfirdn2d import Plan

TYPES = {
    torch.float32: "*fp32",
    torch.float16: "*fp16",
    torch.bfloat16: "*bf16",
    torch.float64: "*fp64",
    torch.int8: "*i8",
}
SHARED = 99 * 1024  # bytes that one program may have on the smallest GPU served


def catch_launches(*, target: GPUTarget) -> list[tuple[str, Any]]:
    """From now on, launches compile for ``target`` and run nothing; the list collects (name, compiled kernel)."""
    compiled: list[tuple[str, Any]] = []

    def compile_only(self: Any, *arguments: Any, grid: Any, warmup: bool, **keywords: Any) -> None:
        values = dict(zip(self.arg_names, arguments, strict=False)) | keywords
        options = {"enable_fp_fusion": True, "num_warps": values.pop("num_warps", 4)}
        constants = {p.name: values[p.name] for p in self.params if is_constant(p, values[p.name])}
        signature = {name: "constexpr" if name in constants else kind(values[name]) for name in self.arg_names}
        whole = [i for i, name in enumerate(self.arg_names) if name not in constants and is_multiple(values[name])]
        attributes = {(i,): [["tt.divisibility", 16]] for i in whole}
        source = ASTSource(fn=self, signature=signature, constexprs=constants, attrs=attributes)
        compiled.append((self.__name__, triton.compile(source, target=target, options=options)))

    JITFunction.run = compile_only
    return compiled


def is_constant(parameter: Any, value: Any) -> bool:
    return bool(parameter.is_constexpr or value is None or (type(value) is int and value == 1))


def is_multiple(value: Any) -> bool:
    return isinstance(value, torch.Tensor) or (type(value) is int and value % 16 == 0)


def kind(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return TYPES[value.dtype]
    return "fp32" if isinstance(value, float) else "i32" if abs(value) < 2**31 else "i64"


def call_everything(dtype: torch.dtype) -> None:
    """Launch every kernel in its forms."""
    x = torch.zeros(2, 16, 32, 40, dtype=dtype)
    for image in (x, x.to(memory_format=torch.channels_last)):
        for f in (torch.ones(4, 4), torch.ones(12)):
            resample(image, f)
        bend(image)
    for fd in (torch.ones(12), torch.ones(12, 12)):
        filter_and_bend(x, fd)


def resample(x: torch.Tensor, f: torch.Tensor) -> None:
    from allaprima.ops.kernels.upfirdn2d import evaluate

    evaluate(x, f, Plan((2, 2), (1, 1), (6, 5, 6, 5), False, 4.0))
    evaluate(x, f, Plan((1, 1), (2, 2), (6, 5, 6, 5), True, 1.0))


def bend(x: torch.Tensor) -> None:
    from allaprima.ops.kernels.scaled_bias_act import evaluate, slopes

    line = (0.2, 1.4, 256.0)
    scale, noise, bias = torch.zeros(2, 16), torch.zeros(1, 1, 32, 40), torch.zeros(16)
    y = evaluate(x, scale, noise, bias, *line)
    evaluate(x, None, None, None, 1.0, 1.0, None)
    slopes(x, x, scale, y, *line, scale_gradient=True, noise_gradient=True, bias_gradient=True)
    slopes(x, None, None, y, *line)


def filter_and_bend(x: torch.Tensor, fd: torch.Tensor) -> None:
    from allaprima.ops.kernels.filtered_lrelu import bend, multiply_slopes

    fu = torch.ones(12)
    before, after = Plan((2, 2), (1, 1), (9, 8, 9, 8), False, 4.0), Plan((1, 1), (2, 2), (0, 0, 0, 0), False, 1.0)
    y, side = bend(x, torch.zeros(16), fu, fd, (before, after), 0.2, 256.0, keep_side=True)
    bend(x, None, fu, fd, (before, after), 0.2, None, keep_side=False)
    assert side is not None
    adjoint = (after.adjoint(side.shape, y.shape, (12, 12)), before.adjoint(x.shape, side.shape, (12, 12)))
    multiply_slopes(y, fd, fu, side, 0.2, adjoint)


def main(capability: str, dtype: str, *, each_once: bool) -> None:
    kernels = catch_launches(target=GPUTarget("cuda", int(capability), 32))
    if each_once:
        x = torch.zeros(2, 16, 32, 40, dtype=getattr(torch, dtype))
        resample(x, torch.ones(4, 4))
        bend(x)
        filter_and_bend(x, torch.ones(12))
    else:
        call_everything(getattr(torch, dtype))
    for name, kernel in kernels:
        assert kernel.metadata.shared <= SHARED, f"{name} wants {kernel.metadata.shared} bytes"
        sys.stdout.write(f"{name} {kernel.metadata.shared} {len(kernel.asm['cubin'])}\n")


if __name__ == "__main__":
    main(*sys.argv[1:3], each_once="once" in sys.argv[3:])
