"""Where one voice of a growing tune stands: how full its bar is, and what it still owes.

A `Part` is built note by note and bar line by bar line. Each step gives the next `Part`, or None where the
music would be wrong for good: a bar longer than its meter, a tie to another note, a repeat that is closed
twice. A step that is only unusual, because abc2midi finds the bars around it wrong, sets `loose`: real tunes
do such things (measured: one sound tune in fifteen), a model does them mostly by mistake.

What is short and why it may be, and which repeats and endings abc2midi accepts, was learned from abc2midi
5.02 itself: it counts bars in the order in which they are played, so that the end of a repeated strain and
its pick-up must make one bar.
"""

import re
from math import gcd
from typing import NamedTuple

from hf_abc.notation.bars import Barline, parse_barline

Ratio = tuple[int, int]
FINEST = 315
"""The shortest note that a bar is filled up with: 1/128."""
_TUPLET_TIME = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}


class Measure(NamedTuple):
    """What decides whether a note fits: see `Part`."""

    unit: int
    full: int
    filled: int
    carry: int
    tuplet: tuple[int, int, int, int]
    mark: bool
    last: int

    def written(self, length: Ratio) -> int:
        """Ticks of a written length before tuplets and broken rhythm; 0 where they are no whole number."""
        ticks, rest = divmod(self.unit * length[0], length[1])
        return 0 if rest else ticks

    def fits(self, length: Ratio, *, well: bool = False) -> bool:
        """Whether a note of that length may stand here; `well` where abc2midi finds nothing to say, and what
        remains of the bar is no sliver.
        """
        ticks = self.written(length)
        left, times, divided, each = self.tuplet
        if not ticks or (each and each != ticks) or (left and ticks * times % divided):
            return False
        sounding = ticks * times // divided if left else ticks
        if self.mark:
            return sounding == self.last
        if not self.full:
            return True
        room = self.full - self.filled - (self.carry if well else 0)
        rest = room - (sounding if each else left * ticks * times // divided if left else ticks)
        fine = max(min(self.unit // 4, 4 * FINEST), FINEST) if well else FINEST
        return rest >= 0 and (each > 0 or rest % fine == 0)


class Part(NamedTuple):
    """One voice. Lengths are in ticks; `full` is that of a bar, 0 in free meter.

    filled: what is in the bar; carry: what stood before a repeat sign or double bar inside of this bar;
    pickup: length of the first bar since the repeat began, where that is short; opened: whether a short bar
    may end here, since it began at a section; mark: a `>` or `<` waits for its second note, as long as the
    `last` one; closing: the bar lines since the last note; first: no bar is
    over yet; fresh: the first bar since a repeat began; repeat: 0 none yet, 1 open, 2 closed; ending: the
    number of the running ending, negative where its `:|` has come; owed: the bar lines that the leading voice
    has written and this one has not, each with the ticks in front of it; tie: the pitches that the next note
    must hold, behind a `|` where a bar line has come between; late: the tune is to end with this strain;
    short: by how much the bar under way is therefore shorter, so that it makes up for the pick-up.
    """

    unit: int
    full: int
    compound: bool = False
    filled: int = 0
    carry: int = 0
    pickup: int = 0
    opened: bool = True
    closing: Barline | None = None
    first: bool = True
    fresh: bool = True
    repeat: int = 0
    ending: int = 0
    tuplet: tuple[int, int, int, int] = (0, 1, 1, 0)  # notes left, times, divided by, written ticks
    last: int = 0
    mark: bool = False
    tie: tuple[str, ...] = ()
    slur: bool = False
    sounded: bool = False
    owed: tuple[tuple[int, str], ...] = ()
    late: bool = False
    short: int = 0
    loose: bool = False

    @property
    def measure(self) -> Measure:
        """What decides whether a note fits."""
        carry = 0 if self.owed else self.carry
        return Measure(self.unit, self.whole, self.filled, carry, self.tuplet, self.mark, self.last)

    @property
    def whole(self) -> int:
        """How long the bar under way is to be: as the leading voice has it, else as the meter says, less the
        pick-up where the repeat shall end.
        """
        return self.owed[0][0] if self.owed else self.full - self.short

    @property
    def room(self) -> int:
        """What the bar still takes."""
        return self.whole - self.filled

    @property
    def since(self) -> int:
        """Ticks since the last bar line."""
        return self.filled if self.closing is None else 0

    @property
    def complete(self) -> bool:
        """Whether no note, tie, tuplet or repeat waits for something."""
        return not (self.tuplet[0] or self.mark or self.tie or self.repeats)

    @property
    def makes_up(self) -> bool:
        """Whether the bar under way, were it the last of its repeat, would have to make up for a pick-up."""
        return self.repeats and not self.fresh and self.pickup > 0 and self.pickup % (4 * FINEST) == 0

    @property
    def repeats(self) -> bool:
        """Whether a `:|` must still come."""
        return self.repeat == 1 or self.ending == 1


def begin(part: Part) -> Part | None:
    """A note is about to sound: behind bar lines, it begins a new bar."""
    line = part.closing
    if line is None:
        return part
    if part.full and 0 < part.filled < part.full and not (part.opened or part.first or line.section):
        return None
    carry, pickup, fresh = part.carry, part.pickup, part.fresh
    if part.filled:
        if fresh:
            pickup, fresh = (part.filled if part.filled < part.full else 0), False
        total = carry + part.filled
        carry = total if line.section and total < part.full and not part.first else 0
    if line.ending:
        carry = 0
    elif line.repeat_end or line.repeat_start or (line.double and part.repeat != 1):
        pickup, fresh = 0, True
    begun = part._replace(
        filled=0,
        carry=carry,
        pickup=pickup,
        opened=line.section,
        closing=None,
        first=part.first and not part.filled,
        fresh=fresh,
        ending=part.ending if line.ending or part.ending == 1 or part.ending > 0 and not line.section else 0,
        short=0,
    )
    return begun._replace(short=pickup) if part.late and begun.makes_up else begun


def sound(part: Part, length: Ratio, pitches: tuple[str, ...]) -> Part | None:
    """A note, chord or rest (no pitches) of that length, in a bar that has begun."""
    measure = part.measure
    if not measure.fits(length):
        return None
    torn = [tied for tied in part.tie if not _holds(tied.lstrip("|"), pitches)]
    if len(pitches) < 2 and any(not tied.startswith("|") for tied in torn):
        return None
    ticks = measure.written(length)
    left, times, divided, each = part.tuplet
    sounding = ticks * times // divided if left else ticks
    last = 0 if left == 1 else sounding
    if part.mark:  # the pair as a whole is as long as it is written; abc2midi takes no second mark
        last = 0
    filled = part.filled + sounding
    loose = bool(torn) or not measure.fits(length, well=True)
    return part._replace(
        filled=filled,
        tuplet=(left - 1, times, divided, ticks) if left > 1 else (0, 1, 1, 0),
        last=last,
        mark=False,
        tie=(),
        sounded=part.sounded or bool(pitches),
        loose=part.loose or loose,
    )


def rest_bars(part: Part, count: int) -> Part | None:
    """A rest of so many whole bars, `Z`."""
    if part.filled or part.tuplet[0] or part.mark or part.tie or part.whole != part.full:
        return None
    return part._replace(filled=part.full, last=0, loose=part.loose or part.carry > 0)


def tuplet(part: Part, text: str) -> Part | None:
    """`(p`, `(p:q` or `(p:q:r` (§4.13); its notes are equally long, as abc2midi wants them."""
    notes, time, count = ([int(number or 0) for number in text[1:].split(":")] + [0, 0])[:3]
    time, count = time or _TUPLET_TIME.get(notes, 3 if part.compound else 2), count or notes
    if part.tuplet[0] or part.mark or not 2 <= notes <= 9 or not 1 <= count <= 16 or not 1 <= time <= 9:
        return None
    # equal notes must come out as a multiple of a plain one, and the shortest of them must still fit
    if count * time % notes:
        return None
    shortest = FINEST * notes // gcd(FINEST * time, notes)  # that sounds a whole number of ticks
    if part.whole and count * time // notes * shortest > part.room:
        return None
    return part._replace(tuplet=(count, time, notes, 0))


def broken(part: Part, mark: str) -> Part | None:
    """`>` or `<` behind a note: the next one must be as long."""
    if part.mark or not part.last or len(mark) > 3 or part.tie or part.closing is not None:
        return None
    if part.tuplet[0] and not part.tuplet[3]:
        return None  # a tuplet has begun, and no note of it
    if part.whole and part.room < part.last:
        return None
    written = part.tuplet[3] or part.last
    if written // gcd(written, part.unit) > 16:
        return None  # no second note could be written so
    loose = part.loose or bool(part.whole and part.room - part.measure.carry < part.last)
    return part._replace(mark=True, loose=loose)


def bar(part: Part, text: str) -> Part | None:
    """A bar line, `|`, `||`, `|]`, `|:`, `:|`, `::`, `|1`, `:|2`, `[1` ..."""
    line = parse_barline(text)
    if part.tuplet[0] or part.mark or line.repeat_end > 1 or line.repeat_start > 1:
        return None
    if part.owed and part.owed[0] != (part.since, text):
        return None
    before = part.closing
    repeat, ending = part.repeat, part.ending
    if line.repeat_end:
        if (before is not None and before.repeat_end) or not (part.sounded or part.filled):
            return None
        repeat, ending = 2, -ending if ending > 0 else 0
    if line.repeat_start:
        if repeat == 1:
            return None
        repeat, ending = 1, 0
    if line.double and not (line.repeat_end or line.repeat_start):
        repeat, ending = (0 if repeat == 2 else repeat), (ending if repeat == 1 or ending == 1 else 0)
    if line.ending:
        number = int(re.match(r"\d{1,3}", line.ending)[0])  # type: ignore[index]
        if not _may_end(part, line, ending, number):
            return None
        ending = number
    loose = part.loose or (before is None and not _closes_well(part, line))
    loose = loose or (line.ending != "" and ending == 1 and part.repeat != 1)
    loose = loose or text == "||]"  # which abc2midi takes for the end of a chord
    loose = loose or (line.section and any(not tied.startswith("|") for tied in part.tie))
    after = part._replace(
        closing=before.merge(line) if before is not None else line,
        repeat=repeat,
        ending=ending,
        owed=part.owed[1:],
        last=0,
        tie=tuple(tied if tied.startswith("|") else f"|{tied}" for tied in part.tie),
        loose=loose,
    )
    # a tie must find its note
    return None if after.tie and begin(after) is None else after


def ends_well(part: Part) -> bool:
    """Whether the last bar has a length that a last bar should have."""
    total = part.carry + part.filled
    if not part.full or not part.filled or part.first:
        return True
    return total in (part.full, part.full - part.pickup)


def _closes_well(part: Part, line: Barline) -> bool:
    """Whether abc2midi finds nothing to say about a bar that this line ends."""
    if line.double and not line.repeat_end and (part.ending == 1 or part.repeat == 1 and not part.ending):
        return False  # the repeat would stay open
    total = part.carry + part.filled
    if not part.full or not part.filled or part.owed:
        return True
    if line.repeat_end:
        return total == part.full - (0 if part.fresh else part.pickup)
    if part.first or total == part.full:
        return True
    if not line.section or line.ending:
        return False
    if part.pickup and total == part.full - part.pickup:
        return True
    return part.repeat != 1 and (part.full - total) % part.unit == 0


def _may_end(part: Part, line: Barline, ending: int, number: int) -> bool:
    """Whether an ending of this number may begin here."""
    if number == 1:
        return part.sounded and ending == 0 and not line.repeat_end and not line.repeat_start
    just_closed = line.repeat_end or (part.closing is not None and part.closing.repeat_end)
    return bool(just_closed) and ending < 0


def takes(part: Part, head: str, *, well: bool) -> bool:
    """Whether a note whose pitch begins with `head` may stand here: what is tied to it must go on."""
    for tied in part.tie:
        wanted = tied.lstrip("|")
        other = wanted and not any(w.startswith(head) for w in (wanted, wanted.lstrip("^_=")))
        if other and (well or not tied.startswith("|")):
            return False
    return True


def _holds(tied: str, pitches: tuple[str, ...]) -> bool:
    """Whether a note of `pitches` goes on with a tied one ("": nobody knows which), its accidental written or
    not.
    """
    return bool(pitches) and any(pitch in (tied, tied.lstrip("^_=")) or not tied for pitch in pitches)
