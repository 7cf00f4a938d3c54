"""Leaks: what a split gives away, counted by hand."""

from hf_abc.corpora.families import find_links, melody_key
from hf_abc.corpora.leaks import Shared, letter_steps, run_rate, shared_letters, twin_rate
from hf_abc.corpora.split import Side
from hf_abc.notation.transpose import transpose
from hf_abc.notation.tune import parse_tune

HEADER = "X:1\nM:4/4\nL:1/8\nK:G\n"
REEL = "d2fd Adfd|cdec Acec|d2fd Adfd|gece d2d2|a2fa gfed|cdec Aceg|fdfa gece|dfec d4|"
JIG = "GAB cde|dBG AFD|GAB cde|dBA G3|gfe dcB|cBA BGE|FGA DEF|GBA G3|"
OTHER = "b2ag f2ed|BcBA GFED|e2dc BAGF|E2FG A2Bc|d2cB cBAG|FEDC B,2D2|GABc dBGB|c2BA G4|"


def test_a_moved_copy_in_train_is_a_leak() -> None:
    moved = transpose(HEADER + REEL + "\n", 2)
    assert moved is not None
    texts = [HEADER + REEL + "\n", moved, HEADER + JIG + "\n", HEADER + OTHER + "\n"]
    tunes = [parse_tune(text, id=f"a:{n}:1", source="") for n, text in enumerate(texts)]
    melodies = [melody_key(text) for text in texts]
    links = find_links(tunes, melodies)
    letters = [letter_steps(text) for text in texts]
    leaking: list[Side] = ["test", "train", "test", "train"]
    assert twin_rate(links, leaking) == run_rate(melodies, leaking) == 0.5
    (pair,) = shared_letters(tunes, leaking, letters)
    assert pair == Shared("a:0:1", "a:1:1", len(letters[0]) + 1)
    sound: list[Side] = ["test", "test", "train", "train"]
    assert (
        twin_rate(links, sound) == run_rate(melodies, sound) == 0
        and shared_letters(tunes, sound, letters) == []
    )


def test_the_letters_see_what_semitones_do_not() -> None:
    """The same tune in major and in mixolydian."""
    major, mixolydian = HEADER + OTHER + "\n", HEADER.replace("K:G", "K:Gmix") + OTHER + "\n"
    assert melody_key(major) != melody_key(mixolydian)
    assert letter_steps(major) == letter_steps(mixolydian)


def test_letter_steps() -> None:
    assert list(letter_steps(HEADER + "C,Cc'B [CEG]2[Ac]|{ab}^d=d\n% ABC\nw: ABC\nz2 d-d|\n")) == [
        135, 142, 120, 126, 131, 129, 128, 128, 128,
    ]  # fmt: skip
    assert letter_steps(HEADER) == b""


def test_no_test_side_no_leak() -> None:
    assert twin_rate([], ["train"]) == run_rate([b""], ["train"]) == 0
    assert shared_letters([parse_tune(HEADER)], ["train"], [b""]) == []
