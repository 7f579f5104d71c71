"""StyleGAN3's configurations (Karras et al. 2021, appendix E, and the released configurations)."""

from dataclasses import replace

from allaprima.training.recipe import Recipe

_T = Recipe(
    system="stylegan3-t",
    map_depth=2,
    glr=0.0025,
    dlr=0.002,
    pl_weight=0.0,
    style_mixing=0.0,
    ema_rampup=0.05,
    aug="ada",
)
_R = replace(_T, system="stylegan3-r", blur_init_sigma=10.0, blur_fade_kimg=200.0)
_2 = Recipe(ema_rampup=0.05, gamma=10.0, aug="ada")

_PAPER: dict[str, tuple[dict[str, object], float, float, float]] = {
    "ffhq1024": ({"aug": "noaug", "mirror": True}, 10, 32.8, 32.8),
    "metfacesu1024": ({"mirror": True, "kimg": 5000.0, "snap": 10}, 10, 16.4, 6.6),
    "metfaces1024": ({"mirror": True, "kimg": 5000.0, "snap": 10}, 5, 6.6, 3.3),
    "afhqv2-512": ({"mirror": True}, 5, 8.2, 16.4),
    "ffhqu256": ({"aug": "noaug", "batch": 64, "cbase": 16384, "dlr": 0.0025, "ema_kimg": 20.0}, 1, 1, 1),
}
"""Data: what differs, and γ for StyleGAN2, T and R. MetFaces' were fine-tuned from FFHQ's: give ``--init-from``."""


def _paper(base: Recipe, which: int) -> dict[str, Recipe]:
    rows = {}
    for data, (changes, *gammas) in _PAPER.items():
        row = replace(base, **{**changes, "gamma": float(gammas[which])})  # type: ignore[arg-type]
        if data == "ffhqu256" and base.system == "stylegan2":
            row = replace(row, glr=0.0025, mbstd_group=8)
        rows[data] = replace(row, blur_fade_kimg=row.batch * 200 / 32) if row.blur_fade_kimg and row.batch else row
    return rows


STYLEGAN3: dict[str, Recipe] = {
    "stylegan3-t": _T,
    "stylegan3-r": _R,
    "stylegan3-2": _2,
    **{
        f"{name}-{data}": recipe
        for which, (name, base) in enumerate({"stylegan3-2": _2, "stylegan3-t": _T, "stylegan3-r": _R}.items())
        for data, recipe in _paper(base, which).items()
    },
}
"""``stylegan3-2`` is the StyleGAN2 that StyleGAN3's paper compares with."""
