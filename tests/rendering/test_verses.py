"""The words below a score."""

from xml.etree import ElementTree

import pytest

from hf_abc.rendering.score import score
from hf_abc.rendering.verses import verses, with_verses

SVG = "{http://www.w3.org/2000/svg}"
MUSIC = "X:1\nM:4/4\nL:1/4\nK:G\nGABc|\n"
# the end of a song as it stands in a collection of Spanish choirs
SONG = "W:Echa los brazos arriba,\nW:cara de buen bailador.\nW:\nW:Ma\\~nana\n+:por la ma\\~nana\n"


def lines_below(svg: str | None) -> tuple[float, list[tuple[str, float, float]]]:
    """The height of the picture, and the lines of words in it: (words, from the left, from the top)."""
    root = ElementTree.fromstring(svg or "")
    page = root.find(f"{SVG}svg/{SVG}g")
    assert page is not None
    lines = [(t.text or "", float(t.get("x", "")), float(t.get("y", ""))) for t in page.findall(f"{SVG}text")]
    return float(root.get("viewBox", "").split()[3]), lines


def test_the_lines_of_the_words():
    assert verses(MUSIC + SONG) == [
        "Echa los brazos arriba,",
        "cara de buen bailador.",
        "",
        "Mañana por la mañana",
    ]
    assert verses(f"{MUSIC}W:\nW:one\n%\n+:not of it\nW:\n") == ["one"]
    assert verses(MUSIC + "w:un-der the notes\n") == []


def test_words_stand_in_order_below_the_music(engraver):
    low, none = lines_below(score(MUSIC, title=False, engraver=engraver)[0])
    high, lines = lines_below(score(MUSIC + SONG, title=False, engraver=engraver)[0])
    assert none == []
    assert [words for words, _, _ in lines] == [line for line in verses(MUSIC + SONG) if line]
    heights = [y for _, _, y in lines]
    assert heights == sorted(heights) and heights[2] - heights[1] == pytest.approx(
        2 * (heights[1] - heights[0])
    )
    ratio = 20  # units of the music in one of the picture
    assert high - low == pytest.approx(4 * (heights[1] - heights[0]) / ratio)
    titled, below = lines_below(score(MUSIC.replace("M:", "T:A song\nM:") + SONG, engraver=engraver)[0])
    assert below == lines and titled > high, "a heading moves music and words alike"


def test_a_long_line_goes_on_below_further_in(engraver):
    words = "Oh the summer time has come and the trees are sweetly blooming " * 3
    _, lines = lines_below(score(f"{MUSIC}W:{words}\n", engraver=engraver)[0])
    assert len(lines) > 1 and " ".join(line for line, _, _ in lines) == words.strip()
    assert [x == 0 for _, x, _ in lines] == [True] + [False] * (len(lines) - 1)


def test_words_are_words_and_other_pictures_stay_as_they_are(engraver):
    svg, _ = score(f"{MUSIC}W:<script>alert(1)</script> & \x01\n", engraver=engraver)
    assert svg is not None and "<script" not in svg and "&lt;script&gt;" in svg
    other = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"/>'
    assert with_verses(other, MUSIC + SONG) == other
