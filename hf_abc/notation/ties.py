"""Three faults of abc2midi 5.02 with ties, worked round in the text that it is given.

*held-notes-first*: where a chord goes on with notes that are tied to it and has others besides, the program
loses track of which is which (measured: 33 % of random chains of tied chords came out wrong; 4.84 had it
right). It is right when the held notes stand first, in the order of the chord before (0 of 60 wrong, ten
orders tried), so they are put there: a chord sounds the same in every order.

*no-tie-over-repeat*: a tie at a repeat sign, or into a first ending, is joined by the program with what
stands next in the text and not with what is played next; a note goes missing or sounds twice. Such a tie is
taken out and the tune is told of it: the note is struck again.

*no-tie-to-another-note*: behind a tie over a bar line the program swallows what stands there, whatever its
pitch: `G4-|B4|`, where a slur was meant, plays G for two bars (4.84 had it right). Such a tie is taken out;
of a tied chord those notes keep theirs that go on.
"""

import re

from hf_abc.notation.bars import parse_barline
from hf_abc.notation.lexer import Symbol, lex
from hf_abc.notation.tune import is_music, split_header

_PITCH = re.compile(r"(?:\^\^|__|\^|_|=)?([A-Ga-g][,']*)([\d/]*)")
_TIE = re.compile(r"\.?-")
_Place = tuple[int, int, str]


class _Voice:
    """What one voice carries on: the pitches of its last note or chord in their order, those of them that
    are tied, and the places of the ties. A place is (line, symbol, pitch); the tie of a whole chord has none.
    """

    def __init__(self) -> None:
        self.strike([], [])

    def strike(self, heads: list[_Place], ties: list[_Place]) -> None:
        """Another note, chord or rest: its heads in their order, and the ties that stand at them."""
        self.heads, self.ties = heads, ties
        self.order = [pitch for _, _, pitch in heads]
        self.tied = {pitch for _, _, pitch in ties}
        self.crossed = False  # a bar line stands behind it

    def tie(self, line: int, place: int) -> None:
        """A tie behind the whole note or chord."""
        self.tied = set(self.order)
        self.ties.append((line, place, ""))


def mend_ties(text: str) -> tuple[str, list[str]]:
    """The text with the faults worked round, and what that changes to the ear. Lines stay where they are."""
    if "-" not in text:
        return text, []
    header, body = split_header(text)
    voices: dict[str, _Voice] = {}
    voice = voices.setdefault("1", _Voice())
    lines: list[list[str]] = []
    dropped: list[int] = []
    for number, line in enumerate(body):
        if not is_music(line):
            lines.append([line])
            if line.startswith("V:"):
                voice = voices.setdefault((line[2:].split() or [""])[0], _Voice())
            continue
        symbols = lex(line)
        texts = [symbol.text for symbol in symbols]
        lines.append(texts)
        place = 0
        while place < len(symbols):
            symbol = symbols[place]
            if symbol.kind == "field" and symbol.text.startswith("[V:"):
                voice = voices.setdefault((symbol.text[3:-1].split() or [""])[0], _Voice())
            elif symbol.kind == "chord_open":
                place = _chord(symbols, lines, place, number, voice)
            elif symbol.kind == "note":
                pitch = _pitch(symbol.text)
                _let_go(voice, [pitch], lines)
                voice.strike([(number, place, pitch)], [])
            elif symbol.kind in ("rest", "full_rest", "overlay"):
                voice.strike([], [])
            elif symbol.kind == "tie" and voice.order:
                voice.tie(number, place)
            elif symbol.kind == "bar" and voice.ties and _jumps(symbol.text):
                for row, column, _ in voice.ties:
                    lines[row][column] = _TIE.sub("", lines[row][column])
                dropped.append(len(header) + voice.ties[0][0] + 1)
                voice.strike([], [])
            elif symbol.kind == "bar":
                voice.crossed = True
            place += 1
    messages = [
        f"line {line}: the tie at the repeat is not played: the note is struck again" for line in dropped
    ]
    return "\n".join([*header, *("".join(texts) for texts in lines)]) + "\n", messages


def _jumps(bar: str) -> bool:
    """Whether what stands behind this bar line is not always what is played next, or there are two ways to
    it.
    """
    line = parse_barline(bar)
    return bool(line.repeat_end or line.repeat_start or line.ending)


def _pitch(text: str) -> str:
    found = _PITCH.match(text)
    assert found is not None, text  # the lexer's note
    return found[1]


def _let_go(voice: _Voice, pitches: list[str], lines: list[list[str]]) -> None:
    """Take out the ties over a bar line that lead to none of the pitches behind it."""
    lost = voice.tied.difference(pitches) if voice.crossed else set()
    if not lost:
        return
    for row, column, pitch in voice.ties:
        if pitch in lost or not pitch:
            lines[row][column] = _TIE.sub("", lines[row][column])
        if not pitch:  # the tie of a whole chord: the heads that go on get their own
            for row, column, held in voice.heads:
                lines[row][column] += "-" if held not in lost else ""
    voice.tied -= lost


def _chord(symbols: list[Symbol], lines: list[list[str]], start: int, line: int, voice: _Voice) -> int:
    """Read a chord, bring its held notes to the front, and return the place of its last symbol."""
    texts, end = lines[-1], start + 1
    while end < len(symbols) and symbols[end].kind not in ("chord_close", "bar", "chord_open"):
        end += 1
    if end == len(symbols) or symbols[end].kind != "chord_close":
        return start
    inner = symbols[start + 1 : end]
    heads: list[tuple[str, int]] = []  # pitch, place
    tied: set[str] = set()
    ties: list[_Place] = []
    for place, symbol in enumerate(inner, start + 1):
        if symbol.kind == "note":
            heads.append((_pitch(symbol.text), place))
        elif symbol.kind == "tie" and heads:
            tied.add(heads[-1][0])
            ties.append((line, place, heads[-1][0]))
    pitches = [pitch for pitch, _ in heads]
    plain = all(symbol.kind in ("note", "tie") for symbol in inner)
    _let_go(voice, pitches, lines)
    lengths = {_PITCH.fullmatch(texts[place])[2] for _, place in heads}  # type: ignore[index]
    held = [pitch for pitch in dict.fromkeys(voice.order) if pitch in voice.tied and pitch in pitches]
    if held and plain and len(lengths) == 1 and len(set(pitches)) == len(pitches):
        order = held + [pitch for pitch in pitches if pitch not in held]
        if order != pitches:
            marks = {pitch: texts[place] + ("-" if pitch in tied else "") for pitch, place in heads}
            for place in range(start + 1, end):
                texts[place] = ""
            for pitch, (_, place) in zip(order, heads, strict=True):
                texts[place] = marks[pitch]
            heads = [(pitch, place) for pitch, (_, place) in zip(order, heads, strict=True)]
            ties = [(line, place, pitch) for pitch, place in heads if pitch in tied]
    voice.strike([(line, place, pitch) for pitch, place in heads], ties)
    return end
