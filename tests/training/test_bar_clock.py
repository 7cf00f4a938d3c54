"""The labels of the bar clock."""

from collections.abc import Sequence

from hf_abc.models.tokenizers import encode_with_ends, train_tokenizer
from hf_abc.training.bar_clock import SIZES, clock_classes
from hf_abc.training.packing import DIALS, IGNORE

TUNE = "X:1\nT:A Jig\nM:6/8\nL:1/8\nK:D\nA2d fed | e2c A3 |]\n"


def _classes(text: str, ends: Sequence[int]) -> list[tuple[int, ...]]:
    return [tuple(row) for row in clock_classes(text, ends).tolist()]


def test_classes_of_single_characters_are_the_filled_part_of_the_bar() -> None:
    classes = _classes(TUNE, range(1, len(TUNE) + 1))
    music = TUNE.index("A2d")
    nothing = (IGNORE,) * DIALS
    assert set(classes[: music - 1]) == {nothing}
    written = dict(zip(range(music, len(TUNE)), TUNE[music:], strict=True))
    # an eighth is 12 of 96; the letter of `A2` tells nothing yet
    assert [(written[i], classes[i][0]) for i in range(music, music + 9)] == [
        ("A", IGNORE), ("2", 24), ("d", 36), (" ", 36), ("f", 48), ("e", 60), ("d", 72), (" ", 72), ("|", 0),
    ]  # fmt: skip


def test_a_token_of_many_characters_has_the_class_of_its_end() -> None:
    tokenizer = train_tokenizer([TUNE] * 4, vocab_size=330)
    ids, ends = encode_with_ends(tokenizer, [TUNE])[0]
    assert ends[-1] == len(TUNE) and len(ids) == len(ends) < len(TUNE) / 2
    single = _classes(TUNE, range(1, len(TUNE) + 1))
    assert _classes(TUNE, ends) == [single[end - 1] for end in ends]


def test_every_class_fits_its_dial_and_what_lies_beyond_is_the_last() -> None:
    text = "X:1\nL:1/1\nM:none\nK:C\n" + "C" * 3 + "|" + "C|" * 40 + "\n"
    told = [c for c in _classes(text, range(1, len(text) + 1)) if c[0] != IGNORE]
    assert [c[0] for c in told[:4]] == [96, 192, 192, 0]
    assert [max(dial) for dial in zip(*told, strict=True)] == [192, 0, 0, SIZES[3] - 1]
