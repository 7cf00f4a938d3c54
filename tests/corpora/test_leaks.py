"""Leaks: what a split gives away, counted by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.corpora.families import find_links
from hf_abc.corpora.index import index, letter_steps, melody_key
from hf_abc.corpora.leaks import Shared, leaks, listed, places, shared_runs
from hf_abc.corpora.split import SIDES, Side
from hf_abc.corpora.windows import Pieces
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
    found = index(tunes)
    leaking = places(["test", "train", "test", "train"])
    sound = places(["test", "test", "train", "train"])
    dropped = places(["test", None, "test", "train"])
    rates = leaks(found, find_links(found), {"sound": sound, "dropped": dropped, "leaking": leaking})
    for name, share in (("leaking", 0.5), ("sound", 0), ("dropped", 0)):
        assert rates[name] == {
            "test_tunes": 2,
            "near_twin_in_train": share,
            "24_notes_in_train": share,
            "24_letters_in_train": share,
        }
    partner = shared_runs(found.letters, leaking)
    (pair,) = listed([tune.id for tune in tunes], partner, found.letters)
    assert pair == Shared("a:0:1", "a:1:1", len(letter_steps(texts[0])) + 1)


def test_copies_of_a_near_duplicate_are_leaks_too() -> None:
    """A test tune, a copy of it in train; a test tune, a near-duplicate of it in train that is a copy."""
    changed = REEL.replace("a2fa", "a2ga")
    texts = [HEADER + music + "\n" for music in (REEL, REEL, OTHER, changed, changed)]
    tunes = [parse_tune(text, id=f"a:{n}:1") for n, text in enumerate(texts)]
    links = find_links(index(tunes))
    splits: list[tuple[list[Side | None], float]] = [
        (["test", "train", "train", "validation", "validation"], 1),
        (["test", "validation", "train", "validation", "train"], 1),
        (["test", "test", "train", "validation", "validation"], 0),
        (["train", "train", "test", "test", "test"], 2 / 3),
    ]
    for sides, wanted in splits:
        rates = leaks(index(tunes), links, {"split": places(sides)})
        assert rates["split"]["near_twin_in_train"] == round(wanted, 4)


def test_a_drum_beat_is_no_leak_of_melody() -> None:
    strings = Pieces.of([bytes([128] * 40), bytes([128] * 40)])
    sides = places(["test", "train"])
    assert shared_runs(strings, sides).tolist() == [1, -1]
    assert shared_runs(strings, sides, dull=3).tolist() == [-1, -1]


RUNS = st.lists(st.integers(0, 5).map(lambda n: bytes(range(10 * n, 10 * n + 20))), max_size=4).map(b"".join)


@given(st.lists(st.tuples(RUNS, st.sampled_from([*SIDES, None])), max_size=12))
def test_shared_runs_against_the_plain_method(tunes: list[tuple[bytes, Side | None]]) -> None:
    strings = [text for text, _ in tunes]
    runs = [{text[i : i + 23] for i in range(len(text) - 22)} for text in strings]
    wanted = [
        next((m for m, (_, other) in enumerate(tunes) if other == "train" and runs[n] & runs[m]), -1)
        if own == "test"
        else -1
        for n, (_, own) in enumerate(tunes)
    ]
    assert shared_runs(Pieces.of(strings), places([own for _, own in tunes])).tolist() == wanted


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
    found = index([parse_tune(HEADER)])
    rates = leaks(found, find_links(found), {"split": places(["train"])})
    assert rates["split"]["24_letters_in_train"] == 0
    assert np.array_equal(places([None, *SIDES]), [-1, 0, 1, 2])
