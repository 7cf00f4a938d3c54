"""Numbers and foreign texts as Markdown: what the templates of cards call."""

import re
from collections.abc import Iterable
from typing import Any


def number(value: float) -> str:
    """With commas between thousands."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def bits(estimate: Any, sign: bool = False) -> str:
    """Bits per character with their interval, where they have one."""
    return _estimate(estimate, "+.3f" if sign else ".3f", 1, "")


def percent(estimate: Any) -> str:
    """A share with its interval."""
    return _estimate(estimate, ".1f", 100, " %")


def measure(value: float | None) -> str:
    """A mean or a distance; a dash where there was no tune to take it from."""
    return "–" if value is None else f"{value:.3f}"


def _estimate(estimate: Any, form: str, scale: float, unit: str) -> str:
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if value is None:
        return "–"
    text = f"{scale * value:{form}}{unit}"
    return text if low is None or high is None else f"{text} [{scale * low:{form}}, {scale * high:{form}}]"


def counts(values: Any) -> str:
    """Values and how often each was seen."""
    return ", ".join(f"{code(name)} {number(values[name])}" for name in values) or "none"


def first(values: Iterable[str]) -> str:
    """The most frequent value that a command line takes as it stands."""
    return next((name for name in values if re.fullmatch(r"[\w/|#]+", name)), "")


def plain(text: str) -> str:
    """Any text as one line of Markdown that means just its letters."""
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Any text as code within a line, its line ends told as such."""
    text = text.rstrip("\n").replace("\n", "⏎")
    longest = max(map(len, re.findall("`+", text)), default=0)
    return f"{'`' * (longest + 1)}{' ' if longest else ''}{text}{' ' if longest else ''}{'`' * (longest + 1)}"


def fence(text: str, language: str = "") -> str:
    """Any text as a block of code, whatever backticks it holds."""
    marks = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{marks}{language}\n{text.rstrip()}\n{marks}"
