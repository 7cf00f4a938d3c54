"""The lines above a score: titles, and below them the rhythm at the left and the composers at the right.

verovio draws the title of a MusicXML file and none of the rest, so all of it is put here; `verses` puts the
words below.
"""

from xml.etree import ElementTree

from hf_abc.notation.tune import header_fields
from hf_abc.rendering.words import plain_words, titles_of

SVG = "{http://www.w3.org/2000/svg}"
_MOST_LINES = 3  # of titles, and of composers
_TITLE, _SUBTITLE, _SMALL = 600.0, 420.0, 380.0  # sizes in the units of the music: a staff is 720 high
LEAD = 1.4  # from line to line, in sizes
LETTER = 0.58  # about the width of a letter, in sizes, in the widest serif fonts


def headed(svg: str, text: str) -> str:
    """The picture of `score`, with the heading of the tune above the music; it grows by that."""
    root = ElementTree.fromstring(svg)
    music = root.find(f"{SVG}svg")
    page = music.find(f"{SVG}g") if music is not None else None
    if music is None or page is None:
        return svg
    left, width = margin(page), box(music)[2] - 2 * margin(page)
    lines, y = [], 0.0
    for size, words in [(_SUBTITLE if n else _TITLE, t) for n, t in enumerate(titles_of(text)[:_MOST_LINES])]:
        y += size * LEAD
        lines.append(text_line(words, left + width / 2, y, size, "middle", width))
    fields = header_fields(text)
    composers = [plain_words(name) for name in fields.get("C", []) if name][:_MOST_LINES]
    rhythm = plain_words(fields.get("R", [""])[0])
    for words in composers or [""] * bool(rhythm):
        y += _SMALL * LEAD
        lines.append(text_line(words, left + width, y, _SMALL, "end", width * 0.7))
    if rhythm:
        lines.append(text_line(rhythm, left, y, _SMALL, "start", width * 0.3))
    page.set("transform", f"translate({left:g}, {y + margin(page):g})")
    grow(root, music, y)
    music.extend(lines)
    ElementTree.register_namespace("", SVG[1:-1])
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def box(picture: ElementTree.Element) -> list[float]:
    """Left, top, width and height of a picture, in its units."""
    return list(map(float, picture.get("viewBox", "").split()))


def grow(root: ElementTree.Element, music: ElementTree.Element, by: float) -> None:
    """Make the picture higher by some units of the music."""
    scale = box(root)[2] / box(music)[2]
    for picture, more in ((root, by * scale), (music, by)):
        left, top, width, height = box(picture)
        picture.set("viewBox", f"{left:g} {top:g} {width:g} {height + more:g}")


def margin(page: ElementTree.Element) -> float:
    """The room left of the music, in its units; above and below it is the same."""
    return float(page.get("transform", "translate(0").partition("(")[2].partition(",")[0])


def text_line(words: str, x: float, y: float, size: float, anchor: str, room: float) -> ElementTree.Element:
    """A line of text, smaller where it would be too long, cut where that would be too small."""
    most = int(room / (_SMALL / 2 * LETTER))
    fitting = min(size, max(room / max(len(words) * LETTER, 1), _SMALL / 2))
    element = ElementTree.Element(
        f"{SVG}text",
        {
            "x": f"{x:g}",
            "y": f"{y:g}",
            "font-size": f"{fitting:g}px",
            "text-anchor": anchor,
            "stroke": "none",
        },
    )
    element.text = words if len(words) <= most else f"{words[: most - 1]}…"
    return element
