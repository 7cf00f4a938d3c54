"""ABC -> MusicXML: the right notes, and everything that a score shows."""

import re
from fractions import Fraction
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_abc.rendering.beams import pieces
from hf_abc.rendering.midi import Playing, midi, read
from hf_abc.rendering.musicxml import musicxml

HEAD = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:C\n"


def score_of(music: str, head: str = HEAD) -> ElementTree.Element:
    return ElementTree.fromstring(musicxml(head + music)[0])


def pitches(root: ElementTree.Element) -> list[str]:
    found = []
    for pitch in root.iter("pitch"):
        alter = {"1": "#", "-1": "b", "0": ""}[pitch.findtext("alter", "0")]
        found.append(f"{pitch.findtext('step')}{alter}{pitch.findtext('octave')}")
    return found


def lengths(root: ElementTree.Element) -> list[Fraction]:
    """Of notes and rests, in quarters."""
    divisions = int(root.findtext(".//divisions", "1"))
    return [Fraction(int(d.text or 0), divisions) for d in root.findall(".//note/duration")]


def test_notes_equal_abc2midi_on_real_tunes(real_tunes, play, plain):
    equal = counted = 0
    for text in map(plain, real_tunes):
        data, _ = midi(text, Playing(chord_symbols=False))
        if data is None:
            continue
        counted += 1
        quarter = read(data).ticks_per_quarter
        judge = [(Fraction(onset, quarter), pitch) for onset, pitch, _, _ in read(data).notes]
        ours = [(onset, pitch) for onset, pitch, _ in play(musicxml(text)[0])]
        equal += in_time(judge) == in_time(ours)
    assert counted > 65
    assert equal >= 0.97 * counted, f"{equal} of {counted}"


def in_time(notes: list[tuple[Fraction, int]]) -> list[tuple[int, int]]:
    """Onsets in 24ths of a quarter from the first note on: abc2midi begins a tick late and spreads chords."""
    return sorted((round((onset - notes[0][0]) * 24), pitch) for onset, pitch in notes)


def test_the_clef_is_always_written():
    clef = score_of("CDEF|").find(".//clef")
    assert clef is not None and (clef.findtext("sign"), clef.findtext("line")) == ("G", "2")
    bass = score_of("C,D,|", head="X:1\nM:4/4\nL:1/8\nK:C clef=bass\n").find(".//clef")
    assert bass is not None and (bass.findtext("sign"), bass.findtext("line")) == ("F", "4")


def test_key_meter_title_and_tempo():
    root = score_of("B2 e2|", head="X:1\nT:Fish & <Chips>\nC:Trad.\nM:C|\nL:1/8\nQ:3/8=120\nK:Edor\n")
    assert root.findtext(".//work-title") == "Fish & <Chips>"
    assert (root.findtext(".//fifths"), root.findtext(".//mode")) == ("2", "dorian")
    time = root.find(".//time")
    assert time is not None and time.get("symbol") == "cut" and time.findtext("beats") == "2"
    metronome = root.find(".//metronome")
    assert metronome is not None and metronome.findtext("beat-unit") == "quarter"
    assert metronome.find("beat-unit-dot") is not None and metronome.findtext("per-minute") == "120"


def test_unit_length_follows_the_meter():
    assert lengths(score_of("C2|", head="X:1\nM:2/4\nK:C\n")) == [Fraction(1, 2)]
    assert lengths(score_of("C2|", head="X:1\nM:6/8\nK:C\n")) == [Fraction(1)]


def test_an_accidental_lasts_to_the_bar_in_every_octave():
    root = score_of("^F f F|F =f f|")
    assert pitches(root) == ["F#4", "F#5", "F#4", "F4", "F5", "F5"]
    shown = [note.findtext("accidental") for note in root.iter("note")]
    assert shown == ["sharp", "sharp", None, None, "natural", None]


def test_a_tie_carries_the_accidental_over_the_bar_line():
    root = score_of("^f4-|f2 f2|")
    assert pitches(root) == ["F#5", "F#5", "F5"]
    assert [[tie.get("type") for tie in note.findall("tie")] for note in root.iter("note")] == [
        ["start"],
        ["stop"],
        [],
    ]


@pytest.mark.parametrize("music", ["[c4-e4-]|[c2e2]|", "[c4e4]-|[ce]2|", "[c4-e4]|[c2g2]|"])
def test_ties_of_chords(music, play):
    sounding = [(pitch, length) for _, pitch, length in play(musicxml(HEAD + music)[0])]
    assert sounding[0] == (72, 3)
    assert len(sounding) == (3 if "g" in music else 2)


def test_broken_rhythm_and_tuplets():
    assert lengths(score_of("A>B c<<d|")) == [Fraction(3, 4), Fraction(1, 4), Fraction(1, 8), Fraction(7, 8)]
    root = score_of("(3ABc (5:4:3def|")
    assert lengths(root) == [Fraction(1, 3)] * 3 + [Fraction(2, 5)] * 3
    assert [t.get("type") for t in root.iter("tuplet")] == ["start", "stop", "start", "stop"]
    assert root.findtext(".//time-modification/actual-notes") == "3"


def test_a_length_that_one_note_cannot_show_is_tied():
    root = score_of("A5 z5|")
    assert [n.findtext("type") for n in root.iter("note")] == ["half", "eighth", "half", "eighth"]
    assert [t.get("type") for t in root.iter("tie")] == ["start", "stop"]


@given(st.fractions(min_value=Fraction(1, 256), max_value=16))
def test_pieces_add_up(length):
    assert sum(piece for piece, _, _ in pieces(length)) == length


def test_pickup_repeats_and_endings():
    root = score_of("G|:A4 B4|1 c8:|2 d8||e8|]")
    measures = root.findall(".//measure")
    assert [m.get("number") for m in measures] == ["0", "1", "2", "3", "4"]
    assert measures[0].get("implicit") == "yes"
    endings = [(e.get("number"), e.get("type")) for e in root.iter("ending")]
    assert endings == [("1", "start"), ("1", "stop"), ("2", "start"), ("2", "stop")]
    assert [r.get("direction") for r in root.iter("repeat")] == ["forward", "backward"]
    assert [s.text for s in root.iter("bar-style")] == [
        "heavy-light",
        "light-heavy",
        "light-light",
        "light-heavy",
    ]


@pytest.mark.parametrize(
    ("music", "played"),
    [
        ("|:A2:|", "AA"),
        ("A2::B2:|", "AABB"),
        ("A2:|:B2:|", "AABB"),
        ("|:A2|1B2:|2c2|]d2|]", "ABAcd"),
        ("|:A2 [1B2:|[2c2||", "ABAc"),
        ("|:A2|1,3 B2:|2 c2:|", "ABAcAB"),
    ],
)
def test_repeats_play(music, played, play):
    names = {57: "A", 69: "A", 71: "B", 72: "c", 74: "d"}
    assert "".join(names[pitch] for _, pitch, _ in play(musicxml(HEAD + music)[0])) == played


def test_a_second_ending_that_nobody_closes_is_drawn_as_long_as_the_first():
    root = score_of("|:A8|1B8:|2c8|d8|e8|f8|g8|")
    stops = [
        number
        for number, m in enumerate(root.iter("measure"))
        for e in m.iter("ending")
        if e.get("type") != "start"
    ]
    assert stops == [1, 2]


def test_chords_graces_slurs_and_marks():
    root = score_of('"Gm7/Bb"[G_Bd]2 {/ga}!trill!g2 (A B).c vd|"^slow"Hz2 "SEGUE"e2|')
    first = root.findall(".//note")[:3]
    assert [n.find("chord") is not None for n in first] == [False, True, True]
    harmony = root.find(".//harmony")
    assert harmony is not None and harmony.findtext("kind") == "minor-seventh"
    assert harmony.findtext("bass/bass-step") == "B" and harmony.findtext("bass/bass-alter") == "-1"
    graces = [n for n in root.iter("note") if n.find("grace") is not None]
    assert [n.findtext("pitch/step") for n in graces] == ["G", "A"] and graces[0].find("duration") is None
    for tag in ("trill-mark", "staccato", "down-bow", "fermata"):
        assert root.find(f".//{tag}") is not None, tag
    assert [s.get("type") for s in root.iter("slur")] == ["start", "stop"]
    assert [w.text for w in root.iter("words")] == ["slow", "SEGUE"]


def test_words_under_the_notes():
    root = score_of("A B c d|e f g a|\nw:Twin-kle, lit~tle _|star * \\-x\n")
    words = [
        (n.findtext("lyric/syllabic"), n.findtext("lyric/text")) if n.find("lyric") is not None else None
        for n in root.iter("note")
    ]
    assert words == [
        ("begin", "Twin"), ("end", "kle,"), ("single", "lit tle"), None,
        ("single", "star"), None, ("single", "-x"), None,
    ]  # fmt: skip


def test_voices_become_parts_of_equal_length():
    root = score_of(
        "V:1\nA8|B8|c8|\nV:2 clef=bass\n[V:2]A,,8|\n", head=HEAD.replace("K:C", "V:1 name=Fiddle\nK:C")
    )
    parts = root.findall("part")
    assert [len(part.findall("measure")) for part in parts] == [3, 3]
    assert parts[1].findtext(".//clef/sign") == "F"
    assert root.findtext(".//part-name") == "Fiddle"


def test_overlay_is_a_second_voice_of_the_measure():
    root = score_of("A8&c4e4|")
    assert root.find(".//backup") is not None
    assert [n.findtext("voice") for n in root.iter("note")] == ["1", "2", "2"]


def test_beams_follow_the_spaces_and_without_any_the_meter():
    spaced = score_of("AB cd e2 f2|")
    assert [n.findtext("beam") for n in spaced.iter("note")] == ["begin", "end", "begin", "end", None, None]
    wide = score_of("ABcdefga|AB cdefga|")
    assert [n.findtext("beam") for n in wide.iter("note")][:8] == ["begin", *["continue"] * 6, "end"]
    dense = score_of("ABcdefga | A2 B2 |")
    assert [n.findtext("beam") for n in dense.iter("note")] == [
        "begin",
        "continue",
        "continue",
        "end",
    ] * 2 + [None] * 2


def test_inline_fields_change_key_meter_and_unit():
    root = score_of("F2|[K:D][M:3/4][L:1/4]F c2|")
    assert pitches(root) == ["F4", "F#4", "C#5"]
    assert lengths(root) == [Fraction(1), Fraction(1), Fraction(2)]
    assert [b.text for b in root.iter("beats")] == ["4", "3"]


@pytest.mark.parametrize(
    "text", ["", "X:1\n", "X:1\nK:\n", "K:C\n", HEAD, HEAD + "|||", HEAD + "[", HEAD + "(3", "\0", HEAD + "{"]
)
def test_nothing_to_draw_is_still_a_document(text):
    assert ElementTree.fromstring(musicxml(text)[0]).find(".//measure") is not None


def test_a_note_without_measure_is_cut_and_told():
    document, messages = musicxml(HEAD + "A99999999|")
    assert any("whole notes" in message for message in messages)
    assert len(document) < 5000


@pytest.mark.parametrize(
    "music",
    [
        "A" + "9" * 5000 + "|", "A/" + "9" * 5000 + "|", "(" + "9" * 5000 + ":3:2AB|", "Z" + "9" * 5000 + "|",
        "Z64" * 5000, "A/////////////////////|", "".join(f"V:{n}\nA|\n" for n in range(3000)),
        "[M:" + "9" * 5000 + "/8]A|",
        "(" * 3000 + "A" + ")" * 3000, "[" * 3000 + "A" + "]" * 3000, "A" + ">" * 3000 + "B|", '"' * 3001,
    ],
)  # fmt: skip
def test_numbers_and_depths_beyond_music_are_quick(music):
    document, _ = musicxml(HEAD + music)
    assert len(document) < 2_000_000
    ElementTree.fromstring(document)


@settings(max_examples=150)
@given(st.text(alphabet="ABcdefgz[](){}|:1234/<>-_^=,' \"!~.&%w:KMLV\n\\T+*", max_size=80))
def test_no_text_breaks_the_writer(music):
    ElementTree.fromstring(musicxml(HEAD + music)[0])


def test_a_low_voice_without_a_clef_gets_the_bass_clef():
    document, _ = musicxml("X:1\nL:1/4\nK:C\nV:1\ncdef|\nV:2\nC,D,E,C|\nV:3 clef=treble\nC,D,E,C|\n")
    assert re.findall(r"<sign>(.)</sign>", document) == ["G", "F", "G"]


def test_an_ending_that_begins_a_line():
    text = "X:1\nM:4/4\nL:1/4\nK:G\n|:GABc|1 d4:|\n2d4|]\n"
    assert re.findall('<ending number="(.)" type="(.*?)"', musicxml(text)[0]) == [
        ("1", "start"), ("1", "stop"), ("2", "start"), ("2", "stop"),
    ]  # fmt: skip
    assert "<ending" not in musicxml("X:1\nL:1/4\nK:G\n2d4|\nGAB\n2c|]\n")[0]
