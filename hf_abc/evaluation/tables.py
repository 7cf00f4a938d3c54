"""Numbers with their intervals, and columns of text."""

from collections.abc import Mapping, Sequence
from typing import Any


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells with their columns under each other."""
    columns = range(max(map(len, lines)))
    widths = [max((len(line[c]) for line in lines if c < len(line)), default=0) for c in columns]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)).rstrip()
        for line in lines
    ]


def number(estimate: Mapping[str, Any], sign: bool = False) -> str:
    """An estimate as run.json has it, with its interval."""
    mark = "+.3f" if sign else ".3f"
    if estimate["low"] is None:
        return f"{estimate['value']:{mark}}"
    return f"{estimate['value']:{mark}} [{estimate['low']:{mark}}, {estimate['high']:{mark}}]"


def percent(estimate: Mapping[str, Any]) -> str:
    """A share as run.json has it, with its interval, in per cent."""
    if estimate["value"] is None:
        return "-"
    if estimate["low"] is None:
        return f"{100 * estimate['value']:.1f} %"
    return f"{100 * estimate['value']:.1f} % [{100 * estimate['low']:.1f}, {100 * estimate['high']:.1f}]"
