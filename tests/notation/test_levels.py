"""The ladder of levels, with hard cases after public bug reports."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.abcmidi import Message, check_book
from hf_abc.notation.levels import TOP, Level, is_loop, level, rest_share

GOOD = "X:1\nT:Good\nM:4/4\nL:1/8\nK:G\n|:GABc dedB|c2A2 G4:|\n"


def judged(text: str) -> Level:
    """The level of a text with abc2midi's messages."""
    (messages,) = check_book([text])
    return level(text, messages)


def with_music(music: str, meter: str = "4/4") -> str:
    return f"X:1\nT:A\nM:{meter}\nL:1/8\nK:G\n{music}\n"


def test_a_sound_tune_reaches_the_top() -> None:
    assert level(GOOD) == judged(GOOD) == Level(TOP, ())


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("M:4/4\nL:1/16\nK:Gm\nG,16|\n", 1, "a tune begins with an X: field"),
        ("X:1\nT:No key\nM:4/4\nL:1/8\nCDEF|\n", 4, "the header must end with a K: field"),
        ("X:1\nT:A\nK:maj\nGABc|\n", 3, "K:maj names no key"),
        ("X:1\nL:1/0\nK:G\nGABc|\n", 2, "L:1/0 is no note length"),
        ("", 1, "a tune begins with an X: field"),
        ("words and more words", 1, "a tune begins with an X: field"),
    ],
)
def test_what_is_not_abc(text: str, line: int, sentence: str) -> None:
    """MusicWithChatGPT#2, symusic#99."""
    found = level(text)
    assert found.number == 0
    assert found.problems[0].line == line and found.problems[0].text.startswith(sentence)


def test_an_unreadable_symbol_is_named_with_its_place() -> None:
    """musicblocks#8416: an accidental behind its note is reported at its column."""
    found = level(with_music("G^4 B4|"))
    assert found.number == 0
    problem = found.problems[0]
    assert (problem.rung, problem.line, problem.column) == (1, 6, 2)
    assert problem.text == "^ cannot be read here: an accidental stands before its note"
    assert "a length" in level(with_music("c 3 d|")).problems[0].text
    assert level(with_music("z/-2 z-26|")).number == 0


def test_the_messages_of_abc2midi_fill_the_rungs_between() -> None:
    def said(kind: str, severity: str = "error") -> Level:
        return level(GOOD, [Message(severity, 6, 3, "words", kind)])  # type: ignore[arg-type]

    assert said("no-tune").number == said("unfinished").number == 1
    assert said("malformed-note").number == said("something-new").number == 2
    assert said("slur", "warning").number == 3
    assert said("assuming-repeat", "warning").number == said("bar-length", "warning").number == TOP
    (problem,) = judged(with_music("GAB^|c8|]")).problems[:1]
    assert (problem.rung, problem.line, problem.column) == (1, 6, 4)


def test_wrong_bars_and_their_sentence() -> None:
    found = level(with_music("GABc dedB|GABc dedBA|c2A2 G3|G8|]"))
    assert found.number == 4
    assert [(p.line, p.column, p.text) for p in found.problems] == [
        (6, 11, "this bar is too long: 9/8 in 4/4"),
        (6, 22, "this bar is too short: 7/8 in 4/4"),
    ]
    assert level(with_music("GABcdef|GAB cd/|e6|", "6/8")).problems[0].text.endswith("7/8 in 6/8")


def test_bars_that_abc2midi_calls_wrong_and_a_musician_does_not() -> None:
    """A repeat between a pickup and its complement."""
    text = with_music("GABc dedB|c2A2 G3:|A|GABc dedB|c2A2 G3:|")
    (messages,) = check_book([text])
    assert any(message.kind == "bar-length" for message in messages)
    assert level(text, messages).number == TOP


def test_voices_of_different_length() -> None:
    voices = "X:1\nM:4/4\nL:1/8\nK:G\nV:1\nGABc dedB|G8|]\nV:2\n{}|]\n"
    assert level(voices.format("G8|G8")).number == TOP
    found = level(voices.format("G8"))
    assert found.number == 5
    assert found.problems[0].text == "voice 2 is 4/4 shorter than voice 1" and found.problems[0].line == 8


def test_silence_and_loops() -> None:
    """A sampler that falls into endless bars of rest writes legal ABC."""
    rests = with_music("GABc dedB|" + "z8|" * 100)
    found = judged(rests)
    assert found.number == 6
    assert [p.text for p in found.problems] == [
        "99% of the tune is silence", "the same bars stand 4 or more times in a row",
    ]  # fmt: skip
    assert level(with_music("z8|z8|]")).problems[-1].text == "the tune has no note"
    assert level(with_music("GABc dedB|" * 4)).number == 6


@pytest.mark.parametrize("length", range(1, 9))
def test_a_loop_is_a_block_four_times(length: int) -> None:
    block = [f"{'CDEFGABc'[k]}8" for k in range(length)]
    text = "|".join
    assert is_loop(with_music(text(["d8", *block * 4, "e8"])))
    assert is_loop(with_music(text(block * 5)))
    assert not is_loop(with_music(text(["d8", *block * 3, *block[:-1], "e8"])))


def test_a_block_of_nine_bars_is_no_loop_and_form_is_none() -> None:
    block = [f"{letter}8" for letter in "CDEFGABcd"]
    assert not is_loop(with_music("|".join(block * 4)))
    assert not is_loop(with_music("|:GABc dedB:|:GABc dedB:|GABc dedB|"))
    assert not is_loop("") and not is_loop(GOOD)


def test_spaces_and_ornaments_do_not_hide_a_loop() -> None:
    assert is_loop(with_music("GABc dedB|GABcdedB|~GABc d{e}edB|(GABc) dedB|"))


def test_rest_share() -> None:
    assert rest_share(with_music("GABc z4|")) == Fraction(1, 2)
    assert rest_share(with_music("z8|")) == rest_share("") == 1
    assert rest_share(GOOD) == 0


@pytest.mark.parametrize(
    ("music", "meter"),
    [
        ("|:GA Bc|d2 e::f2 g2|a4:|", "2/4"),  # music21#202
        ("|:GA Bc|[1,2 d4:|[3 g4|]", "2/4"),  # music21#1483
        ("|:D2 F2|1,3 A2 F2:|2 A2 d2:|4 D4|]", "2/4"),  # abcjs#901
        ("cBA G3|[K:D][M:3/8]FED|C3|]", "6/8"),  # music21#1672
        ("((3GAB c2) d2 e2|(3fed (c2 B2) A2|", "4/4"),  # music21#1798
        ("|:E2G2 B2e2|[Q:1/4=100]e2B2 G2E2:|", "4/4"),  # abcjs#569
        ("CD\\\n|:EF GA|Bc d2:|", "2/4"),  # abc2svg#110
        ("|::GA Bc|d4::|", "2/4"),  # abcjs#355
        ("(3DEF (3GAB (3cde|(5:4:5fgabc' d2|", "3/4"),  # verovio#2206
        ("[G-C-]4 [G-C-]4|[c-G-C-]2 [cGC]4 z2|", "4/4"),  # abc2midi 5.02
    ],
)
def test_hard_but_sound(music: str, meter: str) -> None:
    assert judged(with_music(music, meter)).number == TOP


def test_hard_headers() -> None:
    """abcjs#40, abc2svg#116, EasyABC#29, abctools#30: tempo in words or 0, `$` breaks, `+:` lines."""
    words = 'X:1\nT:W\nM:C\nL:1/16\nQ:"Allegro"\nV:1 treble\nV:2 bass\nK:F\nV:1\nF4 A4 c8|]\nV:2\nF,16|]\n'
    assert level(words).number == judged(words).number == TOP
    assert level(GOOD.replace("K:G", "Q:1/4=0\nK:G")).number == TOP
    assert level(GOOD.replace("K:G", "I:linebreak $\nK:G").replace("|c", "|$c")).number == TOP
    assert judged(GOOD.replace("K:G", "N:A note\n+: goes on\nK:G")).number == TOP
    assert level(GOOD.replace("K:G", "K:CMaj").rstrip("\n")).number == TOP


def test_printed_tunes_are_sound(real_tunes: list[str]) -> None:
    numbers = [found.number for found in map(level, real_tunes)]
    assert sum(number == TOP for number in numbers) > 0.9 * len(numbers)
    assert sum(is_loop(text) for text in real_tunes) <= 1


@given(st.text(alphabet="XKMLV:\n GABcz0123/|[]:>-'\"", max_size=80))
def test_any_text_has_a_level(text: str) -> None:
    found = level(text)
    lines = text.count("\n") + 1
    assert 0 <= found.number <= TOP and (found.number == TOP) == (not found.problems)
    assert all(1 <= p.line <= lines and p.column >= 0 and p.text for p in found.problems)
