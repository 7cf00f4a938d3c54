"""Scores drawn by abcm2ps, for those who have it and ask for it.

The program runs in its secure mode on a text without directives. Its pictures rely on fonts and a style
sheet of their own, so they become files and never stand inside the listening page.
"""

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

from hf_abc.abcmidi import harmless
from hf_abc.errors import ToolError
from hf_abc.process import run

_SHAPES = {"svg", "style", "title", "g", "text", "tspan", "path", "defs", "ellipse", "use", "rect", "circle"}
_LINK = "{http://www.w3.org/1999/xlink}href"


def abcm2ps() -> Path:
    """The program on the PATH. Raises ToolError where there is none."""
    found = shutil.which("abcm2ps")
    if found is None:
        raise ToolError(
            "this computer has no abcm2ps: type `apt install abcm2ps` or `brew install abcm2ps`, "
            "or use the engraver verovio, which comes with the package"
        )
    return Path(found).resolve()


def draw(text: str) -> tuple[str | None, list[str]]:
    """The SVG of a tune, or None, and messages. A tune that the program cannot draw raises nothing."""
    # a title stands inside a comment of the SVG: it must not be able to end it
    safe = re.sub(r"-(?=->|->|-!)", "- ", harmless(text))
    done = run(
        [str(abcm2ps()), "-S", "-q", "-g", "-O", "out.svg", "tune.abc"],
        inputs={"tune.abc": safe.encode("utf-8", "replace")},
        outputs=["out001.svg"],
    )
    messages = [
        line.removeprefix("tune.abc:") for line in done.stderr.decode("utf-8", "replace").splitlines() if line
    ]
    data = done.files.get("out001.svg")
    if not data:
        why = f"line {messages[0]}" if messages else "it gave no reason"
        return None, [f"abcm2ps drew no score: {why}"]
    svg = re.sub(
        r"<!DOCTYPE[^>]*>", "", re.sub(r"<!--.*?-->", "", data.decode("utf-8", "replace"), flags=re.DOTALL)
    )
    if not _is_safe(svg):
        return None, ["the picture that abcm2ps drew holds more than a score: it is not kept"]
    return svg, []


def _is_safe(svg: str) -> bool:
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError:
        return False
    return all(
        element.tag.rpartition("}")[2] in _SHAPES
        and not any(name.lower().startswith("on") for name in element.attrib)
        and element.get(_LINK, "#").startswith("#")
        and element.get("href", "#").startswith("#")
        for element in root.iter()
    )
