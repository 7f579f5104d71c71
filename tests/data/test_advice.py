from allaprima.data.advice import advise


def test_small_images_are_for_a_laptop() -> None:
    advice = advise(50_000, 64, 64, 0, 0.3)
    assert (advice.recipe, advice.fields) == ("laptop", {})
    assert advise(50_000, 256, 256, 0, 0.3).recipe == "auto"
    assert [advise(50_000, side, side, 0, 0.3).recipe for side in (24, 28, 32)] == [
        "laptop-24",
        "laptop-24",
        "laptop-32",
    ]
    assert advise(50_000, 24, 60, 0, 0.3).recipe == "laptop-32"


def test_classes_are_learned() -> None:
    advice = advise(50_000, 64, 64, 3, 0.3)
    assert advice.command("set.zip") == "allaprima train set.zip RUN --recipe laptop --set cond=true"


def test_few_or_diverse_images_are_warned_of() -> None:
    reasons = "; ".join(advise(500, 64, 64, 0, 0.6).reasons)
    assert "500 images are few" in reasons
    assert "seldom suffice" in reasons
    assert "very diverse" in reasons


def test_many_images_need_no_augmentation() -> None:
    assert advise(150_000, 64, 64, 0, 0.3).fields == {"aug": "noaug"}
    assert advise(99_999, 64, 64, 0, 0.3).fields == {}
