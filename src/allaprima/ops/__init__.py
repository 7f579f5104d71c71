"""Pure functions of tensors: the mathematics of the papers, without parameters and without state.

Only `KeptKernels` remembers anything: what is computed from kernels alone, for whoever paints many images.
"""

from allaprima.ops.bias_act import ACTIVATIONS as ACTIVATIONS
from allaprima.ops.bias_act import bias_act as bias_act
from allaprima.ops.bias_act import split_gain as split_gain
from allaprima.ops.box_resampling import downsample_mean as downsample_mean
from allaprima.ops.box_resampling import downsampling_conv2d_mean as downsampling_conv2d_mean
from allaprima.ops.box_resampling import upsample_nearest as upsample_nearest
from allaprima.ops.box_resampling import upsampling_conv2d_nearest as upsampling_conv2d_nearest
from allaprima.ops.filter_design import jinc_lowpass as jinc_lowpass
from allaprima.ops.filter_design import kaiser_lowpass as kaiser_lowpass
from allaprima.ops.filtered_lrelu import filtered_lrelu as filtered_lrelu
from allaprima.ops.grouped_conv import grouped_conv2d as grouped_conv2d
from allaprima.ops.interpolation import lerp as lerp
from allaprima.ops.interpolation import slerp as slerp
from allaprima.ops.kept_kernels import KeptKernels as KeptKernels
from allaprima.ops.linear import scaled_linear as scaled_linear
from allaprima.ops.minibatch_std import minibatch_std as minibatch_std
from allaprima.ops.modulated_conv import demodulating_conv2d as demodulating_conv2d
from allaprima.ops.modulated_conv import demodulation as demodulation
from allaprima.ops.modulated_conv import modulated_conv2d as modulated_conv2d
from allaprima.ops.normalize import normalize_second_moment as normalize_second_moment
from allaprima.ops.resampled_conv import conv2d as conv2d
from allaprima.ops.resampled_conv import downsampling_conv2d as downsampling_conv2d
from allaprima.ops.resampled_conv import kept_upsampling_conv2d as kept_upsampling_conv2d
from allaprima.ops.resampled_conv import upsampling_conv2d as upsampling_conv2d
from allaprima.ops.scaled_bias_act import scaled_bias_act as scaled_bias_act
from allaprima.ops.scaled_bias_act import scaled_bias_act_ as scaled_bias_act_
from allaprima.ops.transposed_conv import transposed_conv2d as transposed_conv2d
from allaprima.ops.upfirdn2d import downsample2d as downsample2d
from allaprima.ops.upfirdn2d import filter2d as filter2d
from allaprima.ops.upfirdn2d import setup_filter as setup_filter
from allaprima.ops.upfirdn2d import upfirdn2d as upfirdn2d
from allaprima.ops.upfirdn2d import upsample2d as upsample2d
from allaprima.ops.winograd import winograd_conv2d as winograd_conv2d
