"""The dataset card of a corpus: report.json in words, with the YAML head that the Hub and `datasets` read."""

from typing import Any

from hf_abc.corpora.sources.music21_collections import COLLECTIONS, LICENCE, licence_text
from hf_abc.corpora.split import SIDES

_ROWS = 12


def write_card(report: dict[str, Any]) -> str:
    """README.md of a corpus folder; every number in it comes out of the report."""
    parts = [_head(report), _about(report), _cleaning(report), _judge(report), _split(report), _music(report)]
    return "\n\n".join([*parts, _licence(report)]) + "\n"


def _head(report: dict[str, Any]) -> str:
    kept = report["kept"]
    size = "n<1K" if kept < 1000 else "1K<n<10K" if kept < 10_000 else "10K<n<100K"
    files = [f"  - split: {side}\n    path: {side}.parquet" for side in SIDES]
    return "\n".join(
        [
            "---",
            f"pretty_name: Tunes in ABC notation ({', '.join(report['sources'])})",
            "license: other",
            f"license_name: {LICENCE}",
            "license_link: https://github.com/cuthbertLab/music21/blob/master/music21/corpus/license.txt",
            "task_categories:\n- text-generation",
            "tags:\n- music\n- abc-notation\n- folk-music",
            f"size_categories:\n- {size}",
            "configs:\n- config_name: default\n  data_files:",
            *files,
            "---",
        ]
    )


def _about(report: dict[str, Any]) -> str:
    recipe, sides = report["recipe"], report["sides"]
    lines = [
        "# Tunes in ABC notation",
        f"{report['kept']:,} tunes of printed collections, one a row, cleaned with the profile "
        f"`{recipe['profile']}` of hf_abc and split by tune family. Of {report['read']:,} tunes read "
        f"{report['dropped']:,} were dropped, each with a reason (below, and in `report.json`).",
        '```python\nfrom datasets import load_dataset\n\ntunes = load_dataset("PATH-OR-ID")\n'
        'print(tunes["train"][0]["text"])\n```',
        _table(
            ("source", "printed", "encoded", "read", "kept"),
            [
                (
                    COLLECTIONS[name].title,
                    COLLECTIONS[name].printed,
                    COLLECTIONS[name].encoded,
                    n["read"],
                    n["kept"],
                )
                for name, n in report["sources"].items()
            ],
        ),
        _table(
            ("side", "tunes", "families", "characters"),
            [(side, n["tunes"], n["families"], n["characters"]) for side, n in sides.items()],
        ),
        "Columns: `id` (`source:number:setting`), `source`, `licence`, `family`, `title`, `rhythm`, `meter`, "
        "`unit_length`, `key`, `text`. `split.csv` says for each id its family and its side, so that others "
        "can compare.",
    ]
    return "\n\n".join(lines)


def _cleaning(report: dict[str, Any]) -> str:
    rows = [
        (step["step"], step["does"], step["touched"], step["dropped"], _counts(step["reasons"]))
        for step in report["steps"]
    ]
    return "## Cleaning\n\n" + _table(("step", "what it does", "changed", "dropped", "why"), rows)


def _judge(report: dict[str, Any]) -> str:
    raw, clean = report["abc2midi"]["raw"], report["abc2midi"]["clean"]
    rows = [
        ("tunes", raw["tunes"], clean["tunes"]),
        ("with an error", _share(raw, "with_error"), _share(clean, "with_error")),
        (
            "with an error in the music, chord names and hornpipes in cut time left aside",
            _share(raw, "with_error_in_the_music"),
            _share(clean, "with_error_in_the_music"),
        ),
        ("with a wrong bar", _share(raw, "with_wrong_bar"), _share(clean, "with_wrong_bar")),
        ("with neither", _share(raw, "sound"), _share(clean, "sound")),
    ]
    kinds = [
        (f"{name}: {kind}", raw[part].get(kind, 0), clean[part].get(kind, 0))
        for part, name in (("errors", "error"), ("wrong_bars", "wrong bar"))
        for kind in {**raw[part], **clean[part]}
    ]
    words = (
        "abc2midi has read every tune as it was found and as it was cleaned"
        + (", before those with an error or a wrong bar were left out" * report["recipe"]["only_right_bars"])
        + ". It calls pickups and the short bars at repeats wrong more often than a musician would. Repeats "
        "that it completes itself do not count. Tunes by kind:"
    )
    return f"## What abc2midi says\n\n{words}\n\n" + _table(("", "as found", "cleaned"), [*rows, *kinds])


def _split(report: dict[str, Any]) -> str:
    families, leaks = report["families"], report["leaks"]
    rows = [
        (words, f"{leaks['random'][key]:.1%}", f"{leaks['by_family'][key]:.1%}")
        for key, words in (
            ("near_twin_in_train", "a near-duplicate in train, in any key"),
            ("24_notes_in_train", "24 notes in a row in common with a train tune, in any key"),
            ("24_letters_in_train", "the same in written letters (an independent check)"),
        )
    ]
    largest = [
        (entry["family"], len(entry["titles"]), "; ".join(entry["titles"])) for entry in families["largest"]
    ]
    lines = [
        "## Families and split",
        f"{report['read']:,} tunes make {families['count']:,} families, {families['of_one']:,} of them of "
        "one tune. Two tunes belong together when half of their interval 8-grams are shared, when they share "
        "24 notes in a row, or when they have the same first title or number and the melodies support it. A "
        "whole family goes to one side, by a hash of its name.",
        _table(("share of test tunes that have", "random split", "this split"), rows),
        "The largest families:",
        _table(("family", "tunes", "titles"), largest),
    ]
    if leaks["pairs"]:
        pairs = [(pair["test"], pair["train"], pair["notes"]) for pair in leaks["pairs"]]
        lines += ["Test tunes with 24 letters of a train tune:", _table(("test", "train", "letters"), pairs)]
    return "\n\n".join(lines)


def _music(report: dict[str, Any]) -> str:
    found = report["statistics"]
    length = ", ".join(f"{name} {value:,}" for name, value in found["length"].items())
    rows = [(name, _counts(found[name])) for name in ("rhythms", "meters", "keys")]
    return (
        f"## Music\n\n{found['characters']:,} characters; characters a tune: {length}. "
        f"{found['same_text']:,} tunes have the music of another, letter by letter.\n\n"
        + _table(("", "tunes"), rows)
    )


def _licence(report: dict[str, Any]) -> str:
    quoted = "\n".join(f"> {line}".rstrip() for line in licence_text().splitlines())
    return (
        "## Licence\n\nThe books were printed between 1778 and 1903. Their encodings come with the "
        f"Python package music21, whose corpus carries these terms (`{LICENCE}` in the column `licence`); "
        f"the headers of the tunes name their transcribers and set no further terms.\n\n{quoted}"
    )


def _share(judged: dict[str, Any], name: str) -> str:
    return f"{judged[name]:,} ({judged[name] / max(1, judged['tunes']):.1%})"


def _counts(counts: dict[str, int]) -> str:
    """The most frequent values with their counts."""
    shown = [f"{value or '(none)'} {count:,}" for value, count in list(counts.items())[:_ROWS]]
    return "; ".join([*shown, *([f"{len(counts) - _ROWS} more"] if len(counts) > _ROWS else [])])


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    def line(cells: tuple[Any, ...]) -> str:
        shown = (f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells)
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in shown) + " |"

    return "\n".join([line(head), "|" + " --- |" * len(head), *map(line, rows)])
