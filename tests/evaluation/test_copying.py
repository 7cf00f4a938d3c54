"""Copying: planted copies are found in any key, and only those."""

from hf_abc.evaluation.copying import copied
from hf_abc.notation.transpose import transpose

HEAD = "X:1\nT:The {}\nM:4/4\nL:1/8\nK:G\n"
TRAIN = HEAD.format("Old Tune") + "GABc dedB|cBAG FDEF|GBdg fdcA|BGAF G2D2|]\n"  # 31 notes
OTHER = HEAD.format("Stranger") + "G2D2 B4|A2E2 c4|F2D2 e4|G2B2 d4|]\n"


def _values(text: str) -> dict[str, float | None]:
    return {name: estimate.value for name, estimate in copied([text], [TRAIN]).items()}


def test_a_copy_in_another_key_under_another_name() -> None:
    moved = transpose(TRAIN.replace("Old Tune", "New Tune"), 3)
    assert moved and "K:Bb" in moved
    assert _values(moved) == {"notes_16": 1, "notes_24": 1, "title": 0}


def test_one_strain_of_two_is_sixteen_notes() -> None:
    half = HEAD.format("Half") + "GABc dedB|cBAG FDEF|e2E2 e2E2|]\n"
    assert _values(half) == {"notes_16": 1, "notes_24": 0, "title": 0}


def test_a_title_alone() -> None:
    assert _values(OTHER.replace("The Stranger", "old tune, 2nd setting")) == {
        "notes_16": 0,
        "notes_24": 0,
        "title": 1,
    }


def test_shares_have_intervals_and_an_untitled_tune_has_no_known_title() -> None:
    untitled = OTHER.replace("T:The Stranger\n", "")
    found = copied([TRAIN, OTHER, untitled], [TRAIN, untitled])
    assert (found["title"].value, found["title"].n) == (1 / 3, 3)
    assert found["notes_24"].value == 1 / 3  # the stranger's tune is too short for 24 notes
    assert found["notes_16"].low is not None and found["notes_16"].high is not None


def test_nothing_at_all() -> None:
    assert copied([], [TRAIN])["title"].value is None
