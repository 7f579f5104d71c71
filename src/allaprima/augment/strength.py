"""The adaptive controller: ADA (Karras et al. 2020), section 3."""


def next_strength(p: float, sign_mean: float, *, target: float, images: int, ada_kimg: float, p_max: float) -> float:
    """Move ``p`` towards where the discriminator overfits as much as ``target`` says.

    Args:
        p: Probability of each augmentation now.
        sign_mean: r_t of equation 1: the mean sign of the discriminator's logits of real images since the last move.
        target: Value of ``sign_mean`` to be reached; 0.6 in the paper.
        images: Real images shown since the last move.
        ada_kimg: Thousands of images in which p can go from 0 to 1; 500 in the paper.
        p_max: Bound of p. The original has none (infinity).

    Returns:
        The new p, in [0, p_max].
    """
    assert ada_kimg > 0, ada_kimg
    direction = (sign_mean > target) - (sign_mean < target)
    return min(max(p + direction * images / (ada_kimg * 1000), 0.0), p_max)
