"""A score as PNG or as vector PDF, drawn by matplotlib from the SVG of score.py.

Every SVG library was found wanting here: cairosvg wants a system library, resvg writes no PDF, and neither
has a font on a bare computer. Scores hold few kinds of shapes, matplotlib is there anyway (music21 needs
it) and carries fonts; so this reads those shapes and no others. Letters become outlines: the PDF needs no
font.
"""

import io
import re
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from hf_abc.errors import MissingPackageError

PictureFormat = Literal["png", "pdf"]
Matrix = NDArray[np.float64]

_WIDTH_INCHES = 7.5  # of the picture: A4 with margins
_DPI = 200
_SVG = "{http://www.w3.org/2000/svg}"
_STEP = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NUMBERS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "Z": 0}
_INHERITED = ("font-size", "font-style", "font-weight", "text-anchor", "fill", "stroke-width", "stroke")
_ANCHORS = {"middle": 0.5, "end": 1.0}
_FONTS = threading.Lock()  # one drawing at a time: they share the fonts
_OTHER = "DejaVuSans.ttf"
_FACES = {
    (False, False): "STIXGeneral.ttf",
    (False, True): "STIXGeneralItalic.ttf",
    (True, False): "STIXGeneralBol.ttf",
    (True, True): "STIXGeneralBolIta.ttf",
}


def picture(svg: str, picture_format: PictureFormat) -> bytes:
    """The file of a score's SVG (from `score.score`), black on white. Raises MissingPackageError without
    matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingPackageError("matplotlib") from None
    root = ElementTree.fromstring(svg)
    left, top, width, height = (float(number) for number in root.get("viewBox", "0 0 1000 1000").split())
    figure = Figure(figsize=(_WIDTH_INCHES, _WIDTH_INCHES * height / width), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(left, left + width), ylim=(top + height, top))
    axes.axis("off")
    points = 72 * _WIDTH_INCHES / width  # of one unit of the picture
    with _FONTS:
        _Drawing(root, axes, points).draw(root, np.eye(3), {})
    file = io.BytesIO()
    facts = {"Software": "hf-abc"} if picture_format == "png" else {"Creator": "hf-abc", "CreationDate": None}
    figure.savefig(file, format=picture_format, dpi=_DPI, metadata=facts)
    return file.getvalue()


class _Drawing:
    def __init__(self, root: ElementTree.Element, axes: Any, points: float) -> None:
        self.axes, self.points = axes, points
        self.shared = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}

    def draw(
        self, element: ElementTree.Element, matrix: Matrix, style: dict[str, str], depth: int = 0
    ) -> None:
        """Draw an element and what it holds."""
        kind = element.tag.removeprefix(_SVG)
        if kind == "defs" or depth > 64:
            return
        style = style | {name: element.attrib[name] for name in _INHERITED if name in element.attrib}
        matrix = matrix @ _transform(element.get("transform", ""))
        if kind == "svg" and depth:
            matrix = matrix @ self._inner(element)
        if kind == "text":
            self._text(element, matrix, style)
            return
        if kind == "use":
            target = self.shared.get(element.get("href", "")[1:])
            if target is not None:
                self.draw(target, matrix, style, depth + 1)
            return
        vertices, codes = _outline(kind, element)
        if len(vertices):
            self._shape(vertices, codes, matrix, style)
        for child in element:
            self.draw(child, matrix, style, depth + 1)

    def _inner(self, element: ElementTree.Element) -> Matrix:
        """What a nested picture does to its units: the outer one is 1000 wide."""
        box = [float(number) for number in element.get("viewBox", "0 0 1000 1000").split()]
        scale = float(self.axes.get_xlim()[1] - self.axes.get_xlim()[0]) / box[2]
        return np.array([[scale, 0, -box[0] * scale], [0, scale, -box[1] * scale], [0, 0, 1]])

    def _shape(self, vertices: Matrix, codes: list[int], matrix: Matrix, style: dict[str, str]) -> None:
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path as Outline

        placed = vertices @ matrix[:2, :2].T + matrix[:2, 2]
        scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
        wide = 0.0 if style.get("stroke") == "none" else _number(style.get("stroke-width", "0")) * scale
        patch = PathPatch(
            Outline(placed, codes),
            facecolor="none" if style.get("fill") == "none" else "black",
            edgecolor="black" if wide else "none",
            linewidth=wide * self.points,
            capstyle="butt",
            joinstyle="round",
        )
        self.axes.add_patch(patch)

    def _text(self, element: ElementTree.Element, matrix: Matrix, style: dict[str, str]) -> None:
        """A line of text: the runs of its spans, one behind the other, from where an x stands."""
        lines: list[tuple[float, float, list[tuple[str, dict[str, str]]]]] = []

        def collect(node: ElementTree.Element, style: dict[str, str]) -> None:
            style = style | {name: node.attrib[name] for name in _INHERITED if name in node.attrib}
            if "x" in node.attrib or not lines:
                y = node.get("y") or (str(lines[-1][1]) if lines else "0")
                lines.append((_number(node.get("x", "0")), _number(y), []))
            if node.text and node.text.strip("\n\t"):
                lines[-1][2].append((node.text, style))
            for child in node:
                collect(child, style)
                if child.tail and child.tail.strip():
                    lines[-1][2].append((child.tail, style))

        collect(element, style)
        for x, y, runs in lines:
            drawn, width = [], 0.0
            if not runs:
                continue
            for text, owner in runs:
                size = _number(owner.get("font-size", "0"))
                bold, italic = owner.get("font-weight") == "bold", owner.get("font-style") == "italic"
                for piece, face in _faces(text, bold, italic):
                    vertices, codes, advance = _letters(piece, face)
                    drawn.append((vertices * size + [width, 0], codes))
                    width += advance * size
            start = x - width * _ANCHORS.get(runs[0][1].get("text-anchor", ""), 0.0)
            for vertices, codes in drawn:
                if len(vertices):
                    flipped = vertices * [1, -1] + [start, y]
                    self._shape(flipped, codes, matrix, style | {"stroke": "none", "fill": ""})


def _number(text: str) -> float:
    found = re.match(r"[-+]?[\d.]+", text)
    return float(found[0]) if found else 0.0


def _transform(text: str) -> Matrix:
    matrix = np.eye(3)
    for name, inside in re.findall(r"(\w+)\(([^)]*)\)", text):
        values = [float(number) for number in re.findall(r"[-+]?[\d.]+(?:e[-+]?\d+)?", inside)]
        step = np.eye(3)
        if name == "translate":
            step[:2, 2] = (*values, 0)[:2]
        elif name == "scale":
            step[0, 0], step[1, 1] = values[0], values[-1]
        elif name == "matrix":
            step[:2] = np.array(values).reshape(3, 2).T
        elif name == "rotate":
            turn = np.deg2rad(values[0])
            step[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
            if len(values) == 3:
                centre = np.array(values[1:])
                step[:2, 2] = centre - step[:2, :2] @ centre
        matrix = matrix @ step
    return matrix


def _outline(kind: str, element: ElementTree.Element) -> tuple[Matrix, list[int]]:
    """The vertices and codes (as matplotlib has them) of a shape; none for what is no shape."""
    get = element.get
    if kind == "path":
        return _path(get("d", ""))
    if kind in ("polygon", "polyline"):
        points = np.array([float(n) for n in re.findall(r"[-+]?[\d.]+", get("points", ""))])
        points = points[: len(points) // 2 * 2].reshape(-1, 2)
        if kind == "polygon" and len(points):
            points = np.vstack([points, points[:1]])
        return points, [1] + [2] * (len(points) - 1)
    if kind == "rect":
        x, y, wide, high = (_number(get(name, "0")) for name in ("x", "y", "width", "height"))
        corners = [[x, y], [x + wide, y], [x + wide, y + high], [x, y + high], [x, y]]
        return np.array(corners), [1, 2, 2, 2, 2]
    if kind == "ellipse":
        x, y, rx, ry = (_number(get(name, "0")) for name in ("cx", "cy", "rx", "ry"))
        turns = np.linspace(0, 2 * np.pi, 49)
        return np.column_stack([x + rx * np.cos(turns), y + ry * np.sin(turns)]), [1] + [2] * 48
    return np.empty((0, 2)), []


def _path(text: str) -> tuple[Matrix, list[int]]:
    """SVG path data: moves, lines, cubic and quadratic curves, absolute and relative."""
    steps = _STEP.findall(text)
    vertices: list[NDArray[np.float64]] = []
    codes: list[int] = []
    now = start = control = np.zeros(2)
    place, command = 0, ""

    def add(code: int, *points: NDArray[np.float64]) -> None:
        vertices.extend(points)
        codes.extend([code] * len(points))

    while place < len(steps):
        if steps[place].isalpha():
            command = steps[place]
            place += 1
        kind, relative = command.upper(), command.islower()
        if kind not in _NUMBERS or place + _NUMBERS[kind] > len(steps):
            break
        values = [float(number) for number in steps[place : place + _NUMBERS[kind]]]
        place += _NUMBERS[kind]
        if kind == "Z":
            add(2, start)
            now = start
            command = ""
            continue
        if kind in "HV":
            axis = 0 if kind == "H" else 1
            point = now.copy()
            point[axis] = values[0] + (now[axis] if relative else 0)
            points = [point]
        else:
            points = [
                np.array(pair) + (now if relative else 0)
                for pair in zip(values[::2], values[1::2], strict=True)
            ]
        if kind == "M":
            start = points[0]
            add(1, start)
            command = "l" if relative else "L"
        elif kind in "LHV":
            add(2, points[0])
        elif kind == "Q":
            add(3, *points)
        else:
            if kind == "S":
                points.insert(0, 2 * now - control)
            add(4, *points)
        now = points[-1]
        control = points[-2] if kind in "CS" else now
    return np.array(vertices).reshape(-1, 2), codes


def _fonts() -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@lru_cache(maxsize=8)
def _font(face: str) -> Any:
    from matplotlib.ft2font import FT2Font

    return FT2Font(str(_fonts() / face))


def _faces(text: str, bold: bool, italic: bool) -> list[tuple[str, str]]:
    """The text in pieces, each with a font that has its letters; what no font has becomes a small box."""
    wanted = _FACES[bold, italic]
    pieces: list[tuple[str, str]] = []
    for letter in re.sub(r"\s", " ", text):
        face = next((f for f in (wanted, _OTHER) if _font(f).get_char_index(ord(letter))), "")
        if not face:
            letter, face = "\u25a1", _OTHER
        if pieces and pieces[-1][1] == face:
            pieces[-1] = (pieces[-1][0] + letter, face)
        else:
            pieces.append((letter, face))
    return pieces


@lru_cache(maxsize=4096)
def _letters(text: str, face: str) -> tuple[Matrix, list[int], float]:
    """The outlines of some letters in a font of size 1, and how far they go."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(fname=str(_fonts() / face), size=100)
    vertices, codes = text_to_path.get_text_path(font, text, ismath=False)  # a dollar is a dollar
    width = text_to_path.get_text_width_height_descent(text, font, False)[0]
    vertices = np.asarray(vertices, dtype=float).reshape(-1, 2)
    return vertices / text_to_path.FONT_SCALE, [int(code) for code in codes], width / 100
