"""What the two networks play for, and the penalties that keep the game fair."""

from allaprima.losses.adversarial import d_logistic as d_logistic
from allaprima.losses.adversarial import g_nonsaturating as g_nonsaturating
from allaprima.losses.gradient_penalty import r1_penalty as r1_penalty
from allaprima.losses.path_length import path_length_noise as path_length_noise
from allaprima.losses.path_length import path_length_penalty as path_length_penalty
from allaprima.losses.path_length import path_lengths as path_lengths
