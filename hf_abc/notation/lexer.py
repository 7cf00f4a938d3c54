"""One line of ABC music, cut into symbols.

One regular expression does the whole work, and it is asked for texts alone: what kind a symbol is follows
from its text, so that each distinct text is judged once and shared from then on (measured: 4 times as fast as
a match object for each symbol). The price is that a symbol does not know its place; whoever needs it counts.

The lexer is lenient as the old tunebooks are: whatever the standard does not know comes out as an `unknown`
symbol and nothing is lost, so that the symbols of a line always join up to the line. It does not read field
lines (`K:G`); see tune.py for those.
"""

import re
from typing import NamedTuple

_LENGTH = r"\d*/*\d*"
# The order is that of frequency, as far as the meaning allows it. Nothing here looks further than to the next
# character that could begin such a symbol again: lines of any length are cut in linear time.
_SYMBOLS = rf"""
    (?P<note>[A-Ga-g](?![,'\d/])|[A-Ga-g][,']*{_LENGTH})
  | (?P<space>[ \t\u00a0]+)
  | (?P<plain_bar>\|(?![|\]:\[\d]))
  | (?P<altered_note>(?:\^\^?|__?|=)[A-Ga-g][,']*{_LENGTH})
  | (?P<bar>(?:\[\|:*|:*\|(?:[|\]:]|\[(?=[\s|:\]]|$))*|::+|:(?=\[?\d|\s*$))(?:\[?\d+(?:[,-]\d+)*\.?)?
       | \[\d+(?:[,-]\d+)*\.?)
  | (?P<rest>[zx]{_LENGTH})
  | (?P<full_rest>[ZX]\d*)
  | (?P<tuplet>\(\d+(?::\d*){{0,2}})
  | (?P<slur>\.?[()])
  | (?P<tie>\.?-)
  | (?P<broken>>+|<+)
  | (?P<annotation>"[^"\n]*")
  | (?P<grace>\{{[^{{}}\n]*\}})
  | (?P<field>\[[A-Za-z]:[^\[\]\n]*\])
  | (?P<chord_open>\[)
  | (?P<chord_close>\]{_LENGTH})
  | (?P<decoration>![^!\s|]+!|\+[^+\s|]+\+|[.~H-Wh-wJ])
  | (?P<spacer>y\d*)
  | (?P<beam>`+)
  | (?P<overlay>&)
  | (?P<continuation>\\\s*$)
  | (?P<comment>%.*)
  | (?P<line_break>[!$])
  | (?P<unknown>.)
"""
_SYMBOL = re.compile(_SYMBOLS, re.VERBOSE)
_texts = re.compile(re.sub(r"\?P<\w+>", "?:", _SYMBOLS), re.VERBOSE).findall
_KNOWN = re.compile(
    "(?:"
    + re.sub(r"\?P<\w+>", "?:", re.sub(r" *\| \(\?P<(?:unknown|chord_open)>.*\n", "", _SYMBOLS))
    + ")*+",
    re.VERBOSE,
)
_BRANCHES = {
    "altered_note": "note",
    "plain_bar": "bar",
}  # on their own, so that the engine skips them at once
_MOST = 50_000  # symbols that are remembered; real corpora have some thousand
_LONGEST = 50


class Symbol(NamedTuple):
    """One symbol of a music line: its kind (the names of the groups above) and its text."""

    kind: str
    text: str


class _Symbols(dict[str, Symbol]):
    """The symbol of each text met so far."""

    def __missing__(self, text: str) -> Symbol:
        found = _SYMBOL.match(text)
        kind = found.lastgroup if found and found.lastgroup else "unknown"
        symbol = Symbol(_BRANCHES.get(kind, kind), text)
        if len(text) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
                self.update(_INSIDE)
            self[text] = symbol
        return symbol


# These two have another meaning at the end of a line.
_INSIDE = {text: Symbol("unknown", text) for text in (":", "\\")}
_AT_END = {":": Symbol("bar", ":"), "\\": Symbol("continuation", "\\")}
_symbol = _Symbols(_INSIDE).__getitem__


def lex(line: str) -> list[Symbol]:
    """Cut one music line (no line end) into symbols; `"".join(s.text for s in lex(line)) == line` for every
    line.
    """
    symbols = list(map(_symbol, _texts(line)))
    last = line[-1:]
    if last in _AT_END or last.isspace():
        place = next((n for n in range(len(symbols) - 1, -1, -1) if not symbols[n].text.isspace()), None)
        if place is not None and symbols[place].text in _AT_END:
            symbols[place] = _AT_END[symbols[place].text]
    return symbols


def all_known(line: str) -> bool:
    """Whether a music line holds neither an unknown symbol nor a chord: three times as fast as cutting it."""
    return _KNOWN.fullmatch(line) is not None
