"""The side of a family."""

from collections import Counter

from hf_abc.corpora.split import SIDES, side


def test_the_side_of_a_name_never_changes() -> None:
    """Published splits hang on it."""
    names = ("oneills1850:1:1", "oneills1850:7:1", "oneills1850:70:1", "ryansMammoth:AcaciaReel:1")
    sides = [side(name, validation=0.05, test=0.05) for name in names]
    assert sides == ["train", "test", "validation", "train"]


def test_shares_are_met_on_average() -> None:
    counts = Counter(side(f"book:{n}:1", validation=0.1, test=0.05) for n in range(20_000))
    assert set(counts) == set(SIDES)
    assert abs(counts["validation"] / 20_000 - 0.1) < 0.01 and abs(counts["test"] / 20_000 - 0.05) < 0.01


def test_a_larger_test_side_holds_the_smaller_one() -> None:
    small = {n for n in range(2000) if side(str(n), validation=0.05, test=0.05) == "test"}
    large = {n for n in range(2000) if side(str(n), validation=0.05, test=0.2) == "test"}
    assert small < large
