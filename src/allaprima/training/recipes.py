"""The named recipes, in one table.

The published ones are StyleGAN2-ADA's presets (Karras et al. 2020b, appendix D), made for eight GPUs (``cifar`` for
two). ``laptop`` is ours: a network that two processor cores can train in an evening.
"""

from dataclasses import replace

from allaprima.training.recipe import Recipe

_HALF = Recipe(cbase=16384, glr=0.0025, dlr=0.0025, batch=64, mbstd_group=8, ema_kimg=20.0)

RECIPES: dict[str, Recipe] = {
    "auto": Recipe(
        cbase=None, batch=None, glr=None, dlr=None, mbstd_group=None, ema_kimg=None, ema_rampup=0.05, map_depth=2
    ),
    "stylegan2": Recipe(gamma=10.0),
    "paper256": replace(_HALF, gamma=1.0),
    "paper512": replace(_HALF, cbase=32768, gamma=0.5),
    "paper1024": replace(Recipe(), gamma=2.0),
    "cifar": replace(
        _HALF,
        cbase=32768,
        gamma=0.01,
        mbstd_group=32,
        ema_kimg=500.0,
        ema_rampup=0.05,
        map_depth=2,
        pl_weight=0.0,
        style_mixing=0.0,
        d_architecture="orig",
        kimg=100000.0,
    ),
    "laptop": Recipe(
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
        mirror=False,
        kimg=1000.0,
        tick=1.0,
        snap=10,
    ),
}
