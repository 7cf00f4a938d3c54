"""Values of header fields that are still being written: can this become a key, a meter, a length, a voice?"""

import re
from functools import lru_cache

from hf_abc.notation.keys import parse_key

_MODES = (
    "",
    *("m", "min", "minor", "maj", "major", "mix", "mixolydian", "dor", "dorian", "phr", "phrygian"),
    *("lyd", "lydian", "loc", "locrian", "ion", "ionian", "aeo", "aeolian", "exp"),
)
# What is not ASCII comes byte by byte, some of which are spaces to Python.
_TAIL = re.compile(r"[ \t%]")
_TAIL_OF_KEY = re.compile(r"[ \t%^_=]")


@lru_cache(maxsize=1)
def _keys() -> frozenset[str]:
    """All keys in lower case but for the tonic, glued and with a space."""
    tonics = [letter + sign for letter in "CDEFGAB" for sign in ("", "#", "b")]
    named = (f"{tonic}{space}{mode}" for tonic in tonics for space in ("", " ") for mode in _MODES)
    return frozenset({key.strip() for key in named if parse_key(key)} | {"none", "HP", "Hp"})


@lru_cache(maxsize=1)
def _meters() -> frozenset[str]:
    return frozenset({f"{n}/{d}" for n in range(1, 33) for d in (1, 2, 4, 8, 16, 32)} | {"C", "C|", "none"})


@lru_cache(maxsize=1)
def _lengths() -> frozenset[str]:
    return frozenset({f"1/{d}" for d in (1, 2, 4, 8, 16, 32, 64)} | {"1"})


@lru_cache(maxsize=16)
def _prefixes(letter: str) -> frozenset[str]:
    values = _VALUES[letter]()
    return frozenset(value[:end] for value in values for end in range(len(value) + 1))


_VALUES = {"K": _keys, "M": _meters, "L": _lengths}


def _is_long_key(text: str) -> bool:
    """A mode of which only the first three letters count, as in Gmixo."""
    return bool(re.fullmatch(r"[A-G][#b]?[A-Za-z]{3,12}", text)) and parse_key(text) is not None


@lru_cache(maxsize=8192)
def begins_value(letter: str, text: str, names: tuple[str, ...] | None, *, whole: bool = False) -> bool:
    """Whether a field of this letter may begin with `text`, or be it where it is `whole`.

    `names` are the voices that a V: field may name, None for any. Of K:, M: and L: the value must be one
    that abc2midi takes; behind it may stand a space and anything, as a clef. Other fields take any text.
    """
    if len(text) - len(text.lstrip()) > 8:
        return False  # a value must come before the line is full
    if letter == "V":
        return _begins_name(text, names, whole)
    if letter == "X":
        return bool(re.fullmatch(r"\s*\d{0,8}\s*", text)) and (not whole or bool(text.strip()))
    if letter not in _VALUES:
        return True
    text = text.lstrip()
    head = (_TAIL_OF_KEY if letter == "K" else _TAIL).split(text, maxsplit=1)[0] if text else ""
    folded = (head[:1] + head[1:].lower()) if letter == "K" and head[:1] != "H" else head
    known = folded in _VALUES[letter]() or (letter == "K" and _is_long_key(head))
    if whole or head != text:  # something stands behind the value
        return known
    return known or folded in _prefixes(letter)


def _begins_name(text: str, names: tuple[str, ...] | None, whole: bool) -> bool:
    name = voice_name(text)
    if names is None:
        return bool(name) or not whole
    bare = text.removeprefix(" ")
    if bare == name and not whole:
        return any(wanted.startswith(name) for wanted in names)
    return name in names and bare.startswith(name)


def voice_name(value: str) -> str:
    """The name of the voice in a `V:` field."""
    return re.split(r"[ \t]", value.lstrip(" \t"), maxsplit=1)[0]
