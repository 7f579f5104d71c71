"""Pure functions of tensors: the mathematics of the papers, without parameters and without state."""

from allaprima.ops.bias_act import ACTIVATIONS as ACTIVATIONS
from allaprima.ops.bias_act import bias_act as bias_act
from allaprima.ops.bias_act import split_gain as split_gain
from allaprima.ops.minibatch_std import minibatch_std as minibatch_std
from allaprima.ops.modulated_conv import demodulation as demodulation
from allaprima.ops.modulated_conv import modulated_conv2d as modulated_conv2d
from allaprima.ops.modulated_conv import modulated_conv2d_grouped as modulated_conv2d_grouped
from allaprima.ops.normalize import normalize_second_moment as normalize_second_moment
from allaprima.ops.resampled_conv import conv2d as conv2d
from allaprima.ops.resampled_conv import downsampling_conv2d as downsampling_conv2d
from allaprima.ops.resampled_conv import upsampling_conv2d as upsampling_conv2d
from allaprima.ops.upfirdn2d import downsample2d as downsample2d
from allaprima.ops.upfirdn2d import filter2d as filter2d
from allaprima.ops.upfirdn2d import setup_filter as setup_filter
from allaprima.ops.upfirdn2d import upfirdn2d as upfirdn2d
from allaprima.ops.upfirdn2d import upsample2d as upsample2d
