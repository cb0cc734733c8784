"""What is particular to the sign-off."""

from issues.blocks import registry


def test_its_words_sum_it_up():
    kind = registry.kind("sign_off")
    assert kind.summary(kind.sample).startswith("That is all from the quay.")
