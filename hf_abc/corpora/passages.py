"""A tunebook as passages, each line with its number in the file: tunes, and what stands between them.

`split_book` reads tunes to learn from and forgets the rest; this is for the musician's own file, where every
line counts: the checker names lines, and the cleaner gives back what is no tune as it was.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hf_abc.notation.tune import FIELD, is_music

_SHARED = "ML"  # what a file's header sets for its tunes and the notes are read by
_BAR_LINE = re.compile(r"[A-Ga-gz][,'\d/]*\s*:?\|")


@dataclass(frozen=True, slots=True)
class Passage:
    """Some lines of a book without their ends, and their numbers in the file, from 1. A tune begins with its
    `X:`, or, where that is missing, with its first field.
    """

    lines: tuple[str, ...]
    numbers: tuple[int, ...]
    is_tune: bool

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def place(self, line: int) -> int:
        """The number in the file of a line of `text` (from 1; what lies beyond is the last one)."""
        return self.numbers[min(max(line, 1), len(self.numbers)) - 1] if self.numbers else line


def passages(text: str) -> Iterator[Passage]:
    """The passages of a book in order; together they hold all of its lines.

    A tune ends at a blank line or a Markdown fence behind its `K:` and at the next `X:`. Blank lines before
    the `K:`, and between it and the music, are part of it, as old books have them. A paragraph with a `K:`
    and no `X:` is a tune too where it has a title, or where no tune of the book is numbered.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    numbered = any(line.startswith("X:") for line in lines)
    start = 0
    for end, starts_tune in _cuts(lines):
        yield from _passages(lines, start, end, numbered, starts_tune)
        start = end


def _cuts(lines: Sequence[str]) -> Iterator[tuple[int, bool]]:
    """Where runs of lines end, and whether each is a tune with an `X:`."""
    tune = key = music = False
    for number, line in enumerate(lines):
        if line.startswith("X:"):
            if number:
                yield number, tune
            tune, key, music = True, False, False
        elif not tune:
            continue
        elif line.startswith("```") or (not line.strip() and key and (music or not _goes_on(lines, number))):
            yield number, True
            tune = False
        else:
            music = music or (key and is_music(line))
            key = key or line.startswith("K:")
    yield len(lines), tune


def _goes_on(lines: Sequence[str], blank: int) -> bool:
    """Whether music follows the blank lines below a header."""
    after = next((line for line in lines[blank : blank + 20] if line.strip()), "")
    return is_music(after) and _BAR_LINE.search(after[:400]) is not None


def _passages(lines: Sequence[str], start: int, end: int, numbered: bool, is_tune: bool) -> Iterator[Passage]:
    if is_tune:
        last = next(number for number in range(end, start, -1) if lines[number - 1].strip())
        yield _passage(lines, start, last, True)
        if last < end:
            yield _passage(lines, last, end, False)
        return
    last = start  # the end of what has been given out
    place = start
    while place < end:
        if not lines[place].strip() or lines[place].startswith("```"):
            place += 1
            continue
        stop = next((n for n in range(place, end) if not lines[n].strip() or lines[n].startswith("```")), end)
        paragraph = lines[place:stop]
        key = any(line.startswith("K:") for line in paragraph)
        if key and (not numbered or any(line.startswith("T:") for line in paragraph)):
            first = place + next(n for n, line in enumerate(paragraph) if FIELD.match(line))
            if last < first:
                yield _passage(lines, last, first, False)
            yield _passage(lines, first, stop, True)
            last = stop
        place = stop
    if last < end:
        yield _passage(lines, last, end, False)


def _passage(lines: Sequence[str], start: int, end: int, is_tune: bool) -> Passage:
    return Passage(tuple(lines[start:end]), tuple(range(start + 1, end + 1)), is_tune)


def with_file_header(tune: Passage, header: Passage | None) -> Passage:
    """A tune with the `M:` and `L:` of the file's header that it lacks, above its `K:`; they keep their
    numbers.
    """
    if header is None:
        return tune
    end = next((n for n, line in enumerate(tune.lines) if line.startswith("K:")), None)
    if end is None:
        return tune
    own = {line[:2] for line in tune.lines[:end]}
    added = [
        (line, number)
        for line, number in zip(header.lines, header.numbers, strict=True)
        if line[1:2] == ":" and line[0] in _SHARED and line[:2] not in own
    ]
    if not added:
        return tune
    lines = (*tune.lines[:end], *(line for line, _ in added), *tune.lines[end:])
    numbers = (*tune.numbers[:end], *(number for _, number in added), *tune.numbers[end:])
    return Passage(lines, numbers, True)
