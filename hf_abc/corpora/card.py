"""The dataset card of a corpus: report.json in words, with the YAML head that the Hub and `datasets` read."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from hf_abc.corpora.sources.music21_collections import COLLECTIONS, LICENCE
from hf_abc.corpora.split import SIDES

_ROWS = 12
_PAIRS = 50
_NAMED = 5
_MUSIC21 = "https://github.com/cuthbertLab/music21/blob/master/music21/corpus/license.txt"
_SIZES = (("n<1K", 1_000), ("1K<n<10K", 10_000), ("10K<n<100K", 100_000), ("100K<n<1M", 1_000_000))
# What the Hub calls the licences that have a name there.
_HUB = {
    "Apache-2.0": "apache-2.0",
    "BSD-3-Clause": "bsd-3-clause",
    "CC0-1.0": "cc0-1.0",
    "CC-BY-4.0": "cc-by-4.0",
    "CC-BY-SA-4.0": "cc-by-sa-4.0",
    "GPL-2.0": "gpl-2.0",
    "GPL-3.0": "gpl-3.0",
    "MIT": "mit",
    "ODbL-1.0": "odbl",
}


def write_card(report: dict[str, Any]) -> str:
    """README.md of a corpus folder; every number in it comes out of the report."""
    parts = [_head(report), _about(report), _sources(report), _cleaning(report), _judge(report)]
    return "\n\n".join([*parts, _split(report), _music(report), _licence(report)]) + "\n"


def _head(report: dict[str, Any]) -> str:
    kept, licences = report["kept"], list(report["statistics"]["licences"])
    size = next((name for name, limit in _SIZES if kept < limit), "n>1M")
    files = [f"  - split: {side}\n    path: {side}.parquet" for side in SIDES]
    only = licences[0] if len(licences) == 1 else "mixed"
    hub = _HUB.get(only.removesuffix("-only").removesuffix("-or-later"))
    named = [f"license: {hub}"] if hub else ["license: other", f"license_name: {only.lower()}"]
    return "\n".join(
        [
            "---",
            f"pretty_name: Tunes in ABC notation ({_named(list(report['sources']))})",
            *named,
            *([f"license_link: {_MUSIC21}"] if only == LICENCE else []),
            "task_categories:\n- text-generation",
            "tags:\n- music\n- abc-notation\n- folk-music",
            f"size_categories:\n- {size}",
            "configs:\n- config_name: default\n  data_files:",
            *files,
            "---",
        ]
    )


def _named(sources: list[str]) -> str:
    return ", ".join(sources) if len(sources) <= _NAMED else f"{len(sources)} sources"


def _about(report: dict[str, Any]) -> str:
    recipe, sides = report["recipe"], report["sides"]
    lines = [
        "# Tunes in ABC notation",
        f"{report['kept']:,} tunes, one a row, cleaned with the profile `{recipe['profile']}` of hf_abc and "
        f"split by tune family. Of {report['read']:,} tunes read {report['dropped']:,} were dropped, each "
        "with a reason (below, and in `report.json`).",
        '```python\nfrom datasets import load_dataset\n\ntunes = load_dataset("PATH-OR-ID")\n'
        'print(tunes["train"][0]["text"])\n```',
        _table(
            ("side", "tunes", "families", "characters"),
            [(side, n["tunes"], n["families"], n["characters"]) for side, n in sides.items()],
        ),
        "Columns: `id` (`source:number:setting`), `source`, `licence`, `family`, `title`, `rhythm`, `meter`, "
        "`unit_length`, `key`, `text`. `split.csv` says for each id its family and its side, so that others "
        "can compare.",
    ]
    return "\n\n".join(lines)


def _sources(report: dict[str, Any]) -> str:
    origins = report["origins"]
    read = [
        (name, origins[name]["title"], *_printed(name), counts["read"], counts["kept"])
        for name, counts in report["sources"].items()
    ]
    kept = [
        (
            name,
            licence,
            n["tunes"],
            n["families"],
            n["same_text"],
            n["characters"],
            n["length"]["median"],
            _counts(n["rhythms"], 3),
            _counts(n["meters"], 3),
            _counts(n["keys"], 3),
        )
        for name, licences in report["by_source"].items()
        for licence, n in licences.items()
    ]
    head = ("tunes", "families", "music of another", "characters", "median", "rhythms", "meters", "keys")
    lines = [
        "## Sources",
        _table(("source", "title", "printed", "encoded", "read", "kept"), read),
        "![Tunes read from each source, kept and dropped](plots/sources.png)",
        'What is kept, by source and licence; "music of another" counts tunes whose music stands there '
        "already, letter by letter:",
        _table(("source", "licence", *head), kept),
    ]
    return "\n\n".join(lines)


def _printed(name: str) -> tuple[str, str]:
    return (COLLECTIONS[name].printed, COLLECTIONS[name].encoded) if name in COLLECTIONS else ("", "")


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
    splits = ("random", "by_number", "by_family")
    rows = [
        (words, *(f"{leaks[split][key]:.1%}" for split in splits))
        for key, words in (
            ("near_twin_in_train", "a near-duplicate in train, in any key"),
            ("24_notes_in_train", "24 notes in a row in common with a train tune, in any key"),
            ("24_letters_in_train", "the same in written letters (an independent check)"),
        )
    ]
    largest = [
        (entry["family"], len(entry["titles"]), _counts(_often(entry["titles"])))
        for entry in families["largest"]
    ]
    lines = [
        "## Families and split",
        f"{report['read']:,} tunes make {families['count']:,} families, {families['of_one']:,} of them of "
        "one tune. Two tunes belong together when half of their interval 8-grams are shared, when they share "
        "24 notes in a row, or when they have the same first title or number and the melodies support it. A "
        "whole family goes to one side, by a hash of its name; nothing that is added later moves it.",
        _table(("share of test tunes that have", "random split", "split by number", "split by family"), rows),
        "![Sizes of families, and leaks of three splits](plots/families.png)",
        "The largest families:",
        _table(("family", "tunes", "titles"), largest),
    ]
    if leaks["pairs"]:
        pairs = [(pair["test"], pair["train"], pair["notes"]) for pair in leaks["pairs"][:_PAIRS]]
        more = f", {_PAIRS} of them below" if len(leaks["pairs"]) > _PAIRS else ""
        lines += [
            "The last measure is independent of the families. The "
            f"{len(leaks['pairs']):,} test tunes that it found in train{more} (such as renderings in another "
            "mode) are held back from this corpus, so that its own figure is 0. On the validation side, "
            f"which chooses and does not judge, {leaks['validation']['24_letters_in_train']:.1%} of "
            f"{leaks['validation']['tunes']:,} tunes do so too, and were left.",
            _table(("held back", "train", "letters"), pairs),
        ]
    return "\n\n".join(lines)


def _often(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _music(report: dict[str, Any]) -> str:
    found = report["statistics"]
    length = ", ".join(f"{name} {value:,}" for name, value in found["length"].items())
    rows = [(name, _counts(found[name])) for name in ("rhythms", "meters", "keys")]
    return (
        f"## Music\n\n{found['characters']:,} characters; characters a tune: {length}. "
        f"{found['same_text']:,} tunes have the music of another, letter by letter.\n\n"
        "![Lengths, rhythms, meters and keys](plots/music.png)\n\n" + _table(("", "tunes"), rows)
    )


def _licence(report: dict[str, Any]) -> str:
    """Licences by share, then the terms of each source; a text that several share is quoted once."""
    kept = max(1, report["kept"])
    shares = [(name, n, f"{n / kept:.1%}") for name, n in report["statistics"]["licences"].items()]
    lines = ["## Licence", _table(("licence", "tunes", "share"), shares)]
    said: dict[str, list[str]] = {}
    quoted: dict[str, list[str]] = {}
    for name, origin in report["origins"].items():
        said.setdefault(_terms(origin["licence"]), []).append(name)
        if origin["licence"]["text"]:
            quoted.setdefault(origin["licence"]["text"], []).append(name)
    lines += ["\n".join(f"- {', '.join(f'`{name}`' for name in names)}: {t}" for t, names in said.items())]
    for text, names in quoted.items():
        lines.append(f"The terms of {', '.join(f'`{name}`' for name in names)}:")
        lines.append("\n".join(f"> {line}".rstrip() for line in text.splitlines()))
    return "\n\n".join(lines)


def _terms(licence: dict[str, Any]) -> str:
    """What is known of the terms of a source, in sentences."""
    title = f", {licence['title']}" if licence["title"] else ""
    where = f" ({licence['url']})" if licence["url"] else ""
    said = [f"{licence['name']}{title}{where}."]
    said += [f"{licence['note'][:1].upper()}{licence['note'][1:].rstrip('.')}."] if licence["note"] else []
    said += [f'It forbids training: "{licence["clause"]}"'] if licence["clause"] else []
    if licence["acknowledged"]:
        said.append("This was acknowledged when the corpus was built (`corpus.acknowledge`).")
    return " ".join(said)


def _share(judged: dict[str, Any], name: str) -> str:
    return f"{judged[name]:,} ({judged[name] / max(1, judged['tunes']):.1%})"


def _counts(counts: dict[str, int], most: int = _ROWS) -> str:
    """The most frequent values with their counts."""
    shown = [f"{value or '(none)'} {count:,}" for value, count in list(counts.items())[:most]]
    return "; ".join([*shown, *([f"{len(counts) - most} more"] if len(counts) > most else [])])


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    def line(cells: tuple[Any, ...]) -> str:
        shown = (f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells)
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in shown) + " |"

    return "\n".join([line(head), "|" + " --- |" * len(head), *map(line, rows)])
