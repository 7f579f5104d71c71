"""StyleGAN2's configurations A to F (Karras et al. 2020, table 1), StyleGAN2-ADA (2020b, appendix D), two forks."""

from dataclasses import replace

from allaprima.training.recipe import Recipe
from allaprima.training.recipes.progressive import GROWING_RATES, STYLEGAN

_HALF = Recipe(cbase=16384, glr=0.0025, dlr=0.0025, batch=64, mbstd_group=8, ema_kimg=20.0, aug="ada")
_CIFAR = replace(_HALF, cbase=32768, gamma=0.01, mbstd_group=32, ema_kimg=500.0, ema_rampup=0.05, kimg=100000.0)

ADA: dict[str, Recipe] = {
    "auto": Recipe(
        cbase=None,
        batch=None,
        glr=None,
        dlr=None,
        mbstd_group=None,
        ema_kimg=None,
        ema_rampup=0.05,
        map_depth=2,
        aug="ada",
    ),
    "stylegan2": Recipe(gamma=10.0, aug="ada"),
    "paper256": replace(_HALF, gamma=1.0),
    "paper512": replace(_HALF, cbase=32768, gamma=0.5),
    "paper1024": Recipe(gamma=2.0, aug="ada"),
    "cifar": replace(_CIFAR, map_depth=2, pl_weight=0.0, style_mixing=0.0, d_architecture="orig"),
    "cifarbaseline": replace(_CIFAR, cbase=16384),
}
"""``auto`` for one GPU and any size; the others for eight GPUs, CIFAR's for two."""

_GROWING = Recipe(
    cbase=16384,
    g_architecture="orig",
    d_architecture="orig",
    growing=True,
    lod_initial_resolution=8,
    batch_by_res=((8, 256), (16, 128), (32, 64), (64, 32)),
    glr=0.001,
    dlr=0.001,
    lr_by_res=GROWING_RATES,
    gamma=10.0,
)

STYLEGAN2: dict[str, Recipe] = {
    "stylegan2-a": replace(STYLEGAN["stylegan"], batch_by_res=_GROWING.batch_by_res, batch=32),
    "stylegan2-b": replace(_GROWING, r1_interval=1, pl_weight=0.0),
    "stylegan2-c": replace(_GROWING, pl_weight=0.0),
    "stylegan2-d": _GROWING,
    "stylegan2-e": Recipe(cbase=16384, gamma=100.0),
    "stylegan2-f": Recipe(gamma=10.0),
}
"""Table 1 from the top: StyleGAN, weight demodulation, lazy regularisation, path lengths, no growing, wider."""

_AUTO = replace(ADA["auto"], map_depth=8)

OTHERS: dict[str, Recipe] = {
    "eps-auto": _AUTO,
    "eps": replace(_AUTO, glr=0.001, dlr=0.001, ema_kimg=10.0, gamma_scale=1e-5),
    "eps-big": replace(_AUTO, batch=4, cbase=32768, glr=0.002, dlr=0.002, gamma=10.0, ema_kimg=10.0),
    "rosinality": Recipe(gamma=10.0, batch=16, mbstd_group=4, aug="ada", ada_interval=16),
}
"""What the makers of two well-known forks train with: eps696's for images that are not square, rosinality's."""
