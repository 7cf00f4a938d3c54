"""Scores: ABC -> MusicXML -> SVG, engraved by verovio in a child process that is used again and again.

verovio can abort its process on odd input and has no time limit of its own. Here that costs one tune: the
child is killed or found dead, the tune is reported, and the next one gets a new child (about 0.3 s). The
SVG is made safe to stand inside an HTML page beside others: it holds no ids, no script, no link and no
outside reference, and is drawn in `currentColor`, so that it follows a dark page.
"""

import atexit
import importlib.util
import json
import os
import queue
import re
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from hf_abc.abcmidi import harmless
from hf_abc.errors import MissingPackageError
from hf_abc.rendering.heading import headed
from hf_abc.rendering.musicxml import musicxml
from hf_abc.rendering.verses import with_verses

CHILD = Path(__file__).with_name("engraver.py")
TIMEOUT = 20.0  # seconds for one tune; a long one takes 0.2
_OPTIONS = {
    "pageWidth": 2000,
    "pageHeight": 60000,
    "adjustPageHeight": True,
    "pageMarginLeft": 30,
    "pageMarginRight": 30,
    "pageMarginTop": 30,
    "pageMarginBottom": 30,
    "scale": 50,
    "breaks": "line",  # the systems are musicxml.py's
    "header": "none",
    "footer": "none",
    "mnumInterval": 0,
    "svgViewBox": True,
    "svgRemoveXlink": True,
    "svgFormatRaw": True,
    "removeIds": True,
    "xmlIdSeed": 1,
    "smuflTextFont": "none",
    "lyricWordSpace": 2.0,  # a fallback for Times may be a fifth wider
}


class Engraver:
    """A child process with verovio in it, for one score at a time. `close` ends it, as does the end of the
    program.
    """

    def __init__(self, *, timeout: float = TIMEOUT) -> None:
        self.timeout = timeout
        self.starts = 0
        self._turn = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._answers: queue.Queue[bytes | None] = queue.Queue()

    def engrave(self, xml: str) -> tuple[str | None, str]:
        """The SVG of a MusicXML document, or None and the reason. Never raises because of the document."""
        request = json.dumps({"xml": xml, "options": _OPTIONS}).encode()
        with self._turn:
            return self._ask(request)

    def _ask(self, request: bytes) -> tuple[str | None, str]:
        child = self._running()
        assert child.stdin is not None
        try:
            child.stdin.write(struct.pack(">I", len(request)) + request)
            child.stdin.flush()
            answer = self._answers.get(timeout=self.timeout)
        except queue.Empty:
            self.close()
            return None, f"the engraver was stopped after {self.timeout:g} seconds on this tune"
        except OSError:
            answer = None
        if answer is None:
            self.close()
            return None, "the engraver (verovio) crashed on this tune"
        reply = json.loads(answer)
        if "svg" not in reply:
            return None, reply["error"]
        return reply["svg"], ""

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._answers = queue.Queue()
            self._child = subprocess.Popen(
                [sys.executable, "-I", str(CHILD), _verovio().parent.as_posix()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"SYSTEMROOT": os.environ.get("SYSTEMROOT", "")} if os.name == "nt" else {},
            )
            self.starts += 1
            assert self._child.stdout is not None
            threading.Thread(target=_listen, args=(self._child.stdout, self._answers), daemon=True).start()
        return self._child

    def close(self) -> None:
        """End the child process."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            self._child = None


def _verovio() -> Path:
    """The folder of verovio. Raises MissingPackageError where it is missing."""
    spec = importlib.util.find_spec("verovio")
    if spec is None or spec.origin is None:
        raise MissingPackageError("verovio")
    return Path(spec.origin).parent


def _listen(pipe: IO[bytes], answers: queue.Queue[bytes | None]) -> None:
    """Read answers until the child is gone; then say so with None."""
    with suppress(OSError, ValueError):
        while len(head := pipe.read(4)) == 4:
            size = struct.unpack(">I", head)[0]
            data = pipe.read(size)
            if len(data) < size:
                break
            answers.put(data)
    answers.put(None)


_shared: Engraver | None = None
_sharing = threading.Lock()


def score(text: str, *, title: bool = True, engraver: Engraver | None = None) -> tuple[str | None, list[str]]:
    """The score of a tune as SVG, or None, and messages. Raises MissingPackageError where verovio is missing.

    Words (`W:`) stand below the music; with `title` the titles, the rhythm and the composer above it. Without
    `engraver` one child process serves the whole program.
    """
    global _shared
    _verovio()
    xml, messages = musicxml(harmless(text))
    if engraver is None:
        with _sharing:
            if _shared is None:
                _shared = Engraver()
                atexit.register(_shared.close)
        engraver = _shared
    svg, reason = engraver.engrave(xml)
    if svg is None:
        return None, [*messages, reason]
    svg = with_verses(safe_svg(svg), text)
    return headed(svg, text) if title else svg, messages


_STYLED = {  # what verovio's style sheet says of these classes, as attributes of the elements themselves
    "ending": ("font-weight", "bold"),
    "fing": ("font-weight", "bold"),
    "reh": ("font-weight", "bold"),
    "tempo": ("font-weight", "bold"),
    "dir": ("font-style", "italic"),
    "dynam": ("font-style", "italic"),
    "mNum": ("font-style", "italic"),
}
_SHAPES = {"svg", "g", "path", "text", "tspan", "rect", "ellipse", "polygon", "polyline"}
_ATTRIBUTES = {
    "class", "cx", "cy", "d", "fill", "fill-opacity", "font-family", "font-size", "font-style", "font-weight",
    "height", "opacity", "overflow", "points", "rx", "ry", "stroke", "stroke-dasharray",
    "stroke-linecap", "stroke-linejoin", "stroke-opacity", "stroke-width", "text-anchor", "transform",
    "viewBox", "width", "x", "y",
}  # fmt: skip
_SVG = "{http://www.w3.org/2000/svg}"
_GLYPHS = re.compile(r'<tspan font-family="Leipzig"[^>]*>([^<]*)</tspan>')
_TEMPO = re.compile(r'<text x="(\d+)" y="(-?\d+)"([^>]*)>((?:<tspan[^>]*>)*)' + _GLYPHS.pattern)
_LETTERS = {0xE260: "\u266d", 0xE261: "\u266e", 0xE262: "\u266f"}  # accidentals of chord symbols
_LETTERS |= {0xEA64: "\u266d", 0xEA65: "\u266e", 0xEA66: "\u266f"}
_LETTERS |= {0xED60: "\u266d", 0xED61: "\u266e", 0xED62: "\u266f"}
_LETTERS |= dict(zip(range(0xE520, 0xE526), "pmfrsz", strict=True))
_LETTERS |= dict(zip(range(0xE529, 0xE530), ("pppp", "ppp", "pp", "mp", "mf", "pf", "ff"), strict=True))
_NOTE_SCALE = 0.5  # of a note in a tempo mark, in thousandths of verovio's em


def safe_svg(svg: str) -> str:
    """verovio's SVG, rebuilt from the shapes of a score and nothing else.

    No style sheets, fonts, links, scripts, ids or fixed colours remain. Glyphs that are used again are
    written out: it costs a quarter more bytes, but a browser opens a page of 200 scores in 1.5 s where
    references take 6 (measured in Chromium).
    """
    svg = _TEMPO.sub(_draw_notes, svg)
    svg = _GLYPHS.sub(lambda m: f'<tspan font-size="405px">{m[1].translate(_LETTERS)}</tspan>', svg)
    root = ElementTree.fromstring(svg)
    glyphs = {g.attrib["id"]: g for defs in root.iter(f"{_SVG}defs") for g in defs if "id" in g.attrib}
    _clean(root, glyphs)
    ElementTree.register_namespace("", _SVG[1:-1])
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _clean(element: ElementTree.Element, glyphs: dict[str, ElementTree.Element]) -> None:
    """Keep what belongs to a score, in place."""
    attributes = {name: value for name, value in element.attrib.items() if name in _ATTRIBUTES}
    if element.get("color") == "black":
        attributes |= {"fill": "currentColor", "stroke": "currentColor"}
    if element.tag == f"{_SVG}text":
        attributes["stroke"] = "none"
    for name in attributes.get("class", "").split():
        attributes |= dict([_STYLED[name]]) if name in _STYLED else {}
    element.attrib.clear()
    element.attrib.update(attributes)
    for place, child in reversed(list(enumerate(element))):
        hidden = "placeholder" in child.get("class", "").split()
        if child.tag == f"{_SVG}use":
            element[place : place + 1] = _glyph(child, glyphs)
        elif child.tag.removeprefix(_SVG) not in _SHAPES or (
            hidden and child.find(f"{_SVG}ellipse") is not None
        ):
            del element[place]
        else:
            _clean(child, glyphs)


def _glyph(use: ElementTree.Element, glyphs: dict[str, ElementTree.Element]) -> list[ElementTree.Element]:
    """The outlines of a glyph, where it is used; none for a glyph that there is not."""
    found = glyphs.get(use.get("href", "")[1:])
    moved = use.get("transform", "")
    return [
        ElementTree.Element(
            f"{_SVG}path",
            {"d": path.get("d", ""), "transform": f"{moved} {path.get('transform', '')}".strip()},
        )
        for path in (found.findall(f"{_SVG}path") if found is not None else ())
    ]


def _draw_notes(text: re.Match[str]) -> str:
    """The note of a tempo mark as outlines, where verovio relies on its own font being installed."""
    x, y, rest, before, glyphs = text.groups()
    glyphs = glyphs.replace(" ", "")
    if not all(0xECA0 <= ord(glyph) <= 0xECB7 for glyph in glyphs):
        return text[0]
    left, drawn = float(x), []
    for glyph in glyphs:
        outline, width = _outline(f"{ord(glyph):04X}")
        drawn.append(f'<g transform="translate({left:g},{y}) scale({_NOTE_SCALE})">{outline}</g>')
        left += (width + 40) * _NOTE_SCALE
    left += 60
    return f'{"".join(drawn)}<text x="{left:g}" y="{y}"{rest}>{before}'


@lru_cache(maxsize=32)
def _outline(code: str) -> tuple[str, float]:
    """A glyph of verovio's music font: its path and its width."""
    data = _verovio() / "data"
    path = re.search(r"<path[^>]*/>", (data / "Leipzig" / f"{code}.xml").read_text("utf-8"))
    width = re.search(rf'c="{code}"[^>]*h-a-x="([\d.]+)"', (data / "Leipzig.xml").read_text("utf-8"))
    return (path[0] if path else ""), float(width[1]) if width else 0.0


def on_white(svg: str) -> str:
    """The same picture on white paper, for a file of its own."""
    return re.sub(r"(<svg[^>]*>)", r'\1<rect width="100%" height="100%" fill="#fff"/>', svg, count=1)
