"""Progressive GAN (Karras et al. 2018, appendix A.1) and StyleGAN (2019, appendix C), by number of GPUs.

Their tables of batches and learning rates by resolution are the published ones. Where a batch of one resolution is not
listed, the base is taken.
"""

from dataclasses import replace

from allaprima.training.fields import Table
from allaprima.training.recipe import Recipe

GROWING_RATES: Table = ((128, 0.0015), (256, 0.002), (512, 0.003), (1024, 0.003))

_BATCHES: dict[int, tuple[int, Table]] = {
    1: (4, ((4, 128), (8, 128), (16, 128), (32, 64), (64, 32), (128, 16), (256, 8), (512, 4))),
    2: (8, ((4, 256), (8, 256), (16, 128), (32, 64), (64, 32), (128, 16), (256, 8))),
    4: (16, ((4, 512), (8, 256), (16, 128), (32, 64), (64, 32), (128, 16))),
    8: (32, ((4, 512), (8, 256), (16, 128), (32, 64), (64, 32))),
}
_PROGAN_RATES: dict[int, Table] = {
    1: ((1024, 0.0015),),
    2: ((512, 0.0015), (1024, 0.002)),
    4: ((256, 0.0015), (512, 0.002), (1024, 0.003)),
    8: GROWING_RATES,
}

_PROGAN = Recipe(
    system="progan",
    cbase=16384,
    growing=True,
    glr=0.001,
    dlr=0.001,
    loss="wasserstein",
    penalty="wgan-gp",
    gamma=10.0,
    r1_interval=1,
    drift=0.001,
    pl_weight=0.0,
    style_mixing=0.0,
    mbstd_group=4,
    kimg=12000.0,
)
"""The average keeps 0.999 of itself in each minibatch: a half-life of log(½)/log(0.999) = 692.8 minibatches."""

PROGAN_AVERAGE = 0.6928  # thousands of minibatches

PROGAN: dict[str, Recipe] = {
    **{
        f"progan-{gpus}gpu": replace(
            _PROGAN,
            batch=batch,
            batch_by_res=batches,
            lr_by_res=_PROGAN_RATES[gpus],
            ema_kimg=round(batch * PROGAN_AVERAGE, 4),
        )
        for gpus, (batch, batches) in _BATCHES.items()
    },
    "progan-v1": replace(
        _PROGAN,
        batch=16,
        batch_by_res=((256, 14), (512, 6), (1024, 3)),
        mbstd_group=16,
        lod_training_kimg=800.0,
        lod_transition_kimg=800.0,
        ema_kimg=round(16 * PROGAN_AVERAGE, 4),
        kimg=19000.0,
    ),
}

_STYLEGAN = Recipe(
    system="stylegan",
    cbase=16384,
    growing=True,
    lod_initial_resolution=8,
    glr=0.001,
    dlr=0.001,
    lr_by_res=GROWING_RATES,
    gamma=10.0,
    r1_interval=1,
    pl_weight=0.0,
)

STYLEGAN: dict[str, Recipe] = {
    "stylegan": replace(_STYLEGAN, batch=_BATCHES[8][0], batch_by_res=_BATCHES[8][1]),
    **{
        f"stylegan-{gpus}gpu": replace(_STYLEGAN, batch=batch, batch_by_res=batches)
        for gpus, (batch, batches) in _BATCHES.items()
        if gpus < 8
    },
    "stylegan-wgangp": replace(
        _STYLEGAN,
        batch=_BATCHES[8][0],
        batch_by_res=_BATCHES[8][1],
        lr_by_res=tuple((resolution, min(rate, 0.002)) for resolution, rate in GROWING_RATES),
        loss="wasserstein",
        penalty="wgan-gp",
        drift=0.001,
    ),
}
"""``stylegan`` is the one for eight GPUs."""
