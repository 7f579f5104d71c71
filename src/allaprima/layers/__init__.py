"""Modules that own parameters and call one operation of `allaprima.ops`."""

from allaprima.layers.adain import AdaIN as AdaIN
from allaprima.layers.adain import instance_norm as instance_norm
from allaprima.layers.conv import EqualizedConv2d as EqualizedConv2d
from allaprima.layers.he import HeConv2d as HeConv2d
from allaprima.layers.he import HeLinear as HeLinear
from allaprima.layers.linear import EqualizedLinear as EqualizedLinear
from allaprima.layers.minibatch_std import MinibatchStd as MinibatchStd
from allaprima.layers.noise import Count as Count
from allaprima.layers.noise import Generators as Generators
from allaprima.layers.noise import NoiseMode as NoiseMode
from allaprima.layers.pixel_norm import pixel_norm as pixel_norm
from allaprima.layers.style import StyledConv2d as StyledConv2d
from allaprima.layers.style import ToRGB as ToRGB
