"""Scores: drawn by a child process whose death costs one tune, and safe to show."""

import json
import re
import struct
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from hf_abc.rendering import score as room
from hf_abc.rendering.musicxml import musicxml
from hf_abc.rendering.score import CHILD, Engraver, on_white, safe_svg, score

TUNE = (
    "X:1\nT:Drowsy & <b>Maggie</b>\nM:C|\nL:1/8\nQ:1/2=100\nK:Edor\n"
    "|:E2BE dEBE|1E2BE AFDF:|2(3Bcd Bc dAFD|]\n"
)
SHAPES = {"svg", "g", "path", "text", "tspan", "rect", "ellipse", "polygon", "polyline"}


def test_a_score_shows_everything(engraver):
    svg, messages = score(TUNE, engraver=engraver)
    assert svg is not None and messages == []
    root = ElementTree.fromstring(svg)
    classes = " ".join(element.get("class", "") for element in root.iter())
    for thing in ("clef", "keySig", "meterSig", "ending", "tuplet", "beam", "tempo", "barLine"):
        assert re.search(rf"\b{thing}\b", classes), thing
    assert "Drowsy & <b>Maggie</b>" in "".join(root.itertext())
    assert len(root.findall(".//*[@class='note']")) == 23


def test_only_shapes_and_inner_references_remain(engraver):
    svg, _ = score(TUNE, engraver=engraver)
    assert svg is not None
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in SHAPES
        assert not [
            name for name in element.attrib if name.startswith("on") or name in ("style", "id", "href")
        ]
    assert "black" not in svg and 'stroke="currentColor"' in svg
    assert not re.search("[\ue000-\uf8ff]", svg), "a glyph that only a music font has"


def test_chord_symbols_need_no_music_font(engraver):
    svg, _ = score('X:1\nL:1/4\nK:C\n"F#m7"C"Bb7"D"Ebmaj7/G"E"^q"F|\n', engraver=engraver)
    assert svg is not None and not re.search("[\ue000-\uf8ff]", svg)
    text = "".join(ElementTree.fromstring(svg).itertext())
    assert "F\u266fm7" in text and "B\u266d7" in text


def test_the_same_tune_gives_the_same_picture(engraver):
    assert score(TUNE, engraver=engraver)[0] == score(TUNE, engraver=engraver)[0]


def test_glyphs_are_written_out_where_they_are_used():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg"><defs><g id="E0A4">'
        '<path transform="scale(1,-1)" d="M0 0h9"/></g></defs>'
        '<g><use href="#E0A4" transform="translate(5, 6) scale(0.72, 0.72)"/><use href="#none"/></g></svg>'
    )
    root = ElementTree.fromstring(safe_svg(svg))
    paths = [e.attrib for e in root.iter("{http://www.w3.org/2000/svg}path")]
    assert paths == [{"d": "M0 0h9", "transform": "translate(5, 6) scale(0.72, 0.72) scale(1,-1)"}]


def test_hostile_svg_is_taken_apart():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script>'
        '<a href="https://example.org"><text>x</text></a><image href="https://example.org/x.png"/>'
        '<g style="x" onclick="alert(3)" id="q"><use href="#q"/></g><foreignObject/></svg>'
    )
    clean = safe_svg(svg)
    assert "alert" not in clean and "example.org" not in clean and "style" not in clean
    assert "id=" not in clean and "href" not in clean


def test_the_title_can_be_left_out(engraver):
    svg, _ = score(TUNE, title=False, engraver=engraver)
    assert svg is not None and "Drowsy" not in svg
    assert '<rect width="100%" height="100%" fill="#fff"/>' in on_white(svg)


def test_a_crash_costs_one_tune(engraver):
    score(TUNE, engraver=engraver)
    starts = engraver.starts
    assert engraver._child is not None
    engraver._child.kill()
    engraver._child.wait()
    assert score(TUNE, engraver=engraver)[0] is not None
    assert engraver.starts == starts + 1


def test_a_child_that_dies_while_drawing_is_told(engraver, monkeypatch, tmp_path):
    fake = tmp_path / "engraver.py"
    fake.write_text("import os, sys\nsys.stdin.buffer.read(4)\nos.abort()\n")
    monkeypatch.setattr(room, "CHILD", fake)
    with_fake = Engraver()
    assert with_fake.engrave("<x/>") == (None, "the engraver (verovio) crashed on this tune")
    with_fake.close()


def test_a_child_that_hangs_is_stopped(monkeypatch, tmp_path):
    fake = tmp_path / "engraver.py"
    fake.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(room, "CHILD", fake)
    slow = Engraver(timeout=0.5)
    assert "stopped after 0.5 seconds" in slow.engrave("<x/>")[1]
    assert slow._child is None


def test_what_is_no_musicxml_is_refused(engraver):
    svg, reason = engraver.engrave("this is no XML")
    assert svg is None and reason
    assert engraver.engrave(room.musicxml(TUNE)[0])[0] is not None


def test_real_tunes_all_draw(real_tunes, engraver):
    for tune in real_tunes[::5]:
        svg, _ = score(tune, engraver=engraver)
        assert svg is not None, tune
        ElementTree.fromstring(svg)
    assert engraver.starts <= 4


@pytest.mark.parametrize("text", ["", "X:1\n", "X:1\nK:C\n", "X:1\nK:C\n|", "\0\ufffe\ud800X:1\nK:C\nabc|"])
def test_odd_texts_still_give_a_picture_or_a_reason(text, engraver):
    svg, messages = score(text, engraver=engraver)
    assert svg is not None or messages


def test_verovio_is_found_where_the_parent_found_it():
    """Also among a user's own packages, which an isolated Python does not see."""
    request = json.dumps({"xml": musicxml(TUNE)[0], "options": {}}).encode()
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(CHILD), str(room._verovio().parent)],
        input=struct.pack(">I", len(request)) + request,
        capture_output=True,
        check=True,
    )
    assert b"<svg" in done.stdout
