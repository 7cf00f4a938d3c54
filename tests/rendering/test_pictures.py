"""PNG and PDF of scores: every glyph is drawn, where it belongs, without a font in the file."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from hf_abc.rendering import pictures as room
from hf_abc.rendering.pictures import picture
from hf_abc.rendering.score import score

TUNE = (
    "X:1\nT:A $ & \u00d3 \u65e5\nM:C|\nL:1/8\nQ:1/2=100\nK:Edor\n"
    '|:"F#m7"E2BE {c}dEBE|1(3EBE BE "Bb"AFDF:|2(BcdB) c2 !trill!D2|]\nw:la la-la\n'
)


def ink(svg: str) -> np.ndarray:
    """Where the picture is dark."""
    return np.asarray(Image.open(io.BytesIO(picture(svg, "png"))).convert("L")) < 128


@pytest.fixture(scope="module")
def svg() -> str:
    drawn, _ = score(TUNE)
    assert drawn is not None
    return drawn


def test_a_score_has_ink_everywhere(svg):
    dark = ink(svg)
    assert dark.shape[1] == 1500 and 0.01 < dark.mean() < 0.2
    rows = dark.any(axis=1)
    assert rows[: len(rows) // 5].any(), "the title stands above"
    longest = dark.sum(axis=1).max()
    assert longest > 0.6 * dark.shape[1], "staff lines go across"


def test_pdf_is_vectors_without_fonts(svg):
    data = picture(svg, "pdf")
    assert data.startswith(b"%PDF") and b"/FontFile" not in data and b"/Subtype /Image" not in data
    assert picture(svg, "pdf") == data, "the same score gives the same file"
    streams = data.split(b"stream\n")[1:]
    drawn = b"".join(zlib.decompressobj().decompress(s) for s in streams if s[:1] == b"x")
    assert drawn.count(b" c\n") > 500, "curves of the glyphs"


def wrap(inside: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{inside}</svg>'


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        ('<rect x="10" y="20" width="30" height="40"/>', (10, 20, 40, 60)),
        ('<polygon points="10,10 50,10 50,30 10,30"/>', (10, 10, 50, 30)),
        ('<ellipse cx="50" cy="50" rx="20" ry="10"/>', (30, 40, 70, 60)),
        ('<path d="M10 10h20v30h-20z"/>', (10, 10, 30, 40)),
        ('<path d="M10 10L30 10 30 40 10 40Z"/>', (10, 10, 30, 40)),
        ('<path d="m10 10c0 -10 20 -10 20 0s0 20 0 20l-20 0z"/>', (10, 2.5, 30, 30)),
        ('<g transform="translate(50, 0) scale(2)"><rect width="10" height="10"/></g>', (50, 0, 70, 20)),
        ('<g transform="translate(50,50) rotate(90)"><rect width="20" height="10"/></g>', (40, 50, 50, 70)),
        ('<defs><rect id="a" width="10" height="10"/></defs><use href="#a" transform="translate(20,30)"/>',
         (20, 30, 30, 40)),
        ('<svg viewBox="0 0 1000 1000"><rect x="100" width="100" height="500"/></svg>', (10, 0, 20, 50)),
        ('<path fill="none" stroke-width="10" d="M20 50L80 50"/>', (20, 45, 80, 55)),
    ],
)  # fmt: skip
def test_shapes_stand_where_they_should(shape, box):
    dark = ink(wrap(f'<g stroke-width="0">{shape}</g>'))
    ys, xs = np.nonzero(dark)
    scale = dark.shape[1] / 100
    found = (xs.min() / scale, ys.min() / scale, (xs.max() + 1) / scale, (ys.max() + 1) / scale)
    assert found == pytest.approx(box, abs=0.5)


def test_text_is_anchored():
    def middle(anchor: str) -> float:
        tag = f'<text x="50" y="50" text-anchor="{anchor}"><tspan font-size="10">Mama</tspan></text>'
        xs = np.nonzero(ink(wrap(tag)))[1]
        return float(xs.mean()) / 15

    assert middle("end") < 45 < middle("middle") < 55 < middle("start")


def test_hostile_pictures_end():
    loop = '<g id="a"><use href="#a"/></g>'
    assert picture(wrap(loop + '<use href="#missing"/><path d="M1 1 X 3 c 1"/><text/>'), "png")


def test_missing_letters_are_boxes_not_errors():
    pieces = room._faces("a\u266f\u65e5", False, False)
    assert "".join(text for text, _ in pieces) == "a\u266f\u25a1"
