"""Cleaning a musician's own tunebook: it comes back in its order, and for each tune what was done to it.

The steps are those of a corpus. What differs: numbers (`X:`) stay, text between the tunes stays (without tags
and fences), tunes that a step refuses go into a book of their own, and nothing is judged to be worth keeping.
The result is UTF-8, whatever the file was.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hf_abc.corpora.check import read_text
from hf_abc.corpora.cleaning import PROFILES, STEPS, Dropped
from hf_abc.corpora.passages import Passage, passages, with_file_header
from hf_abc.corpora.sources.source import LONGEST
from hf_abc.errors import InputError, OutputError
from hf_abc.notation.tune import Tune, header_fields, parse_tune
from hf_abc.record import atomic_write

_DONE = {
    "residue": "took off what is no ABC",
    "number": "gave it a number",
    "line_breaks": "took off old signs for line ends",
    "keys": "spelt the key",
    "tempo": "took off a tempo that cannot be played",
    "lengths": "joined notes and their lengths",
    "comments": "took off comments",
    "directives": "took off directives",
    "fields": "took off fields of collectors and words",
    "converter": "took off the converter's remarks",
    "spaces": "took off spaces",
    "ornaments": "took off ornaments, slurs and chord names",
    "body_fields": "took off fields within the music",
    "ties": "took off ties that join nothing",
    "title": "spelt the title",
    "header": "wrote the header anew",
    "layout": "laid out the music anew",
    "abc2abc": "let abc2abc write it anew",
}
_DROPPED = "% dropped by the step"
_NUMBER = re.compile(r"^X:[ \t]*(\d+)", re.MULTILINE)
_NO_TEXT = re.compile(r"\s*(?:</?[a-zA-Z][\w-]*(?:\s[^<>]*)?/?>\s*)+|```.*")
_CHARSET = re.compile(r"^((?:%%?|I:)[ \t]*abc-charset[ \t]+).*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Change:
    """What a step did to a tune: the step, in words, how many lines it touched, the first of them before and
    after.
    """

    step: str
    text: str
    lines: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CleanedTune:
    """A tune of a book: number, title, the line on which it began, what was changed; `dropped` says why it is
    not in the cleaned book.
    """

    number: str
    title: str
    line: int
    changes: tuple[Change, ...]
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class CleanedBook:
    """A cleaned book, the book of dropped tunes ("" if there is none), and the tunes in order."""

    text: str
    dropped: str
    tunes: tuple[CleanedTune, ...]


def clean_book(text: str, profile: str = "book") -> CleanedBook:
    """Take all tunes of a book through a profile. Raises InputError for an unknown profile."""
    if profile not in PROFILES:
        raise InputError(f"there is no profile {profile}: choose among {', '.join(PROFILES)}")
    found = list(passages(_CHARSET.sub(r"\1utf-8", text)))
    header = found[0] if found and not found[0].is_tune else None
    free = max((int(number[:9]) for number in _NUMBER.findall(text)), default=0) + 1
    book: list[str] = []
    dropped: list[str] = []
    tunes: list[CleanedTune] = []
    for passage in found:
        if not passage.is_tune:
            book += _between(passage)
            continue
        whole = passage if profile == "book" else with_file_header(passage, header)
        number = _NUMBER.search(passage.text)
        result, changes = _cleaned(parse_tune(whole.text), profile, number[0] if number else f"X:{free}")
        free += number is None
        if isinstance(result, Dropped):
            dropped += [f"{_DROPPED} {result.step}: {result.reason}", *passage.lines, ""]
        else:
            book += ["", *result.text.rstrip("\n").split("\n"), ""]
        fields = header_fields(passage.text)
        reason = result.reason if isinstance(result, Dropped) else ""
        title = fields.get("T", [""])[0]
        tunes.append(CleanedTune(fields.get("X", [""])[0], title, passage.place(1), tuple(changes), reason))
    return CleanedBook(_joined(book), _joined(dropped), tuple(tunes))


def clean_books(
    files: Sequence[Path], out: Path, profile: str = "book"
) -> Iterator[tuple[Path, Path, Path | None, CleanedBook]]:
    """Clean files into `out`: one file under that name if it ends in `.abc`, else each under its own name in
    that folder. Yields for each the file, the cleaned one, the one of dropped tunes, if any, and the book.

    Raises InputError for a file that cannot be read, is named twice or holds no tune, OutputError where a
    file would be overwritten that is to be read.
    """
    into_file = out.suffix.lower() == ".abc" and not out.is_dir()
    if into_file and len(files) > 1:
        raise OutputError(f"{out} is one file and there are {len(files)} books: name a folder")
    names = [file.name for file in files]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"two books are called {twice}: clean them into different folders")
    for file in files:
        target = out if into_file else out / file.name
        aside = target.with_name(f"{target.stem}.dropped.abc")
        if any(target.resolve() == other.resolve() for other in files):
            raise OutputError(f"{target} is the book itself: choose another place for the cleaned one")
        book = clean_book(read_text(file), profile)
        if not book.tunes:
            raise InputError(f"{file} holds no tune: a tune starts with a line X: and has a line K:")
        atomic_write(target, book.text)
        if book.dropped:
            atomic_write(aside, book.dropped)
        elif aside.is_file() and aside.read_bytes().startswith(_DROPPED.encode()):
            aside.unlink()  # of an earlier run
        yield file, target, aside if book.dropped else None, book


def _cleaned(tune: Tune, profile: str, number: str) -> tuple[Tune | Dropped, list[Change]]:
    """The tune behind all steps, with its number, and what each changed."""
    changes: list[Change] = []
    if len(tune.text) > LONGEST and profile != "book":
        return Dropped(tune, "length", f"longer than {LONGEST:,} characters"), changes
    for name in PROFILES[profile]:
        result = STEPS[name](tune)
        if isinstance(result, Dropped):
            return replace(result, step=name), changes
        text = _NUMBER.sub(number, result.text, count=1)
        if text != tune.text:
            changes.append(_change(name, tune.text, text))
            tune = replace(result, text=text)
    return tune, changes


def _change(step: str, before: str, after: str) -> Change:
    old, new = before.rstrip("\n").split("\n"), after.rstrip("\n").split("\n")
    kept = set(new)
    gone = [line for line in old if line not in kept]
    was = set(old)
    come = [line for line in new if line not in was]
    first = (gone[0] if gone else "", come[0] if come else "")
    blank = step == "residue" and [line.rstrip() for line in old if line.strip()] == new
    words = "took off spaces at line ends" if blank else _DONE[step]
    return Change(step, words, max(len(gone), len(come), 1), *first)


def _between(passage: Passage) -> list[str]:
    """The lines between tunes without tags and fences."""
    return [line.rstrip() for line in passage.lines if not _NO_TEXT.fullmatch(line)]


def _joined(lines: Sequence[str]) -> str:
    """The lines as a text in which no two blank lines meet."""
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return "\n".join(kept).strip("\n") + "\n" if any(kept) else ""
