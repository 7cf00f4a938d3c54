"""abc2midi as a judge: right messages on the right tune and line, whatever stands beside it in the book."""

import re
from collections import Counter
from pathlib import Path

import hypothesis.strategies as st
import music21
import pytest
from hypothesis import example, given, settings

from hf_abc.abcmidi import BENIGN, Message, bars_right, check_book, compiles, harmless, program, to_midi

HEAD = "X:1\nT:Test\nM:4/4\nL:1/8\nK:G\n"
GOOD = HEAD + "GABc d2B2|c2A2 G4|]"
COLLECTIONS = Path(music21.__file__).parent / "corpus"


def kinds(text: str) -> list[tuple[str, int, str]]:
    return [(m.level, m.line, m.kind) for m in check_book([text])[0]]


def collection(name: str) -> list[str]:
    files = sorted((COLLECTIONS / name).glob("*.abc"))
    text = "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)
    return ["X:" + tune.rstrip() for tune in re.split(r"(?m)^X:", text)[1:]]


@pytest.fixture(scope="module")
def aird() -> list[str]:
    return collection("airdsAirs")


def test_a_good_tune_has_no_message() -> None:
    assert check_book([GOOD]) == [[]]
    assert check_book([]) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + "GABc d2B2|c2A2 G3|G8|]", [("warning", 6, "bar-length")]),
        (HEAD + "GABc d2B2|c2A2 G4|\nG2 ^ G6|]", [("error", 7, "malformed-note")]),
        (HEAD + "GABc d2-B2|c2A2 G4|]", [("error", 6, "tie")]),
        (HEAD + "GABc d2B2|GABc d2B4|]", [("warning", 6, "bar-length")]),
        (HEAD + "d2|GABc d2B2|c2A2 G2|]", []),
        (HEAD + 'GABc "ritard"d2B2|]', [("error", 6, "chord-symbol")]),
        (HEAD + "GABc `d2B2|]", [("warning", 6, "reserved-backtick")]),
        (HEAD + "GABc d2B2:|\nGABc d2B2:|", []),
        (HEAD + "GABc d2B2 {G|]", [("error", 6, "grace")]),
        ("X:1\nT:Test\nM:6/8\nR:hornpipe\nL:1/8\nK:G\nG3 G3|]", [("error", 6, "hornpipe-meter")]),
        ("T:no X\nM:4/4\nK:G\nG8|]", [("error", 1, "no-tune")]),
        ("", [("error", 1, "no-tune")]),
        ("X:1\nT:no K\nM:4/4\nL:1/8\nG8|]", [("warning", 5, "ignored-text"), ("error", 5, "no-key")]),
        ("X:1\nM:4/4\nK:maj\nG8|]", [("error", 3, "no-key")]),
        ("X:1\nL:1/0\nM:4/4\nK:C\nC|]", [("error", 2, "fraction")]),
    ],
)
def test_messages_have_a_kind_and_a_line(text: str, expected: list[tuple[str, int, str]]) -> None:
    found = kinds(text)
    assert set(expected) <= set(found)
    if not expected:
        assert not [item for item in found if item[2] not in BENIGN]


def test_line_numbers_are_the_tune_s_own() -> None:
    bad = HEAD + "GABc d2B2|\nG2 ^ G6|]"
    for book in ([bad], [GOOD, bad], [GOOD] * 30 + [bad, GOOD]):
        (message,) = check_book(book)[book.index(bad)]
        assert (message.line, message.column, message.kind) == (7, 3, "malformed-note")


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems(ends: str) -> None:
    bad = (HEAD + "GABc d2B2|\nG2 ^ G6|]").replace("\n", ends)
    assert kinds(bad) == [("error", 7, "malformed-note")]
    assert kinds("\ufeff" + bad) == [("error", 7, "malformed-note")]


@pytest.mark.parametrize(
    "neighbour",
    [
        "T:no X field\nK:C\nCDEF|",
        "X:1\nT:no K field\nCDEF|",
        "X:1\nK:C\n%%begintext\nnever closed",
        "X:1\nK:C\n%%beginps\nnever closed",
        "X:1\nM:4/4\nK:C\na9999999999999|b1/99999999999|",  # abc2midi gives up the whole book here
        "X:1\nM:4/4\nK:C\nCDEF (3GA",
        "X:1\nM:4/4\nK:C\nCDEF [GA",
        "X:1\nM:4/4\nK:C\nCDEF {GA",
        "X:1\nM:4/4\nK:C\nCDEF \\",
        'X:1\nM:4/4\nK:C\nCDEF "unclosed',
        "X:1\nM:4/4\nL:1/4\nK:C\n%%MIDI nobarlines\nU:G=!foo!\nC5|",
        "X:1\nK:C\nCDEF|\nX:2\nK:C\nCDEF|",
        "\n\n\n",
    ],
)
def test_a_broken_neighbour_changes_nothing(neighbour: str) -> None:
    short = HEAD + "GABc d2B2|c2A2 G3|G8|]"
    before = check_book([short])[0]
    book = check_book([GOOD, neighbour, short, neighbour, GOOD])
    assert (book[0], book[2], book[4]) == ([], before, [])
    assert book[1] == book[3] == check_book([neighbour])[0]


def test_a_tune_that_stops_the_program_is_an_error() -> None:
    (messages,) = check_book(["X:1\nM:4/4\nK:C\na|b1/99999999999|"])
    assert messages[-1].kind == "unfinished"
    assert not compiles(messages)


def test_a_book_gives_what_each_tune_gives_alone(aird: list[str]) -> None:
    some = aird[::25]
    assert check_book(some) == [check_book([tune])[0] for tune in some]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("abcGAB2/|:[]{}()\"!<>-^_=z ~.'&\\\n%XKV+", max_size=60), min_size=1, max_size=4))
@example(["(3ab", "abc"])
@example(["F2 z||'", "abc"])
def test_a_book_of_noise_gives_what_each_tune_gives_alone(bodies: list[str]) -> None:
    texts = [HEAD + body for body in bodies]
    assert check_book(texts) == [check_book([text])[0] for text in texts]


def test_real_collections_have_the_known_faults() -> None:
    tunes = [tune for name in ("oneills1850", "ryansMammoth", "airdsAirs") for tune in collection(name)]
    book = check_book(tunes)
    assert len(tunes) == 4248
    assert 0.72 < sum(map(compiles, book)) / len(book) < 0.75
    assert 0.79 < sum(map(bars_right, book)) / len(book) < 0.82
    found = Counter(message.kind for messages in book for message in messages)
    known = {
        "bar-length",
        "malformed-note",
        "chord-symbol",
        "broken-rhythm",
        "tie",
        "hornpipe-meter",
        "repeat",
    }
    assert known | BENIGN <= set(found)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", kind) for kind in found)
    for tune, messages in zip(tunes, book, strict=True):
        lines = tune.split("\n")
        assert all(1 <= message.line <= len(lines) for message in messages)


def test_benign_kinds_do_not_count() -> None:
    benign = [Message("error", 1, 0, "", kind) for kind in BENIGN]
    assert compiles(benign)
    assert bars_right(benign)
    assert not compiles([*benign, Message("error", 1, 0, "", "tie")])
    assert compiles([Message("warning", 1, 0, "", "bar-length")])
    assert not bars_right([Message("warning", 1, 0, "", "bar-length")])


def test_to_midi() -> None:
    data, messages = to_midi(GOOD)
    assert data is not None
    assert data.startswith(b"MThd")
    assert data.count(b"\x90") >= 8
    assert messages == []


def test_to_midi_options() -> None:
    text = HEAD + '"G"{a}GABc "D"d2B2|]'
    everything = to_midi(text)[0]
    plain = to_midi(text, grace_notes=False, chord_symbols=False)[0]
    assert (
        everything
        and plain
        and len(plain) < len(to_midi(text, grace_notes=False)[0] or b"") < len(everything)
    )


@pytest.mark.parametrize("text", ["", "T:no X\nK:C\nCDEF|", "X:1\nT:no K\nCDEF|"])
def test_no_midi_without_a_tune(text: str) -> None:
    assert to_midi(text)[0] is None


def test_nothing_reads_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.abc"
    secret.write_text("secret words\n")
    for directive in (f"%%abc-include {secret}", f"I:abc-include {secret}", f" %%abc-include {secret}"):
        for text in (f"X:1\n{directive}\nM:4/4\nK:C\nC8|", f"X:1\nM:4/4\nK:C\nC8|\n{directive}\nC8|"):
            assert "secret" not in "".join(message.text for message in check_book([text])[0])
            assert str(secret) not in harmless(text)


def test_harmless_keeps_lines_columns_and_what_is_heard() -> None:
    head = "X:1\n%%MIDI program 40\n%%format x.fmt\nK:C\n"
    text = head + 'AB[I:abc-include x]c|\n%%beginjs\nalert()\n%%endjs\n"C"C8|'
    lines = harmless(text).split("\n")
    assert lines == [
        "X:1",
        "%%MIDI program 40",
        "%",
        "K:C",
        "AB                 c|",
        "%",
        "%",
        "%",
        '"C"C8|',
    ]
    assert harmless(GOOD) == GOOD


def test_the_programs_are_there() -> None:
    assert program("abc2midi").is_file()
    assert program("midi2abc").is_file()
