"""How sound a tune is: a ladder of levels, and what keeps a tune from the next rung.

    0  not ABC, or not readable to its end
    1  it has X: and K:, and every symbol of its music can be read
    2  abc2midi finds a tune in it
    3  abc2midi finds no error
    4  abc2midi finds nothing to warn of
    5  its bars have the length that the meter asks for
    6  its voices are equally long
    7  it is neither silent nor a loop

A level is the highest rung below which none is missing. Rungs 2 to 4 are judged from abc2midi's messages;
without them these count as reached, and no program is needed. Rung 4 leaves bar lengths to rung 5: abc2midi
calls pickups and the short bars at repeats wrong (measured: in 574 of 4,248 printed tunes that two other
judges call right).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from hf_abc.abcmidi import BENIGN, Message
from hf_abc.notation.bars import bars_of
from hf_abc.notation.keys import parse_key
from hf_abc.notation.melody import bar_texts, bar_texts_of
from hf_abc.notation.meter import WHOLE, parse_length
from hf_abc.notation.reader import TIMED, Element, read
from hf_abc.notation.tune import header_fields, split_header
from hf_abc.notation.wording import said, unreadable

TOP = 7
LOOP = 4
"""Copies of a block of bars in a row that make a loop (measured: 0.1 to 0.2 % of human tunes reach four)."""
LONGEST_BLOCK = 8
MOST_REST = Fraction(1, 2)
"""A tune with more rest than this counts as silent (measured: no human tune of one voice reaches a fifth)."""

_NOTHING_HEARD = frozenset({"no-tune", "no-key", "unfinished"})
_MOST_HEARD = 500  # messages on one tune; a tune that is none may have one for each symbol
_OF_HEADERS = _NOTHING_HEARD | {"ignored-text"}  # what follows from a header that cannot be read
_NO_KEY = "the header must end with a K: field that names a key, as K:G or K:Am"
LONGEST = 1_000_000
"""Characters of the longest text that is judged; no tune is a tenth as long."""


_TAG = re.compile(r"\s*(?:</?[A-Za-z][A-Za-z\d]+[^<>]*>\s*)+")


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a tune from a rung: the rung, the place (from 1; column 0 is unknown) and a sentence."""

    rung: int
    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Level:
    """The highest rung reached, and every problem found, in the order of the rungs."""

    number: int
    problems: tuple[Problem, ...]


def level(text: str, messages: Sequence[Message] | None = None) -> Level:
    """Judge one tune; `messages` are abc2midi's on this text (`hf_abc.abcmidi.check_book`)."""
    if len(text) > LONGEST:
        return Level(0, (Problem(1, 1, 0, f"this is longer than any tune ({len(text):,} characters)"),))
    problems = list(_unreadable_header(text))
    if problems:
        messages = [message for message in messages or () if message.kind not in _OF_HEADERS]
    elements = read(text)
    lines = text.split("\n")
    problems += _unreadable_music(elements, lines)
    if not problems or any(e.pitches for e in elements):
        taken = {(problem.line, problem.column) for problem in problems}
        problems += [p for p in _heard(messages or (), lines) if (p.line, p.column) not in taken]
        problems += _wrong_bars(elements)
        problems += _uneven_voices(elements)
        problems += _empty(elements)
    problems = sorted(dict.fromkeys(problems), key=lambda p: p.rung)
    return Level(problems[0].rung - 1 if problems else TOP, tuple(problems))


def is_loop(text: str) -> bool:
    """Whether a block of one to eight bars stands four or more times in a row (repeats are not expanded)."""
    return _goes_round(bar_texts(text))


def _goes_round(blocks: list[str]) -> bool:
    for length in range(1, LONGEST_BLOCK + 1):
        run = 0
        for bar, later in zip(blocks, blocks[length:], strict=False):
            run = run + 1 if bar == later else 0
            if run >= (LOOP - 1) * length:
                return True
    return False


def rest_share(text: str) -> Fraction:
    """The share of a tune's time that is rest; 1 for a tune without notes."""
    return _rest_share(read(text))


def _rest_share(elements: list[Element]) -> Fraction:
    timed = [e for e in elements if e.kind in TIMED]
    total = sum(e.ticks for e in timed)
    return Fraction(sum(e.ticks for e in timed if not e.pitches), total) if total else Fraction(1)


def _unreadable_header(text: str) -> Iterator[Problem]:
    """Rung 1: X: first, a K: that names a key, an L: that names a length."""
    fields = header_fields(text)
    lines = split_header(text)[0]
    place = {line[:2]: number for number, line in enumerate(lines, 1)}
    if "X" not in fields:
        yield Problem(1, 1, 0, "a tune begins with an X: field, as X:1")
    if "K" not in fields:
        yield Problem(1, max(len(lines), 1), 0, _NO_KEY)
    elif parse_key(fields["K"][0]) is None:
        yield Problem(1, len(lines), 3, f"K:{fields['K'][0][:20]} names no key: write K:G, K:Am, K:Edor")
    if "L" in fields and parse_length(fields["L"][-1]) is None:
        yield Problem(1, place["L:"], 3, f"L:{fields['L'][-1][:20]} is no note length: write L:1/8")


def _unreadable_music(elements: list[Element], lines: Sequence[str]) -> Iterator[Problem]:
    """Rung 1: symbols that the reader does not know."""
    starts = _line_starts(elements)
    tags = {n for n, line in enumerate(lines, 1) if "<" in line and _TAG.fullmatch(line)}
    yield from (Problem(1, number, 1, "this line is of a web page, no music") for number in sorted(tags))
    for element in elements:
        if element.kind == "unknown" and element.line not in tags:
            place = element.start - starts[element.line]
            before = lines[element.line - 1][max(place - 8, 0) : place]
            yield Problem(1, element.line, place + 1, unreadable(element.text, before))


def _line_starts(elements: list[Element]) -> dict[int, int]:
    starts: dict[int, int] = {}
    for element in elements:
        starts.setdefault(element.line, element.start)
    return starts


def _rung(message: Message) -> int:
    """The rung that a message of abc2midi keeps a tune from; 0 for none."""
    if message.kind in BENIGN or message.kind == "bar-length":
        return 0
    if message.kind in _NOTHING_HEARD:
        return 2
    return 3 if message.level == "error" else 4


def _heard(messages: Sequence[Message], lines: Sequence[str]) -> Iterator[Problem]:
    """Rungs 2 to 4: what abc2midi says. Characters beyond ASCII are the reader's to name."""
    for message in messages[:_MOST_HEARD]:
        rung = _rung(message)
        line = lines[min(message.line, len(lines)) - 1]
        if rung and "\ufffd" not in message.text and not _legal(message, line, lines):
            column, text = said(message, line)
            yield Problem(rung, message.line, column, text)


def _legal(message: Message, line: str, lines: Sequence[str]) -> bool:
    """Whether abc2midi complains of what ABC 2.1 allows: a continued field, a tempo in words, repeats played
    more than twice (`|::`).
    """
    if message.kind == "tempo":
        return line.startswith('Q:"') and line.count('"') == 2
    if message.kind == "repeat":
        return any("|::" in music or "::|" in music for music in lines)
    return line.startswith("+:")


def _wrong_bars(elements: list[Element]) -> Iterator[Problem]:
    """Rung 5: bars longer than their meter, or shorter without a reason."""
    starts = _line_starts(elements)
    meters = {e.start: e.meter for e in elements}
    for bar in bars_of(elements):
        if bar.wrong:
            meter = meters[bar.start]
            much = "long" if bar.ticks > (bar.full or 0) else "short"
            name = meter.text if meter.text in ("C", "C|") else f"{meter.numerator}/{meter.denominator}"
            text = f"this bar is too {much}: {_duration(bar.ticks, meter.denominator)} in {name}"
            yield Problem(5, bar.line, bar.start - starts[bar.line] + 1, text)


def _duration(ticks: int, denominator: int) -> str:
    """A length as musicians name it, in the meter's own unit where that is possible: 7/8, 9/16."""
    while ticks * denominator % WHOLE and denominator < 64:
        denominator *= 2
    if ticks * denominator % WHOLE:
        return str(Fraction(ticks, WHOLE))
    return f"{ticks * denominator // WHOLE}/{denominator}"


def _uneven_voices(elements: list[Element]) -> Iterator[Problem]:
    """Rung 6: all voices sound equally long."""
    lengths: Counter[str] = Counter()
    last: dict[str, Element] = {}
    for element in elements:
        if element.kind in TIMED:
            lengths[element.voice] += element.ticks
            last[element.voice] = element
    if "" in lengths and len(lengths) > 1:  # what stands above the first V: belongs to the first voice
        first = next(voice for voice in lengths if voice)
        lengths[first] += lengths.pop("")
    longest = max(lengths, key=lambda voice: lengths[voice], default="")
    for voice, ticks in lengths.items():
        if ticks < lengths[longest]:
            missing = _duration(lengths[longest] - ticks, 4)
            yield Problem(6, last[voice].line, 0, f"voice {voice} is {missing} shorter than voice {longest}")


def _empty(elements: list[Element]) -> Iterator[Problem]:
    """Rung 7: there is something to hear, and it goes on."""
    first = next((e.line for e in elements), 1)
    if not any(e.pitches for e in elements):
        yield Problem(7, first, 0, "the tune has no note")
    elif (share := _rest_share(elements)) > MOST_REST:
        yield Problem(7, first, 0, f"{float(share):.0%} of the tune is silence")
    else:
        sounding = {e.voice for e in elements if e.pitches}
        lines = {e.voice: e.line for e in reversed(elements) if e.kind in TIMED}
        for voice, line in sorted(lines.items(), key=lambda item: item[1]):
            if voice not in sounding:
                yield Problem(7, line, 0, f"voice {voice} has no note")
    if _goes_round(bar_texts_of(elements)):
        yield Problem(7, first, 0, f"the same bars stand {LOOP} or more times in a row")
