"""Repairs: what is put right, what stays because it has two readings, and that nothing is lost."""

import random
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.corpora.cleaning import PROFILES, STEPS, Dropped, clean
from hf_abc.corpora.sources.music21_collections import read_collection
from hf_abc.notation.melody import notes
from hf_abc.notation.tune import Tune, parse_tune


@pytest.fixture(scope="module")
def real_books() -> list[Tune]:
    tunes = [tune for name in ("oneills1850", "ryansMammoth", "airdsAirs") for tune in read_collection(name)]
    return random.Random(3).sample(tunes, 80)


HEADER = "X:12\nT:A\nM:4/4\nL:1/8\nK:G\n"


def step(name: str, text: str) -> str:
    """What a step makes of a text."""
    before = parse_tune(text, id="a:1:1", source="a", licence="l", family="f")
    result = STEPS[name](before)
    assert isinstance(result, Tune), result
    assert result == parse_tune(result.text, id="a:1:1", source="a", licence="l", family="f")
    assert (result is before) == (result.text == text)
    return result.text


def music(name: str, text: str) -> str:
    """What a step makes of the music below a sound header."""
    done = step(name, HEADER + text)
    assert done.startswith(HEADER)
    return done.removeprefix(HEADER)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("GABc|\n</html>\n", "GABc|\n"),  # folk-rnn#9
        ("GABc|<br>\nGABc|<BR/>\n", "GABc|\nGABc|\n"),
        ("G<b>B c|\n", "G<b>B c|\n"),  # broken rhythm
        ("\n<p>\nGABc|\n\n\n", "GABc|\n"),
        ("GABc|  \nGABc|", "GABc|\nGABc|\n"),
        ("GA\x07Bc\ufeff|\r\nGABc|\rG2\xa0B|\n", "GABc|\nGABc|\nG2 B|\n"),
        ("\u201cAm\u201dGABc\u2019|\n", '"Am"GABc\'|\n'),
        ("GABc|\n```\n", "GABc|\n"),
        ("\\vfill\\eject\nGABc|\\\nGA|\n", "GABc|\\\nGA|\n"),
        ("&quot;Am&quot;GA & B2|\nN:Rose &amp; Crown\n", '"Am"GA & B2|\nN:Rose & Crown\n'),
    ],
)
def test_residue(before: str, after: str) -> None:
    assert music("residue", before) == after
    assert music("residue", after) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("M:4/4\nK:Gm\nG2|\n", "X:1\nT:\nM:4/4\nK:Gm\nG2|\n"),  # MusicWithChatGPT#2
        ("T:A\nK:Gm\nG2|\n", "X:1\nT:A\nK:Gm\nG2|\n"),
        ("T:A\nX: 7\nK:Gm\nG2|\n", "X: 7\nT:A\nK:Gm\nG2|\n"),
        ("X:\nT:A\nK:Gm\nG2|\n", "X:1\nT:A\nK:Gm\nG2|\n"),
        ("X:12\nK:G\nG|\n", "X:12\nK:G\nG|\n"),
    ],
)
def test_number(before: str, after: str) -> None:
    assert step("number", before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("GABc|!\nGABc:|!\n", "GABc|\nGABc:|\n"),
        ("GABc| !\n!\nGABc|\n", "GABc|\nGABc|\n"),  # no blank line, which would end the tune
        ("GABc|**\nGABc|*\\\n", "GABc|\nGABc|\\\n"),
        ("GABc|!GABc|!\n", "GABc|\nGABc|\n"),
        ("!trill!GABc|!fermata!c4|\n", "!trill!GABc|!fermata!c4|\n"),
        ("!trill!GABc|!\n", "!trill!GABc|\n"),
        ("N:wow!\nw:la la!\n% no!\nGABc|\n", "N:wow!\nw:la la!\n% no!\nGABc|\n"),
        ('"hey!"GABc|!\n', '"hey!"GABc|\n'),
    ],
)
def test_line_breaks(before: str, after: str) -> None:
    assert music("line_breaks", before) == after
    assert music("line_breaks", after) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("maj", "Cmaj"), ("min", "Cmin"), ("dor", "Cdor"), ("mix", "Cmix"),
        ("B flat", "Bb"), ("F sharp minor", "F#minor"), ("Bflat major", "Bbmajor"),
        ("am", "Am"), ("e dorian", "Edorian"), ("D_B", "D _B"), ("EPhr^G", "EPhr ^G"), ("", "none"),
        ("g", "g"), ("nonsense", "nonsense"), ("Gmajor", "Gmajor"), ("D exp _b", "D exp _b"), ("HP", "HP"),
        ("C bass", "C bass"), ("Bb", "Bb"), ("G clef=treble-8", "G clef=treble-8"),
    ],
)  # fmt: skip
def test_keys(before: str, after: str) -> None:
    assert step("keys", f"X:1\nK:{before}\nGA|\n") == f"X:1\nK:{after}\nGA|\n"
    assert step("keys", f"X:1\nK:C\nGA[K:{before}]B|\nK:{before}\n") == (
        f"X:1\nK:C\nGA[K:{after}]B|\nK:{after}\n"
    )


def test_tempo() -> None:
    """abc2svg#116: a tempo of zero."""
    for bad in ("1/4=0", "0", "1/4=-11", "", "1/4 = 00"):
        assert step("tempo", f"X:1\nQ:{bad}\nK:C\nGA|\n") == "X:1\nK:C\nGA|\n"
    for good in ("1/4=60", "120", '"Allegro"', '"Slow" 1/4=50', "1/8=100"):
        assert step("tempo", f"X:1\nQ:{good}\nK:C\nGA|\n") == f"X:1\nQ:{good}\nK:C\nGA|\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("c 3 d c 2 B G|G F F 2 G B c d|\n", "c3 d c2 B G|G F F2 G B c d|\n"),  # folk-rnn#11
        ("c 3/2 d /2 e|\n", "c3/2 d/2 e|\n"),
        ("[ce] 2|z 4|\n", "[ce]2|z4|\n"),
        ("a 3(gfe)|\n", "a 3(gfe)|\n"),  # may be a tuplet that lost its place
        ("c2 3|c|1 d|\n", "c2 3|c|1 d|\n"),
    ],
)
def test_lengths(before: str, after: str) -> None:
    assert music("lengths", before) == after


def test_comments() -> None:
    text = 'GABc| % first\n% a line\n%%MIDI program 40\n"50%"G2[r:remark]A2|\nK:D % two sharps\nT:100% wool\n'
    assert music("comments", text) == 'GABc|\n%%MIDI program 40\n"50%"G2A2|\nK:D\nT:100% wool\n'


def test_directives() -> None:
    text = (
        "%%abc-include /etc/passwd\n%%MIDI program 40\n%%begintext\nGAB\n%%endtext\nI:linebreak $\n"
        "I: ::\n%%pagewidth 3cm\nGABc|\n%%begintext\nGA|\n"
    )
    assert music("directives", text) == "%%MIDI program 40\nI:linebreak $\nGABc|\nGA|\n"


def test_fields() -> None:
    """abctools#30: `+:` goes on with the field before it, and goes with it."""
    text = (
        "X:1\nT:A\nN:note\n+:goes on\nC:Trad\n+:Irish\nR:hornpipe\nK:G\nGABc|\nw:la la\nB:|\nS:x\nW:words\n"
    )
    assert step("fields", text) == "X:1\nT:A\nC:Trad\n+:Irish\nR:hornpipe\nK:G\nGABc|\nB:|\nW:words\n"


def test_converter() -> None:
    text = "calling midi2abc\nX:1\n% words\nT:x\nK:C\n%%MIDI program 4\nError : odd\nw:la\nGA|\n% Copyright\n"
    assert step("converter", text) == "X:1\nT:x\nK:C\n%%MIDI program 4\nGA|\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"A minor"G A  B c | c 2\t:|\n', '"A minor"GABc|c 2:|\n'),
        ("GA | :Bc | |1 d2|\n", "GA| :Bc| |1d2|\n"),  # bar lines that stand apart are not joined
        ("[K:D exp _b] G A [V: 2] c|\n", "[K:D exp _b]GA[V: 2]c|\n"),
        ("w: la la\nK:D transpose=1\nG A|\n", "w: la la\nK:D transpose=1\nGA|\n"),
        ("%%MIDI program 40\n% a b\nG A| % c d\n", "%%MIDI program 40\n% a b\nGA|% c d\n"),
        ("%%begintext\na b\n%%endtext\na b|\n", "%%begintext\na b\n%%endtext\nab|\n"),
        ("d. B ~ c ^ d (3 abc a 3(gfe) d ,\n", "d. B~ c^ d(3abca 3(gfe)d ,\n"),
        ("A:| B c|\n", "A:|Bc|\n"),
        ("G \\\nA B|\n", "G\\\nAB|\n"),
    ],
)
def test_spaces(before: str, after: str) -> None:
    assert music("spaces", before) == after
    assert music("spaces", after) == after


def test_what_has_two_readings_stays() -> None:
    """musicblocks#8416: `G^4` may be a sharp or a slip; the checker names it."""
    text = "X:1\nT:A\nM:4/4\nL:1/8\nK:C\nG^4 B_4|G4 B4|\n"
    assert clean(parse_tune(text), "book") == (parse_tune(text), [])


def test_negative_lengths_are_refused() -> None:
    """What midi2abc writes of some game music."""
    text = "X:1\nT:Neg\nM:4/4\nL:1/8\nQ:1/4=-11\nK:G\nV:1\n%%MIDI channel 10\nG2 z/-2 z37/-2 z-26|\n"
    result, _ = clean(parse_tune(text), "midi")
    assert isinstance(result, Dropped) and result.reason == "unreadable symbol '2'"


@pytest.mark.parametrize("profile", sorted(set(PROFILES) - {"plain", "light", "tidy", "combined_abc2abc"}))
def test_no_note_of_a_real_tune_changes(real_books: list[Tune], profile: str) -> None:
    kept = 0
    for tune in real_books:
        done, _ = clean(tune, profile)
        if isinstance(done, Tune):
            kept += 1
            assert notes(done.text) == notes(tune.text)
            assert clean(done, profile)[0] == done
    assert kept > 0.95 * len(real_books)


LINES = st.lists(
    st.one_of(
        st.text(alphabet="GAc|:[]!*\" 123/'<>%&\\-({}", max_size=25),
        st.sampled_from(
            ["%%begintext", "%%endtext", "N:x", "+:y", "K:maj", "K:G", "w:la", "</p>", "", "!", "X:"]
        ),
    ),
    max_size=8,
)


@given(LINES, st.sampled_from(sorted(set(PROFILES) - {"combined_abc2abc"})))
def test_any_text_goes_through_every_profile(lines: list[str], profile: str) -> None:
    tune = parse_tune("\n".join(lines) + "\n", id="a:1:1")
    done, touched = clean(tune, profile)
    if isinstance(done, Dropped):
        assert done.reason and done.step in PROFILES[profile]
    else:
        assert (done == tune) == (not touched)
        assert done.text.endswith("\n") and done == parse_tune(done.text, id="a:1:1")


@pytest.mark.parametrize(
    "piece", [" ", "!", "| ", "c ", '"', "[K:", "c 3", "<p>", "%%beginps\n", "K:", "{", "\0", "9"]
)
@pytest.mark.parametrize("profile", ["combined", "folk_rnn", "midi"])
def test_hostile_music_is_cleaned_in_linear_time(piece: str, profile: str) -> None:
    """Patterns that look for their end from every start would need hours here."""
    clean(parse_tune(HEADER + "G" + piece * 100_000 + "\n"), profile)


@pytest.mark.skipif(shutil.which("abc2abc") is None, reason="abc2abc is not installed")
def test_abc2abc_on_request() -> None:
    text = HEADER + "N:note\nGABc dedB|c2A2 G4|]\n"
    done = step("abc2abc", text)
    assert notes(done) == notes(text) and "%" not in done
    result = STEPS["abc2abc"](parse_tune("no tune at all\n"))
    assert isinstance(result, Dropped) and result.reason == "abc2abc cannot read it"
    assert [name for name, steps in PROFILES.items() if "abc2abc" in steps] == ["combined_abc2abc"]
