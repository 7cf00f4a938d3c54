"""The automaton: real tunes pass, what is wrong for good does not, and there is always a way to an end."""

import random
import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_abc.notation.automaton import START, hurried, may_end, step

HEAD = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:G\n"


def walk(text, state=START):
    """The state behind a text, the number of odd steps; None and the place where it does not go on."""
    odd = 0
    for place, character in enumerate(text):
        after = step(state, character)
        if after is None:
            return None, place
        odd += after.loose
        state = after.strict()
    return state, odd


def passes(music, head=HEAD):
    state, odd = walk(head + music)
    end = may_end(state) if state else None
    return end is not None, odd + bool(end and end.loose) if state else None


SOUND = [
    "|:G2|GABc dedB|c2ec B2dB|GABc dedB|c2A2 A2:|\n",
    "GABc dedB|1 A2A2 A4:|2 G8|]\n",
    "(3GAB (3cde f4|(5GABcd e4 f2|z8|Z|\n",
    "G>AB<c d3/2e/2f2|[GB]2[Ac]2 {ab}c4|\n",
    "G4-G4-|G8|~G2 .A2 T[GB]4|\n",
    '"Am"G4 "^slow"A4|!trill!B4 c4|\\\nd8|\n',
    "G8|[M:3/4]G6|[L:1/4]G3|\nM:4/4\nG4|[K:D]F4|\n",
    "G8|:A8:|:B8:|\n",
    "GABc dedB|c4||\nG4|G8|]\n",
    "A6|G>A B6||\n",
]


@pytest.mark.parametrize("music", SOUND)
def test_sound_music_passes(music):
    ends, _ = passes(music)
    assert ends


@pytest.mark.parametrize(
    ("music", "stops_at"),
    [
        ("GABc dedBc|", "c|"),  # nine eighths in four quarters
        ("GABc|dedB cdef|", "dedB cdef|"),  # a short bar in the midst
        ("G4-A4|", "A4|"),
        ("G4>A2 B2|", "2 B2|"),
        ("(3GA|", "|"),
        ("G/3", "3"),
        ("[GB2]4|", "]4|"),
        ("a,", ","),
        ("^^^G", "^G"),
        ("|:G8|:A8:|", ":A8:|"),
        ("G8|2A8|", "2A8|"),
        ("[G[B", "[B"),
    ],
)
def test_what_is_wrong_stops_where_it_is_wrong(music, stops_at):
    clean = HEAD + ("" if music.startswith("|") else "G8|") + music
    state, place = walk(clean + "G")
    assert state is None
    assert clean[place:].startswith(stops_at[:1])
    assert len(clean) - place <= len(stops_at)


@pytest.mark.parametrize("music", ["G8|:A8|", "G8|A4-", "G8|(3AB", "G8|1A8|", "", "z8|\n", "G8|[GB", "G8|{a"])
def test_no_end_while_something_waits(music):
    assert passes(music) == (False, passes(music)[1])


def test_odd_steps_are_told_from_sound_ones():
    assert passes("|:G2|A8|B6:|\n") == (True, 0)
    ends, odd = passes("|:G2|A8|B8:|\n")  # the pick-up is not made up for: abc2midi says so
    assert ends and odd
    ends, odd = passes("A8|B4||\nc8|d8|]\n")  # nor is a strain's short end by the next one
    assert ends and odd


@pytest.mark.parametrize(
    ("head", "ends_at"),
    [
        ("T:no number\n", 0),
        ("X:1\nK:G\n", 4),  # no meter
        ("X:1\nM:4/5", 8),
        ("X:1\nM:4/4\nL:1/5", 14),
        ("X:1\nM:4/4\nK:H\n", 13),
        ("X:1\nM:4/4\nK:Gmaq", 15),
        ("X:1\n\n", 4),
    ],
)
def test_headers_that_no_judge_takes(head, ends_at):
    state, place = walk(head)
    assert state is None and place == ends_at


def test_real_tunes_pass():
    from hf_abc.abcmidi import check_book
    from hf_abc.corpora.sources.music21_collections import COLLECTIONS
    from hf_abc.notation.levels import level

    assert COLLECTIONS
    texts = _real_tunes()
    sound = [t for t, said in zip(texts, check_book(texts), strict=True) if level(t, said).number >= 5]
    assert len(sound) > 250
    refused = [text for text in sound if not _accepted(text)]
    assert len(refused) <= 0.005 * len(sound), refused[:3]


def _real_tunes():
    from pathlib import Path

    import music21

    from hf_abc.corpora.encoding import decode
    from hf_abc.notation.tune import split_book

    root = Path(music21.__file__).parent / "corpus"
    files = sorted(
        f for name in ("oneills1850", "airdsAirs", "ryansMammoth") for f in (root / name).glob("*.abc")
    )
    texts = [tune for file in files for tune in split_book(decode(file.read_bytes()))]
    return texts[::8]


def _accepted(text):
    state, _ = walk(text)
    return state is not None and may_end(state) is not None


LETTERS = "GABcdefg^=_'23468/1 |:[]()<>-z{}\n\"!.~T%"


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.booleans())
def test_there_is_always_a_way_on_and_a_way_to_an_end(seed, late):
    """Random walks over what is allowed, weighted so that they come far; then the shortest way out."""
    draw = random.Random(seed)
    state, _ = walk(HEAD)
    for _ in range(draw.randrange(1, 80)):
        options = [after for c in LETTERS if (after := step(state, c)) is not None]
        assert options, state
        options = [o for o in options if not re.search(r"\d\d", o.pending)] or options
        state = draw.choice(options).strict()
    if late:
        state = hurried(state)
    frontier = [state]
    seen = {state}
    for _ in range(40):
        if any(may_end(s) is not None for s in frontier):
            return
        further = {
            after.strict()
            for s in frontier
            for c in "GABcdefg^=_',123468/ |:]}\"!)\nC,x"
            if (after := step(s, c)) is not None
        } - seen
        seen |= further
        frontier = sorted(further, key=lambda s: (s.chord is not None, len(s.pending), s.part.room))[:1500]
    pytest.fail(f"no way to an end from {state}")


def test_a_hurried_tune_ends_with_its_strain():
    state, _ = walk(HEAD + "|:GABc dedB|GABc d")
    state = hurried(state)
    after, _ = walk("edB", state)
    assert step(after, "|") is None  # the repeat is open
    closed, _ = walk(":|", after)
    assert may_end(closed) is not None
    assert step(step(closed, "\n"), "G") is None


VOICES = "X:1\nM:2/4\nL:1/8\nV:1\nV:2\nV:3\nK:C\n"
TOGETHER = START._replace(voices=True)


def sound_ways(state):
    return {c for c in string.printable if (after := step(state, c)) is not None and not after.loose}


def test_the_last_bar_of_a_hurried_repeat_makes_up_for_its_pick_up():
    late = hurried(walk(HEAD + "|:G2|GABc dedB|")[0])
    assert walk("GABc d2:|\n", late)[1] == 0 and may_end(walk("GABc d2:|\n", late)[0])
    assert walk("GABc d3 ", late)[0] is None  # seven eighths and two
    assert "|" not in sound_ways(walk("GABc", late)[0])
    # where the bar under way is too long for that already, it is filled and one more follows
    full = hurried(walk(HEAD + "|:G2|GABc dedB|GABc d3")[0])
    state, odd = walk("B|GABc d2:|\n", full)
    assert state and not odd and may_end(state)
    assert ":" not in sound_ways(walk("B", full)[0])
    # a note under way, a tuplet, a dotted pair keep their room
    for music in ("GABc d3", "GABc d(3e", "GABc de>", "GABc d3/2"):
        state = hurried(walk(HEAD + "|:G2|GABc dedB|" + music)[0])
        assert sound_ways(state), music


def test_a_hurried_tune_begins_no_tie():
    late = hurried(walk(HEAD + "G4")[0])
    assert walk("A4-", late)[0] is None and walk("A4|]\n", late)[0]


def test_music_in_the_header():
    head = "X:1\nT:The rose"
    assert walk(f"{head}|GABc\n")[1] == 1  # a bar line: odd
    assert walk(head + " of" * 20 + "\n")[1] == 0
    assert walk(head + " of" * 40 + "\n")[1] > 0  # longer than any title
    assert walk("X:1\nN:a note|\nM:4/4\nL:1/8\nK:G\n")[1] == 0
    assert walk(HEAD + "G8|[M:3/4^c")[0] is None and walk(HEAD + "G8|[K:D ^g]G8|\n")[0]


def test_no_voice_is_left_behind():
    one, _ = walk(VOICES + "V:1\nC4|D4|\n", TOGETHER)
    assert may_end(one) is None  # the others have no music
    assert walk("V:1", one)[0] is None  # it is their turn
    two, _ = walk("V:2\nE4|F4|\n", one)
    assert may_end(two) is None
    three, _ = walk("V:3\nG4|A4|", two)
    assert may_end(three) is not None
    assert walk("G4|", three)[0] is None  # the first one leads
    assert walk("\nV:2", three)[0] is None
    assert walk("\nV:1\nG4|", three)[0] is not None


def test_the_others_get_the_bars_of_the_first_voice():
    one, _ = walk(VOICES + "V:1\n|:C|D4|E3:|\n", TOGETHER)
    for wrong in (
        "C",
        "|C",
        "|:C2|",
        "|:C|D4|E3|\n",
        "|:C|D4|E3:||",
        "|:C|D4|E3:|\nF",
        "|:C|D4|Z",
        "|:C|D2|",
    ):
        assert walk(f"V:2\n{wrong}", one)[0] is None, wrong
    both, _ = walk("[V:2]|:C|D2D2|E/E/EE:|\n[V:3]|:z|z4|(3CDE G:|\n", one)
    assert may_end(both) is not None
    further, _ = walk("V:1\n", both)
    assert walk("F4|\n", further)[0] is not None
    assert walk("|\n", further)[0] is None  # no bar lines without music
    assert walk("[V:2]", further)[0] is None  # nor turns
    assert walk("M:3/4", further)[0] is None
    assert walk("Z2|", further)[0] is None
    assert walk("|:F4:|\nV:2\n|:F4:|", further)[0] is not None


def test_voices_end_together_when_hurried():
    one, _ = walk(VOICES + "V:1\nC4|D2", TOGETHER)
    late = hurried(one)
    assert walk("D2|", late)[0] is None or walk("D2|\n", late)[0] is None  # the end has a double bar
    led, _ = walk("D2|]\n", late)
    assert walk("C", led)[0] is None
    whole, _ = walk("[V:2]C4|D4|]\n[V:3]E4|F2-", led)
    assert whole is None  # no tie over the end
    whole, _ = walk("[V:2]C4|D4|]\n[V:3]E4|F4|]\n", led)
    assert may_end(whole) is not None
    assert walk("[V", whole)[0] is None


@settings(max_examples=40)
@given(st.integers(0, 10**6))
def test_voices_that_are_hurried_always_meet(seed):
    draw = random.Random(seed)
    state, _ = walk(VOICES, TOGETHER)
    for _ in range(draw.randrange(1, 150)):
        options = _options(state, LETTERS + "VVK123\n\n]||")
        options = [o for o in options if not re.search(r"\d\d", o.pending)] or options
        state = draw.choice(options)
    for _ in range(3000):
        if may_end(state) is not None:
            return
        state = hurried(state)
        options = _options(state, "ABCDEFGabcdefg^_=',0123456789/|:]\nzxV[ )}!K\"")
        options = [o for o in options if "K" not in o.pending] or options
        nearest = min(map(_distance, options))
        state = draw.choice(
            [o for o in options if _distance(o) == nearest or draw.random() < 0.02] or options
        )
    pytest.fail(f"no way to an end from {state}")


def _options(state, letters):
    for some in (letters, string.printable):
        options = [after.strict() for c in some if (after := step(state, c)) is not None]
        if options:
            return options
    pytest.fail(f"no way on from {state}")


def _distance(state):
    """How far a walk is from its end: bars that voices owe, room in the bar under way."""
    parts = [state.part, *(part for _, part in state.others)]
    text = (state.mode not in ("music", "line")) + state.grace
    return sum(len(part.owed) for part in parts), text, state.part.room if state.part.closing is None else 0


def test_cases_that_are_wrong_in_old_books_do_not_hang():
    for text in ("", "\n" * 50, "X:" + "9" * 500, HEAD + "[" * 300, HEAD + "(3" * 200, HEAD + "G" + "/" * 99):
        state, _ = walk(text)
        assert state is None or may_end(state) is None
