"""The words below a score (`W:`, standard 2.1 §5.2), verse for verse as they are written.

verovio draws the music alone. An empty `W:` parts two verses; a line that is too long goes on below, further
in.
"""

import textwrap
from xml.etree import ElementTree

from hf_abc.rendering.heading import LEAD, LETTER, SVG, box, grow, margin, text_line
from hf_abc.rendering.words import plain_words

_SIZE = 380.0  # in the units of the music: a staff is 720 high
_INDENT = 2  # letters, of a line that goes on


def verses(text: str) -> list[str]:
    """The lines of words below a tune, empty ones between verses, none of those at either end."""
    found: list[str] = []
    open_field = False
    for line in text.splitlines():
        open_field = line.startswith("W:") or (open_field and line.startswith("+:"))
        if open_field:
            words = plain_words(line[2:]).strip()
            if line.startswith("W:"):
                found.append(words)
            else:
                found[-1] = f"{found[-1]} {words}".strip()
    while found and not found[-1]:
        found.pop()
    while found and not found[0]:
        del found[0]
    return found


def with_verses(svg: str, text: str) -> str:
    """The picture of `score` with the words below the music; it grows by them."""
    lines = verses(text)
    root = ElementTree.fromstring(svg) if lines else None
    music = root.find(f"{SVG}svg") if root is not None else None
    page = music.find(f"{SVG}g") if music is not None else None
    if root is None or music is None or page is None:
        return svg
    width, foot = (size - 2 * margin(page) for size in box(music)[2:])
    y = foot
    for line in lines:
        parts = textwrap.wrap(line, int(width / (_SIZE * LETTER)), subsequent_indent=" " * _INDENT) or [""]
        for part in parts:
            y += _SIZE * LEAD
            indent = (len(part) - len(part.lstrip())) * _SIZE * LETTER
            if part:
                page.append(text_line(part.strip(), indent, y, _SIZE, "start", width))
    grow(root, music, y - foot)
    ElementTree.register_namespace("", SVG[1:-1])
    return ElementTree.tostring(root, encoding="unicode") + "\n"
