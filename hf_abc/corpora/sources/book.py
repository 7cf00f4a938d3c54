"""A tunebook as people keep them: free text, web pages, fences, file headers, tunes without a number.

`split_book` of the notation room takes what the standard calls a tune. This module gives it the rest in that
form: a tune without `X:` gets one, the fields of the file's header are written into each tune that lacks
them, a web page becomes text. Music that no header stands above is not guessed at: it comes out as `Loose`.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hf_abc.corpora.encoding import accents
from hf_abc.notation.tune import is_music, split_book, split_header

_LONG = 4_000_000
_PARAGRAPHS = re.compile(r"\n(?:[ \t]*(?:```[^\n]*)?\n)+")  # blank lines and Markdown fences stand between
_FENCE = re.compile(r"^```.*$", re.MULTILINE)
_KEY = re.compile(r"^K:", re.MULTILINE)
_TITLE = re.compile(r"^T:", re.MULTILINE)
_FIRST_FIELD = re.compile(r"^(?:[A-WYZ]:|%%)", re.MULTILINE)
_NEXT_TITLE = re.compile(r"^(?![A-Za-z+]:|%)([^\n]*)\n(?=T:)", re.MULTILINE)
_NOTES = re.compile(r"(?:[_^=]*[A-Ga-gz][,']*\d*(?:/+\d*)?[\s|:\[\]()>\-<\"~.\\]*){6}")
_SHARED = "MLRCOUmI"
"""Fields of a file header that go into its tunes: what changes how notes are read, and what a row tells."""

_PAGE = re.compile(r"<(?:!doctype|html|body|pre|br|div|table)\b", re.IGNORECASE)
_NO_TEXT = re.compile(r"<(?:script|style)\b", re.IGNORECASE)
_END_OF_NO_TEXT = re.compile(r"</(?:script|style)\s*>", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/h\d|/pre|/title)\b[^<>\n]*>(?:[ \t]*\n)?", re.IGNORECASE)
_LETTER_TAG = re.compile(r"<([abipsu])(?:\s[^<>\n]*)?>(?=[^\n]{0,80}</\1>)", re.IGNORECASE)
_TAG = re.compile(
    r"<!?/?[a-z][a-z]+\d?\b[^<>]*>|</[a-z]\d?>|<(?:a|p|h\d)\s[^<>]*>|<(?:p|h\d)>", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Loose:
    """Lines of music without a header of their own, below a blank line; `line` is the first of them."""

    line: str


@dataclass(slots=True)
class _Book:
    """What is known of a book so far: fields of its header, whether its tunes are numbered, how many are
    not.
    """

    header: dict[str, list[str]] = field(default_factory=dict)
    numbered: bool = False
    unnumbered: int = 0


def tunes_in(pieces: Iterable[str]) -> Iterator[str | Loose]:
    """The tunes of a book that comes in pieces, each with an `X:`, and the music that belongs to none.

    Line ends are `\\n`. Memory is that of a piece and a tune.
    """
    book = _Book()
    for part in _parts(pieces):
        if _PAGE.search(part):
            part = page_text(part)
        text, loose = _in_order(accents(part), book)
        for tune in split_book(text):
            yield _with_header(tune, book.header) if book.header else tune
        yield from loose


def page_text(page: str) -> str:
    """What a web page shows, line by line. Signs such as `A<B` and `<a>` in music are left as they are."""
    shown, *scripts = _NO_TEXT.split(page)
    for script in scripts:
        end = _END_OF_NO_TEXT.search(script)
        shown += script[end.end() :] if end else ""
    page = _BREAK.sub("\n", shown)
    return html.unescape(_TAG.sub("", _LETTER_TAG.sub("", page)))


def _parts(pieces: Iterable[str]) -> Iterator[str]:
    """The text in parts that begin with a tune, or, where there are none, with a paragraph."""
    rest = ""
    for piece in pieces:
        rest += piece
        cut = rest.rfind("\nX:") + 1
        if cut == 0 and len(rest) > _LONG:
            cut = rest.rfind("\n\n") + 2 if "\n\n" in rest else 0
        if cut == 0 and len(rest) > 16 * _LONG:
            cut = len(rest)  # no book
        if cut:
            yield rest[:cut]
            rest = rest[cut:]
    yield rest


def _in_order(part: str, book: _Book) -> tuple[str, list[Loose]]:
    """The part with a number above each tune that lacks it, and the music that belongs to no tune."""
    paragraphs = _PARAGRAPHS.split(_FENCE.sub("", part) if part.startswith("```") else part)
    found: list[str] = []
    loose: list[Loose] = []
    waits = ""  # what the tune above still lacks: its "key", its "music", or nothing
    for paragraph in paragraphs:
        if paragraph.startswith("X:") or "\nX:" in paragraph:
            if not (book.numbered or paragraph.startswith("X:")):
                _remember(paragraph[: paragraph.find("\nX:")], book)
            book.numbered = True
            found.append(paragraph)
            waits = _lacks(paragraph[paragraph.rfind("\nX:") + 1 :])
        elif waits == "key":
            found.append(paragraph)
            waits = _lacks(paragraph)
        elif waits == "music" and _looks_like_music(paragraph):
            found[-1] += "\n" + paragraph
            waits = ""
        elif _KEY.search(paragraph) and (_TITLE.search(paragraph) or not book.numbered):
            found += _numbered(paragraph, book)
            waits = _lacks(found[-1])
        elif _looks_like_music(paragraph):
            loose.append(Loose(_first_music(paragraph)))
        elif not book.numbered:
            _remember(paragraph, book)
    return "\n\n".join(found), loose


def _lacks(tune: str) -> str:
    """What a tune lacks at the blank line below it."""
    key = 0 if tune.startswith("K:") else tune.find("\nK:") + 1
    if key == 0 and not tune.startswith("K:"):
        return "key"
    lines = tune[key:].split("\n")[1:]
    return "" if any(is_music(line) for line in lines) else "music"


def _numbered(paragraph: str, book: _Book) -> list[str]:
    """The tunes of a paragraph without `X:`, each with one; a `T:` below music begins the next if it has a
    key of its own.
    """
    tunes: list[list[str]] = []
    first = _FIRST_FIELD.search(paragraph)
    paragraph = paragraph[first.start() if first else 0 :]
    for text in _NEXT_TITLE.sub("\\1\n\n", paragraph).split("\n\n"):
        if tunes and not _KEY.search(text):
            tunes[-1].append(text)
            continue
        book.unnumbered += 1
        tunes.append([f"X:{book.unnumbered}", text])
    return ["\n".join(tune) for tune in tunes]


def _remember(text: str, book: _Book) -> None:
    """Take the fields of a file's header."""
    for line in text.split("\n"):
        if line[1:2] == ":" and line[0] in _SHARED and (line[0] != "I" or "linebreak" in line):
            book.header.setdefault(line[0], []).append(line)


def _with_header(tune: str, header: dict[str, list[str]]) -> str:
    """A tune with the fields of its file's header that it lacks, above its `K:`."""
    lines, music = split_header(tune)
    own = {line[0] for line in lines if line[1:2] == ":"}
    added = [line for letter, values in header.items() if letter not in own for line in values]
    if not added:
        return tune
    place = len(lines) - (lines[-1].startswith("K:"))
    return "\n".join([*lines[:place], *added, *lines[place:], *music]) + "\n"


def _looks_like_music(paragraph: str) -> bool:
    return bool(_first_music(paragraph))


def _first_music(paragraph: str) -> str:
    """The first line of a paragraph that holds notes and a bar line, or nothing."""
    for line in paragraph.split("\n"):
        if "|" in line and is_music(line) and _NOTES.search(line[:400]):
            return line.strip()[:80]
    return ""
