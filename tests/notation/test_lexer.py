"""The lexer: nothing is lost, and each symbol is what a musician would call it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.notation.lexer import _BRANCHES, _SYMBOL, all_known, lex

LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
MUSIC = st.text(alphabet="ABGceg^_=',/0123456789|:[](){}<>-~.HTuv!+\"&$%\\`xyzZ \t*?é", max_size=60)


def kinds(line: str) -> list[str]:
    return [symbol.kind for symbol in lex(line)]


def texts(line: str, kind: str) -> list[str]:
    return [symbol.text for symbol in lex(line) if symbol.kind == kind]


@given(st.one_of(MUSIC, st.text(st.characters(exclude_characters=LINE_ENDS), max_size=80)))
def test_the_symbols_of_a_line_join_up_to_the_line(line: str) -> None:
    symbols = lex(line)
    assert "".join(symbol.text for symbol in symbols) == line
    reference = [(found.lastgroup, found.group()) for found in _SYMBOL.finditer(line)]
    assert all_known(line) == (not {"unknown", "chord_open"} & {s.kind for s in symbols})
    assert [(s.kind, s.text) for s in symbols] == [(_BRANCHES.get(k or "", k), t) for k, t in reference]


def test_the_symbols_of_real_tunes_join_up_and_are_known(real_tunes: list[str]) -> None:
    from hf_abc.notation.tune import body, is_music

    lines = [line for text in real_tunes for line in body(text).split("\n") if is_music(line)]
    assert len(lines) > 500
    assert all("".join(s.text for s in lex(line)) == line for line in lines)
    symbols = [symbol for line in lines for symbol in lex(line)]
    assert sum(s.kind == "unknown" for s in symbols) < len(symbols) / 1000


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("c", "note"), ("^^c''3/2", "note"), ("_B,//", "note"), ("=f/4", "note"),
        ("z2", "rest"), ("x/", "rest"), ("Z4", "full_rest"), ("X", "full_rest"),
        ("|", "bar"), ("||", "bar"), ("|]", "bar"), ("[|", "bar"), ("[|:", "bar"), ("|:", "bar"),
        (":|", "bar"), ("::", "bar"), (":|:", "bar"), ("|::", "bar"), (":::", "bar"),
        (":|2", "bar"), ("|1", "bar"),
        ("[1,3", "bar"), ("|1-3", "bar"), (":|[2", "bar"), ("|[1", "bar"),
        ("(3", "tuplet"), ("(5:4:5", "tuplet"), ("(3::2", "tuplet"),
        ("(", "slur"), (")", "slur"), (".(", "slur"), ("-", "tie"), (">>", "broken"), ("<", "broken"),
        ('"Am7"', "annotation"), ('"^slowly"', "annotation"), ("!trill!", "decoration"),
        ("!8va(!", "decoration"), ("+fermata+", "decoration"), ("~", "decoration"), ("u", "decoration"),
        ("{/ag}", "grace"), ("[K:Edor]", "field"), ("[r:a remark]", "field"), ("y2", "spacer"),
        ("`", "beam"), ("&", "overlay"), ("\\", "continuation"), ("\\  ", "continuation"),
        ("% words", "comment"), ("$", "line_break"), ("!", "line_break"), ("*", "unknown"),
        ("]2", "chord_close"),
    ],
)  # fmt: skip
def test_one_symbol(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


def test_a_chord_is_not_a_bar_line() -> None:
    assert kinds("|[CEG]2|") == ["bar", "chord_open", "note", "note", "note", "chord_close", "bar"]
    assert kinds("|[^CE]") == ["bar", "chord_open", "note", "note", "chord_close"]
    assert kinds('|["D"DF]') == ["bar", "chord_open", "annotation", "note", "note", "chord_close"]
    assert kinds("|[~DF]") == ["bar", "chord_open", "decoration", "note", "note", "chord_close"]
    assert kinds("|[|") == kinds("|[") == ["bar"] and kinds("|[ G")[0] == "bar"


def test_a_double_repeat_needs_no_spaces_around_it() -> None:
    """music21#202: a `::` glued to the note before it lost that note."""
    assert kinds("d2 e::f2")[-3:] == ["note", "bar", "note"]
    assert texts("d2 e::f2", "note") == ["d2", "e", "f2"]
    assert [s for s in kinds("d2 e :: f2") if s != "space"] == [s for s in kinds("d2 e::f2") if s != "space"]


def test_a_tuplet_inside_a_slur_is_told_apart_from_it() -> None:
    """music21#1798: one stack for both closed the slur wrongly."""
    assert kinds("((3GAB c2)") == ["slur", "tuplet", "note", "note", "note", "space", "note", "slur"]


def test_an_accidental_behind_its_note_is_unknown() -> None:
    """musicblocks#8416: `G^4` is no sharp."""
    assert kinds("G^4") == ["note", "unknown", "unknown"]


def test_a_length_apart_from_its_note_is_unknown() -> None:
    """folk-rnn#11: `c 3` is no dotted note."""
    assert kinds("c 3 d") == ["note", "space", "unknown", "space", "note"]


def test_a_score_line_break_is_no_note() -> None:
    """EasyABC#29: `$` breaks the score line."""
    assert texts("CDEF|$GABc|", "note") == list("CDEFGABc")
    assert texts("CDEF|$GABc|", "line_break") == ["$"]


def test_an_open_quote_or_brace_does_not_swallow_the_line() -> None:
    assert texts('"GABc|', "note") == list("GABc")
    assert texts("{GABc|", "note") == list("GABc")


def test_a_colon_and_a_backslash_mean_something_else_at_the_end_of_a_line() -> None:
    assert kinds("c:") == kinds("c:")[:1] + ["bar"] and kinds("c: ") == ["note", "bar", "space"]
    assert kinds("c: d") == ["note", "unknown", "space", "note"]
    assert kinds("c\\d\\") == ["note", "unknown", "note", "continuation"]


@pytest.mark.parametrize(
    "piece", ["{", "[a:", '"', "![a", "[1,", "::", "9", "\\ ", ": ", ":  x", "(3:", "+a", "|["]
)
def test_hostile_lines_are_read_in_linear_time(piece: str) -> None:
    """A pattern that looks for its end from every start would need minutes here."""
    line = piece * 30_000
    assert len("".join(symbol.text for symbol in lex(line))) == len(line)
