"""The same mathematics step by step, as the papers and their programs put it: the twin that everything is held against.

Names and arguments are those of `allaprima.ops`. Nothing here is fast: each step is one operation of PyTorch that makes
one tensor, and derivatives are PyTorch's own. Tests compare values and derivatives with these; benchmarks compare time
and memory. Networks do not use them.
"""

from allaprima.ops.plain.bias_act import bias_act as bias_act
from allaprima.ops.plain.filtered_lrelu import filtered_lrelu as filtered_lrelu
from allaprima.ops.plain.modulated_conv import modulated_conv2d as modulated_conv2d
from allaprima.ops.plain.resampled_conv import conv2d as conv2d
from allaprima.ops.plain.resampled_conv import downsampling_conv2d as downsampling_conv2d
from allaprima.ops.plain.resampled_conv import upsampling_conv2d as upsampling_conv2d
from allaprima.ops.plain.upfirdn2d import downsample2d as downsample2d
from allaprima.ops.plain.upfirdn2d import upfirdn2d as upfirdn2d
from allaprima.ops.plain.upfirdn2d import upsample2d as upsample2d
