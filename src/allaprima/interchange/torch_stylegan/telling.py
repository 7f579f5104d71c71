"""Fields of a spec that a network in a pickle tells in words, as its shapes do not."""

from typing import Any

from allaprima.interchange.torch_stylegan.testimony import WITHOUT_EFFECT, Testimony

W_AVG_BETA = {True: 0.995, False: 0.998}  # in StyleGAN2-ADA, and since
NUMBERS = ("first_cutoff", "first_stopband", "last_stopband_rel", "output_scale")
INTEGERS = ("num_critical", "margin_size", "filter_size", "lrelu_upsampling", "channel_base", "channel_max")


def tell_stylegan2_generator(t: Testimony) -> dict[str, Any]:
    """Fields of a `StyleGAN2Generator`."""
    beta = t.remembered("mapping", "w_avg_beta", None)
    fields = t.block_fields("synthesis.") | t.mapping_fields()
    fields["conv_clamp"] = t.optional("conv_clamp", "synthesis.b4.conv1", "conv_clamp", None)
    fields["w_avg_beta"] = t.real("w_avg_beta", W_AVG_BETA[t.is_nested] if beta is None else beta, t.mapping)
    return fields


def tell_stylegan2_discriminator(t: Testimony) -> dict[str, Any]:
    """Fields of a `StyleGAN2Discriminator`."""
    fields = t.block_fields("") | t.mapping_fields()
    fields["conv_clamp"] = t.optional("conv_clamp", "b4.conv", "conv_clamp", None)
    group = t.optional("mbstd_group_size", "b4.mbstd", "group_size", 4)
    fields["mbstd_group"] = None if group is None else int(group)
    t.mapping.ignore("w_avg_beta")
    return fields


def tell_stylegan3_generator(t: Testimony) -> dict[str, Any]:
    """Fields of a `StyleGAN3Generator`."""
    first = next((path for path in t.modules if path.startswith("synthesis.L0_")), "")
    beta = t.remembered("mapping", "w_avg_beta", None)
    t.said.ignore(*WITHOUT_EFFECT)
    fields: dict[str, Any] = {name: t.real(name, 0) for name in NUMBERS if t.said.has(name)}
    fields |= {n: t.integer(n, 0) for n in INTEGERS if t.said.has(n)}
    fields |= t.mapping_fields()
    fields["conv_clamp"] = t.optional("conv_clamp", first, "conv_clamp", 256)
    fields["magnitude_ema_beta"] = t.optional("magnitude_ema_beta", first, "magnitude_ema_beta", 0.999)
    fields["w_avg_beta"] = t.real("w_avg_beta", W_AVG_BETA[False] if beta is None else beta, t.mapping)
    fields["num_fp16_res"] = t.integer("num_fp16_res", 4)
    return fields


def tell_r3gan(t: Testimony) -> dict[str, Any]:
    """Fields of an `R3GANGenerator` and of an `R3GANDiscriminator`."""
    halves = max(t.halves("MainLayers."), t.halves("Model.MainLayers."))
    return {"num_fp16_res": halves} if halves else {}
