"""What the table of facts says."""

from allaprima.checkpoint import Networks
from allaprima.visuals.facts import LONGEST, facts
from tests.surgery.small import discriminator, generator


def test_what_is_known_is_told_and_what_is_not_is_left_out() -> None:
    told = {
        "data": {"name": "flowers", "images": 12345, "shape": [3, 16, 16]},
        "images_seen": 160_000,
        "licence": "MIT\n  <b>",
        "recipe": {"gamma": 1},
        "parent": {"odd": True},
    }
    G, D = generator("skip", 24, 16, 4, c_dim=2), discriminator("resnet", 24, 16, 4)
    found = dict(facts(Networks(G_ema=G, D=D, provenance=told, class_names=["cat", "dog"])))
    assert found["architecture"] == "StyleGAN2, skip"
    assert found["images"] == "24×16 (height × width), RGBA"
    assert found["data set"] == "flowers"
    assert found["number of images"] == "12,345"
    assert found["training"] == "160 kimg (thousands of images seen)"
    assert found["licence of the weights"] == "MIT <b>"
    assert found["label"] == "2 numbers: cat, dog"
    assert found["parameters of the discriminator"].replace(",", "").isdigit()
    assert not {"began with", "recipe", "attribution"} & set(found)


def test_a_generator_alone() -> None:
    found = dict(facts(Networks(G_ema=generator("r3gan"), provenance={"data": "x" * 999, "images_seen": "many"})))
    assert found["architecture"] == "R3GAN"
    assert found["parameters of the discriminator"] == "none in this file"
    assert found["latents"].endswith("1 style")
    assert len(found["data set"]) <= LONGEST + 1
    assert "training" not in found
