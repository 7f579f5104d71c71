"""Twins of some steps in C, for CPUs: one pass over memory where PyTorch makes several.

`passes.c` is compiled when the wheel is built, or when the source is installed where there is a C compiler; without the
compiled file, everything runs in PyTorch as ever. The environment variable ``ALLAPRIMA_FAST=0`` turns it off.

Each function here takes and fills tensors, and is called only for those that `serves` accepts; the operations of
`allaprima.ops` call it in the place of PyTorch. Gradients are their affair.
"""

from allaprima.ops.fast.filtering import bend_ as bend_
from allaprima.ops.fast.filtering import enlarge_planes as enlarge_planes
from allaprima.ops.fast.filtering import filter_channels_last as filter_channels_last
from allaprima.ops.fast.filtering import fits as fits
from allaprima.ops.fast.library import available as available
from allaprima.ops.fast.library import divides as divides
from allaprima.ops.fast.library import instructions as instructions
from allaprima.ops.fast.library import new_maps as new_maps
from allaprima.ops.fast.library import serves as serves
from allaprima.ops.fast.library import takes as takes
from allaprima.ops.fast.mapping import map_rows as map_rows
from allaprima.ops.fast.mapping import serves_rows as serves_rows
from allaprima.ops.fast.multiplying import apart as apart
from allaprima.ops.fast.multiplying import in_panels as in_panels
from allaprima.ops.fast.multiplying import in_whole_panels as in_whole_panels
from allaprima.ops.fast.multiplying import multiply as multiply
from allaprima.ops.fast.multiplying import multiply_transformed as multiply_transformed
from allaprima.ops.fast.multiplying import numbers_of as numbers_of
from allaprima.ops.fast.tiles import GROUPS as GROUPS
from allaprima.ops.fast.tiles import STEP as STEP
from allaprima.ops.fast.tiles import Part as Part
from allaprima.ops.fast.tiles import enlarge_into_tiles as enlarge_into_tiles
from allaprima.ops.fast.tiles import enlarge_out_of_tiles as enlarge_out_of_tiles
from allaprima.ops.fast.tiles import gradients_into_tiles as gradients_into_tiles
from allaprima.ops.fast.tiles import into_tiles as into_tiles
from allaprima.ops.fast.tiles import out_of_tiles as out_of_tiles
from allaprima.ops.fast.tiles import overlay_painted as overlay_painted
from allaprima.ops.fast.tiles import tiles_at_once as tiles_at_once
