"""What the two networks play for, and the penalties that keep the game fair."""

from allaprima.losses.adversarial import ADVERSARIAL as ADVERSARIAL
from allaprima.losses.adversarial import Adversarial as Adversarial
from allaprima.losses.adversarial import d_dual_contrastive as d_dual_contrastive
from allaprima.losses.adversarial import d_hinge as d_hinge
from allaprima.losses.adversarial import d_logistic as d_logistic
from allaprima.losses.adversarial import d_relativistic as d_relativistic
from allaprima.losses.adversarial import d_wasserstein as d_wasserstein
from allaprima.losses.adversarial import g_dual_contrastive as g_dual_contrastive
from allaprima.losses.adversarial import g_hinge as g_hinge
from allaprima.losses.adversarial import g_nonsaturating as g_nonsaturating
from allaprima.losses.adversarial import g_relativistic as g_relativistic
from allaprima.losses.adversarial import g_saturating as g_saturating
from allaprima.losses.adversarial import g_wasserstein as g_wasserstein
from allaprima.losses.gradient_penalty import drift_penalty as drift_penalty
from allaprima.losses.gradient_penalty import r1_penalty as r1_penalty
from allaprima.losses.gradient_penalty import wgan_gp_penalty as wgan_gp_penalty
from allaprima.losses.labels import label_loss as label_loss
from allaprima.losses.path_length import next_length as next_length
from allaprima.losses.path_length import path_length_noise as path_length_noise
from allaprima.losses.path_length import path_length_penalty as path_length_penalty
from allaprima.losses.path_length import path_lengths as path_lengths
