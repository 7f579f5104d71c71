"""How fast and how boldly to search: StyleGAN2 (Karras et al. 2020), appendix D.

``t`` goes from 0 to 1 in the course of the search.
"""

import math

RAMP_UP, RAMP_DOWN, BOLD = 0.05, 0.25, 0.75  # shares of the search: at its begin, at its end, at its begin


def learning_rate_at(t: float) -> float:
    """Share of the full learning rate: a short linear rise, at the end a cosine's fall to 0."""
    fall = min(1.0, (1 - t) / RAMP_DOWN)
    return (0.5 - 0.5 * math.cos(math.pi * fall)) * min(1.0, t / RAMP_UP)


def exploration_at(t: float) -> float:
    """Share of the full noise on w: it falls to 0 by three quarters of the search."""
    return max(0.0, 1 - t / BOLD) ** 2
