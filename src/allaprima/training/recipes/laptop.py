"""Ours: networks that two processor cores can train in an evening, one for each system, and sizes of StyleGAN2."""

from dataclasses import replace

from allaprima.training.recipe import Recipe

_LAPTOP = Recipe(
    cbase=2048,
    cmax=128,
    z_dim=128,
    w_dim=128,
    map_depth=2,
    batch=16,
    mbstd_group=4,
    glr=0.003,
    dlr=0.001,
    gamma=1.0,
    ema_kimg=10.0,
    ema_rampup=0.05,
    pl_weight=0.0,
    style_mixing=0.0,
    num_fp16_res=8,
    conv_clamp=None,
    kimg=1000.0,
    tick=1.0,
    snap=10,
)
_SMALL_AND_GROWING = replace(
    _LAPTOP,
    system="stylegan",
    growing=True,
    lod_training_kimg=10.0,
    lod_transition_kimg=10.0,
    glr=0.002,
    dlr=0.002,
    batch_by_res=((4, 64), (8, 64), (16, 32)),
)

_ALIAS_FREE = replace(_LAPTOP, system="stylegan3-t", cmax=64, num_layers=8, aug="ada", ada_kimg=100.0)

# Small images: both networks learn at one rate, and larger batches cost little. Augmentation comes slowly: when it was
# quick, fakes became alike (docs/systems.md).
_SMALLER = replace(_LAPTOP, glr=0.0025, dlr=0.0025, aug="ada", holdout=64)

LAPTOP: dict[str, Recipe] = {
    "laptop": replace(_LAPTOP, aug="ada", ada_kimg=100.0, holdout=64),
    "laptop-32": replace(_SMALLER, batch=32, gamma=0.1),
    "laptop-24": replace(_SMALLER, gamma=0.02, ema_kimg=5.0),
    "laptop-stylegan3-t": _ALIAS_FREE,
    "laptop-stylegan3-r": replace(_ALIAS_FREE, system="stylegan3-r", cmax=32, blur_init_sigma=4.0, blur_fade_kimg=10.0),
    "laptop-stylegan": replace(_SMALL_AND_GROWING, lod_initial_resolution=8, style_mixing=0.9, r1_interval=4),
    "laptop-progan": replace(
        _SMALL_AND_GROWING,
        system="progan",
        loss="wasserstein",
        penalty="wgan-gp",
        gamma=10.0,
        r1_interval=1,
        drift=0.001,
    ),
    "laptop-r3gan": replace(
        _LAPTOP,
        system="r3gan",
        z_dim=64,
        cbase=3072,
        cmax=96,
        cardinality=12,
        batch=32,
        loss="relativistic",
        penalty="r1+r2",
        r1_interval=1,
        glr=4e-4,
        dlr=4e-4,
        gamma=2.0,
        beta2=0.9,
        aug="ada",
        ada_kimg=100.0,
    ),
}
