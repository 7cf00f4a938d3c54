"""Music without bar lines: it fits on lines, and no note is lost, moved or misread."""

from fractions import Fraction
from xml.etree import ElementTree

from hf_abc.rendering.musicxml import musicxml
from hf_abc.rendering.reader import read_staff
from hf_abc.rendering.systems import measure_width, room
from hf_abc.rendering.unbarred import divide

LINE = "GABc dedc BA"
LONG = "X:1\nM:none\nL:1/4\nK:G\n"


def measures(text: str, part: int = 1) -> list[ElementTree.Element]:
    return ElementTree.fromstring(musicxml(text)[0]).findall(f".//part[{part}]/measure")


def test_lines_of_the_abc_end_a_measure():
    found = measures(LONG + f"{LINE}\n" * 8 + "|]\n")
    assert [len(measure.findall("note")) for measure in found] == [10] * 8
    assert [measure.findtext("barline/bar-style") for measure in found] == ["none"] * 7 + ["light-heavy"]
    assert [measure.get("implicit") for measure in found] == [None] + ["yes"] * 7


def test_one_endless_line_is_divided_where_it_is_full(play):
    text = LONG + LINE.replace(" ", "") * 20 + "|]\n"
    sheet = read_staff(text)
    divide(sheet)
    assert len(sheet.voices[0].measures) > 4
    assert max(measure_width(measure) for measure in sheet.voices[0].measures) <= room(sheet) + 2
    assert [pitch for _, pitch, _ in play(musicxml(text)[0])] == [67, 69, 71, 72, 74, 76, 74, 72, 71, 69] * 20


def test_accidentals_last_to_the_end_of_the_bar():
    text = LONG + f"^GABc dedc BA=F\n{LINE}\nFGAB {LINE}\n{LINE}\n{LINE}\n{LINE}|GA|\n"
    signs = []
    for measure in measures(text):
        for note in measure.findall("note"):
            name = f"{note.findtext('pitch/step')}{note.findtext('pitch/octave')}"
            if name in ("G4", "F4"):
                signs.append((name, note.findtext("pitch/alter"), note.findtext("accidental")))
    assert signs[:5] == [
        ("G4", "1", "sharp"),
        ("F4", None, "natural"),
        ("G4", "1", "sharp"),  # a new line: drawn again
        ("F4", None, "natural"),
        ("G4", "1", "sharp"),
    ]
    assert signs[-1] == ("G4", None, None), "behind the bar line it is over"


def test_voices_are_divided_together_and_tuplets_stay_whole(play):
    text = LONG + f"V:1\n{'G3 A3 ' * 30}|]\nV:2\n{'(3GABcd' * 30}|]\nV:3\n{'G4' * 30}|]\n"
    parts = [measures(text, part) for part in (1, 2, 3)]
    assert len({len(part) for part in parts}) == 1 and len(parts[0]) > 2
    for index in range(len(parts[0])):
        lengths = {
            sum((Fraction(int(d.text or 0)) for d in part[index].findall("note/duration")), Fraction(0))
            for part in parts[:2]
        }
        starts, stops = (
            len(parts[1][index].findall(f".//tuplet[@type='{kind}']")) for kind in ("start", "stop")
        )
        assert starts == stops
        assert len(lengths) == 1 or index == len(parts[0]) - 1
    whole = musicxml(text)[0]
    assert len(play(whole)) == 60 + 150 + 30


def test_repeats_and_endings_stay_at_their_ends():
    text = LONG + f"|:{LINE * 8}|1 {LINE * 8}:|2 GA|]\n"
    found = measures(text)
    forward = [n for n, m in enumerate(found) if m.find("barline/repeat[@direction='forward']") is not None]
    backward = [n for n, m in enumerate(found) if m.find("barline/repeat[@direction='backward']") is not None]
    starts = [n for n, m in enumerate(found) if m.find("barline/ending[@type='start']") is not None]
    assert forward == [0] and len(backward) == 1 and starts[1] == backward[0] + 1 == len(found) - 1
    assert 0 < starts[0] < backward[0]


def test_bars_that_fit_are_left_alone():
    text = f"X:1\nM:4/4\nL:1/4\nK:G\n{'GABc|' * 40}\n"
    assert len(measures(text)) == 40 and "none" not in musicxml(text)[0]
