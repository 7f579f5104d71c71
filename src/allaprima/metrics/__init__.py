"""How good are generated images? Every metric here needs images alone, or a classifier's answers: no other network."""

from allaprima.metrics.modes import ModeCoverage as ModeCoverage
from allaprima.metrics.modes import mode_coverage as mode_coverage
from allaprima.metrics.sliced_wasserstein import SlicedWasserstein as SlicedWasserstein
from allaprima.metrics.sliced_wasserstein import sliced_wasserstein as sliced_wasserstein
