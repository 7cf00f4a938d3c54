"""What stands above a score."""

from xml.etree import ElementTree

import pytest

from hf_abc.rendering.heading import headed
from hf_abc.rendering.score import Engraver, score

SVG = "{http://www.w3.org/2000/svg}"
MUSIC = "M:4/4\nL:1/4\nK:G\nGABc|\n"


def drawn(head: str, engraver: Engraver) -> tuple[ElementTree.Element, list[tuple[str, float, float, str]]]:
    """The picture, and its heading: (words, size, height, anchor)."""
    svg, _ = score(f"X:1\n{head}{MUSIC}", engraver=engraver)
    root = ElementTree.fromstring(svg or "")
    inner = root.find(f"{SVG}svg")
    assert inner is not None
    lines = [
        (
            t.text or "",
            float(t.get("font-size", "").strip("px")),
            float(t.get("y", "")),
            t.get("text-anchor", ""),
        )
        for t in inner.findall(f"{SVG}text")
    ]
    return root, lines


def test_titles_rhythm_and_composers(engraver):
    _, lines = drawn("T:The Kesh\nT:Another\nR:jig\nC:Trad. & <b>\nC:arr. N\\'i\n", engraver)
    assert [(words, anchor) for words, _, _, anchor in lines] == [
        ("The Kesh", "middle"),
        ("Another", "middle"),
        ("Trad. & <b>", "end"),
        ("arr. Ní", "end"),
        ("jig", "start"),
    ]
    heights = [y for _, _, y, _ in lines]
    assert heights[0] < heights[1] < heights[2] < heights[3] == heights[4]
    assert lines[0][1] > lines[1][1] > lines[2][1], "titles are larger"


def test_the_music_moves_down_by_the_heading(engraver):
    tall, lines = drawn("T:The Kesh\n", engraver)
    low, none = drawn("", engraver)
    assert none == [] and len(lines) == 1
    height = [float(root.get("viewBox", "").split()[3]) for root in (tall, low)]
    ratio = 20  # units of the music in one of the picture
    assert height[0] - height[1] == pytest.approx(lines[0][2] / ratio)
    page = tall.find(f"{SVG}svg/{SVG}g")
    assert page is not None and float(page.get("transform", "").strip(")").split(",")[1]) > lines[0][2]


def test_long_titles_are_smaller_and_the_longest_are_cut(engraver):
    _, lines = drawn(f"T:{'word ' * 13}\nT:{'w' * 400}\n", engraver)
    assert lines[0][0] == ("word " * 13).strip() and 190 <= lines[0][1] < 600
    assert lines[1][0].endswith("…") and len(lines[1][0]) < 200


def test_other_pictures_stay_as_they_are():
    other = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"/>'
    assert headed(other, f"X:1\nT:t\n{MUSIC}") == other
