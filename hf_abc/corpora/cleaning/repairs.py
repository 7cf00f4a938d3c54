"""Repairs: what stands in tunebooks and is no ABC, or is ABC of another age, put right without a guess.

None of these steps changes a note that a program could read before. What has two readings stays as it is
(`K:g` may be G or G minor; `G^4` may be `^G4` or a slip): a later step or the checker names it.
"""

import html
import re
from functools import lru_cache

from hf_abc.corpora.cleaning.step import music_start, with_music, with_text
from hf_abc.notation.keys import parse_key
from hf_abc.notation.lexer import Symbol, lex
from hf_abc.notation.tune import Tune, is_music

_TAGS = "html|head|body|pre|code|p|br|hr|div|span|font|b|i|em|strong|center|a|td|tr|table|title|h[1-6]"
# Only at the ends of a line, and no lone <b> or <a>, which is broken rhythm around a note.
_TAG = re.compile(
    rf"^(?:\s*</?(?:{_TAGS})(?:\s[^<>\n]*)?/?>)+[ \t]*$|(?:<br ?/?>|</(?:{_TAGS})>)[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_TAG_INSIDE = re.compile(r"<(?:/|br|p)|/>|^[ \t]*<[A-Za-z]", re.MULTILINE | re.IGNORECASE)
_ENTITY = re.compile(r"&(?:amp|quot|lt|gt|nbsp|apos|#0?39|#x27);")
_FENCE = re.compile(r"^```.*\n?", re.MULTILINE)
_TEX = re.compile(r"^\\(?!\\)[A-Za-z].*\n?", re.MULTILINE)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufeff\u200b-\u200f\u2028\u2029\ufffe\uffff]")


_WEB_QUOTES = str.maketrans("\u201c\u201d\u2019", '""\'')


def residue(tune: Tune) -> Tune:
    """Take off what web pages, chats, TeX and word processors leave behind: tags, fences, entities, control
    characters, typographic quotes in music, blank lines.
    """
    text = tune.text
    if not text.replace("\n", "").isprintable():
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
        text = _CONTROL.sub("", text)
    if "<" in text and _TAG_INSIDE.search(text):
        text = _TAG.sub("", text)
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found.group()).replace("\xa0", " "), text)
    if "```" in text:
        text = _FENCE.sub("", text)
    if "\n\\" in text:
        text = _TEX.sub("", text)
    if "\u201c" in text or "\u201d" in text or "\u2019" in text:
        lines = text.split("\n")
        text = "\n".join(line.translate(_WEB_QUOTES) if is_music(line) else line for line in lines)
    if "\n\n" in text or " \n" in text or "\t" in text or not text.endswith("\n"):
        text = "\n".join(filter(None, (line.rstrip() for line in text.split("\n")))) + "\n"
    return with_text(tune, text)


_NUMBER = re.compile(r"^X:[ \t]*(?=\d)", re.MULTILINE)
_X_LINE = re.compile(r"^X:.*\n?", re.MULTILINE)


def number(tune: Tune) -> Tune:
    """Begin with `X:` and an integer, as abc2midi wants it: `X:1` where there is none, with an empty `T:`
    where the title is missing too.
    """
    text = tune.text
    if text.startswith("X:") and text[2:3].isdigit():
        return tune
    if found := _NUMBER.search(text):
        line = text[found.start() : text.find("\n", found.end()) + 1 or len(text)]
        return with_text(tune, line + text[: found.start()] + text[found.start() + len(line) :])
    rest = _X_LINE.sub("", text)
    untitled = not text.startswith("T:") and "\nT:" not in text
    return with_text(tune, "X:1\n" + "T:\n" * untitled + rest)


def line_breaks(tune: Tune) -> Tune:
    """Take off the `!` and `*` with which old programs ended a printed line; a `!` behind a bar line within a
    line ends that line.
    """
    start = music_start(tune.text)
    head, music = tune.text[:start], tune.text[start:]
    if "!" not in music and "*" not in music:
        return tune
    lines: list[str] = []
    for line in music.split("\n"):
        if "!" not in line and "*" not in line:
            lines.append(line)
        elif line.find("!") == len(line) - 1 and line[1:2] != ":" and "*" not in line and "%" not in line:
            lines += filter(None, [line[:-1].rstrip()])  # what most of them look like
        else:
            lines += filter(None, _broken(line)) if is_music(line) else [line]
    return with_music(tune, head + "\n".join(lines))


def _broken(line: str) -> list[str]:
    """One line without its old break marks, cut behind a bar line where one stood."""
    symbols = lex(line)
    last = len(symbols)
    while last and (symbols[last - 1].kind in ("space", "continuation") or symbols[last - 1].text in "!*"):
        last -= 1
    tail = "".join(symbol.text for symbol in symbols[last:] if symbol.text not in "!*").rstrip()
    lines, here = [], ""
    for symbol, before in zip(symbols[:last], ["", *(s.kind for s in symbols)], strict=False):
        if symbol.text == "!" and before == "bar":
            lines.append(here)
            here = ""
        else:
            here += symbol.text
    return [*lines, here.lstrip() + tail] if lines else [here + tail]


_KEY = re.compile(r"K:([^%\n\[\]]*)")
_WORDS = re.compile(r"([A-Ga-g])\s*(?:(flat|sharp)\b|([#b])(?![A-Za-z]))?\s*(.*)", re.IGNORECASE)
_MODE = re.compile(r"\s*(maj|min|dor|mix|phr|lyd|loc|aeo|ion)[a-z]*", re.IGNORECASE)
_MARKS = re.compile(r"(?<=\S)(?=[\^_=]{1,2}[A-Ga-g])")


def keys(tune: Tune) -> Tune:
    """Spell each key as programs read it: `K:maj` (folk-RNN's mode tokens) is C, `K:B flat` is Bb, `K:am` is
    Am, `K:D_B` is `D _B`, an empty `K:` sets none.
    """
    text, place, last = tune.text, 0, 0
    pieces: list[str] = []
    while (place := text.find("K:", place)) >= 0:
        if place == 0 or text[place - 1] in "\n[":
            found = _KEY.match(text, place)
            assert found is not None
            if (better := _key(found[1])) != found[1]:
                pieces += [text[last : found.start(1)], better]
                last = found.end()
        place += 2
    return with_text(tune, "".join(pieces) + text[last:]) if pieces else tune


@lru_cache(maxsize=4096)
def _key(value: str) -> str:
    """A key that can be read, or the value as it is."""
    bare = value.strip()
    if not bare:
        return "none"
    if parse_key(bare) is not None:
        return value
    tries = []
    if _MODE.fullmatch(bare):
        tries.append(f"C{bare}")
    marked = _MARKS.sub(" ", bare)
    if found := _WORDS.fullmatch(marked):
        sign = {"flat": "b", "sharp": "#"}.get((found[2] or "").lower(), (found[3] or "").lower())
        minor = re.match(r"m(?![a-z])|" + _MODE.pattern, found[4], re.IGNORECASE)
        if found[1].isupper() or minor:
            between = "" if minor or not found[4] else " "
            tries.append(found[1].upper() + sign + between + found[4])
    tries.append(marked)
    return next((text for text in tries if parse_key(text) is not None), value)


_TEMPO = re.compile(r"^Q:(?:[ \t0]*|[^\n\"=]*=[ \t]*(?:-.*|0+[ \t]*))(?:\n|\Z)", re.MULTILINE)


def tempo(tune: Tune) -> Tune:
    """Take off a `Q:` of zero or below, which no program can play."""
    return with_music(tune, _TEMPO.sub("", tune.text)) if "\nQ:" in tune.text else tune


_APART = re.compile(r" (?<=[A-Ga-gzx,'\]] )[ \t]*[\d/]")
_BARE = re.compile(r"[^\d/]*[A-Ga-gzx,'\]]")


def lengths(tune: Tune) -> Tune:
    """Join a note and a length that stands apart from it, as folk-RNN's generator prints them: `c 3 d` is
    `c3 d`.
    """
    start = music_start(tune.text)
    if not _APART.search(tune.text, start):
        return tune
    lines = tune.text[start:].split("\n")
    lines = [_joined(line) if _APART.search(line) and is_music(line) else line for line in lines]
    return with_music(tune, tune.text[:start] + "\n".join(lines))


def _joined(line: str) -> str:
    """A line in which a number on its own, behind a note without a length, is that note's length."""
    out: list[str] = []
    symbols = lex(line)
    place = 0
    while place < len(symbols):
        end = place
        while end < len(symbols) and symbols[end].kind == "unknown" and symbols[end].text in "0123456789/":
            end += 1
        number = "".join(symbol.text for symbol in symbols[place:end])
        alone = end == len(symbols) or symbols[end].kind in ("space", "bar", "broken", "tie", "chord_close")
        if number and alone and place > 1 and out[-1].isspace() and _lacks_length(symbols[place - 2]):
            out.pop()
        out.append(number or symbols[place].text)
        place = max(end, place + 1)
    return "".join(out)


def _lacks_length(symbol: Symbol) -> bool:
    return symbol.kind in ("note", "rest", "chord_close") and _BARE.fullmatch(symbol.text) is not None
