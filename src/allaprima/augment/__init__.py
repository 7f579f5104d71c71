"""What is done to images before a discriminator sees them, so that few of them suffice."""

from allaprima.augment.diff_augment import diff_augment as diff_augment
from allaprima.augment.draws import Draws as Draws
from allaprima.augment.draws import FixedDraws as FixedDraws
from allaprima.augment.draws import OwnDraws as OwnDraws
from allaprima.augment.draws import RandomDraws as RandomDraws
from allaprima.augment.pipeline import augment as augment
from allaprima.augment.pseudo import with_pseudo_reals as with_pseudo_reals
from allaprima.augment.spec import PIPES as PIPES
from allaprima.augment.spec import AugmentSpec as AugmentSpec
from allaprima.augment.strength import next_strength as next_strength
