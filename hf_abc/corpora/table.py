"""What a corpus came to, as a table for the terminal, out of its report.json."""

import json
from pathlib import Path
from typing import Any

from hf_abc.errors import InputError

_MOST = 8
_SPLITS = (("random", "random split"), ("by_number", "by number"), ("by_family", "by family"))
_MEASURES = (
    ("near_twin_in_train", "a near-duplicate, in any key"),
    ("24_notes_in_train", "24 notes in a row, in any key"),
    ("24_letters_in_train", "24 letters in a row (independent)"),
)


def read_report(folder: Path) -> dict[str, Any]:
    """report.json of a corpus folder. Raises InputError for a folder that has none."""
    try:
        report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder} is no corpus, it has no report.json: build it with `hf-abc corpus`"
        ) from error
    return report


def table(report: dict[str, Any]) -> str:
    """Sources, sides, leaks and music of a corpus."""
    parts = [_sources(report), _sides(report), _leaks(report), _music(report)]
    return "\n\n".join(parts)


def _sources(report: dict[str, Any]) -> str:
    head = ("source", "licence", "read", "kept", "families", "copies", "characters", "median")
    rows: list[tuple[Any, ...]] = []
    for source, counts in report["sources"].items():
        own = report["by_source"].get(source, {})
        for place, (licence, n) in enumerate(own.items()):
            read = counts["read"] if not place else ""
            rows.append((source, licence, read, *_numbers(n)))
        if not own:
            rows.append((source, "", counts["read"], 0, 0, 0, 0, ""))
    rows.append(("all", "", report["read"], *_numbers(report["statistics"])))
    return _columns([head, *rows])


def _numbers(n: dict[str, Any]) -> tuple[int, ...]:
    return n["tunes"], n["families"], n["same_text"], n["characters"], n["length"]["median"]


def _sides(report: dict[str, Any]) -> str:
    rows = [(side, n["tunes"], n["families"], n["characters"]) for side, n in report["sides"].items()]
    return _columns([("side", "tunes", "families", "characters"), *rows])


def _leaks(report: dict[str, Any]) -> str:
    head = ("share of test tunes that have in train", *(words for _, words in _SPLITS))
    rows = [
        (words, *(f"{report['leaks'][split][key]:.1%}" for split, _ in _SPLITS)) for key, words in _MEASURES
    ]
    held = len(report["leaks"]["pairs"])
    more = f"\nheld back from the test side for the last reason: {held:,}" if held else ""
    return _columns([head, *rows]) + more


def _music(report: dict[str, Any]) -> str:
    lines = []
    for name in ("licences", "rhythms", "meters", "keys"):
        counts = report["statistics"][name]
        shown = [f"{value or '(none)'} {count:,}" for value, count in list(counts.items())[:_MOST]]
        shown += [f"{len(counts) - _MOST:,} more"] if len(counts) > _MOST else []
        lines.append((name, ", ".join(shown)))
    drops = sorted(report["steps"], key=lambda step: -step["dropped"])
    dropped = ", ".join(f"{step['step']} {step['dropped']:,}" for step in drops if step["dropped"])
    return _columns([*lines, ("dropped", dropped or "none")])


def _columns(rows: list[tuple[Any, ...]]) -> str:
    """Columns of equal width; numbers stand to the right."""
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(rows[0]))]
    right = [
        all(isinstance(row[place], int) or row[place] == "" for row in rows[1:])
        for place in range(len(widths))
    ]
    lines = (
        "  ".join(
            cell.rjust(width) if aligned else cell.ljust(width)
            for cell, width, aligned in zip(row, widths, right, strict=True)
        )
        for row in cells
    )
    return "\n".join(line.rstrip() for line in lines)
