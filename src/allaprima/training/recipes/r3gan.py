"""R3GAN (Huang et al. 2024): its presets, all of whose schedules are half cosines.

Batch sizes are ours where our notes on the published presets name none (256 for FFHQ, 512 otherwise).
"""

from dataclasses import replace

from allaprima.training.recipe import Recipe

_R3GAN = Recipe(
    system="r3gan",
    z_dim=64,
    cmax=768,
    cbase=24576,
    batch=512,
    loss="relativistic",
    penalty="r1+r2",
    r1_interval=1,
    pl_weight=0.0,
    style_mixing=0.0,
    glr=2e-4,
    dlr=2e-4,
    glr_end=5e-5,
    dlr_end=5e-5,
    beta2=0.9,
    beta2_end=0.99,
    ema_kimg=0.0,
    aug="fixed",
    augpipe="r3gan",
    p=0.0,
    decay_kimg=20000.0,
)

R3GAN: dict[str, Recipe] = {
    "r3gan-cifar10": replace(_R3GAN, gamma=0.05, gamma_end=0.005, ema_kimg_end=5000.0, p_end=0.55),
    "r3gan-ffhq64": replace(_R3GAN, batch=256, gamma=2.0, gamma_end=0.2, ema_kimg_end=500.0, p_end=0.3),
    "r3gan-ffhq256": replace(_R3GAN, batch=256, gamma=150.0, gamma_end=15.0, ema_kimg_end=500.0, p_end=0.3),
    "r3gan-imagenet32": replace(
        _R3GAN, cbase=49152, cmax=1536, gamma=0.5, gamma_end=0.05, ema_kimg_end=50000.0, p_end=0.5, decay_kimg=200000.0
    ),
    "r3gan-imagenet64": replace(
        _R3GAN, cbase=98304, cmax=1536, gamma=1.0, gamma_end=0.1, ema_kimg_end=50000.0, p_end=0.4, decay_kimg=200000.0
    ),
}
