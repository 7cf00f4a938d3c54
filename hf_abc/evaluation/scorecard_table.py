"""The scorecard as people read it: one table of text out of the sections of run.json."""

from collections.abc import Mapping
from typing import Any

from hf_abc.evaluation.tables import aligned, number, percent

SHARES = {
    "compiles": "no error from abc2midi",
    "bars_right": "every bar right for abc2midi",
    "both": "both of these",
    "single_bars": "single bars right (hf_abc.notation)",
    "loops": "loops (4 copies of 1-8 bars)",
    "silent": "silent",
    "ended": "ended by itself",
    "notes_12": "12 notes in a row of a training tune",
    "notes_16": "16 notes in a row of a training tune",
    "notes_24": "24 notes in a row of a training tune",
    "inside_12": "notes in runs of 12 of a training tune",
    "inside_16": "notes in runs of 16",
    "title": "title of a training tune",
    "title_like": "title nearly that of one",
}


def table(result: Mapping[str, Any]) -> str:
    """The scorecard as text, from the sections of run.json that `evaluate` makes."""
    measured, sampled = result["evaluation"], result["samples"]
    sections = [result[name] for name in ("guarded_samples", "samples", "plain_samples") if result.get(name)]
    lines = _bits(measured)
    heads = (("guards, " if s["guards"] != "none" else "") + f"min-p {s['min_p']:g}" for s in sections)
    lines.append([f"share of tunes, {sampled['n']:,} samples", *heads])
    lines[-1].append(f"{measured['tunes']:,} human")
    for name, words in SHARES.items():
        if name not in sampled["shares"]:
            continue
        human = measured["human"].get(name)
        own = [percent(section["shares"][name]) for section in sections]
        lines.append([words, *own, percent(human) if human else ""])
    rows = aligned(lines)
    rows += ["", *_music(sampled)] if "music" in sampled else []
    rows += ["", *_parts(measured)] if "by_part" in measured else []
    prompts = "no prompt" if sampled["prompts"] == "none" else f"{len(sampled['prompts'])} prompts"
    rows += [
        "",
        f"samples: temperature {sampled['temperature']:g}, {prompts}, seed {sampled['seed']}; "
        f"{sampled['tokens']:,} tokens in {sampled['seconds']:.0f} s = "
        f"{sampled['tokens_per_second']:,} tokens/s; peak memory {sampled['peak_memory_gib']:.1f} GiB",
        "brackets: 95 % intervals, over families (bits), over tunes (single bars, notes), Wilson's (shares)",
        *labels(measured),
    ]
    for section in (measured, *sections):
        rows += [f"{part} not measured: {why}" for part, why in section.get("missing", {}).items()]
    return "\n".join(rows)


def labels(measured: Mapping[str, Any]) -> list[str]:
    """What must be said beside the figures of a model: windows, and tunes that it may know."""
    rows = []
    if measured.get("windowed"):
        rows.append(
            f"{measured['windowed']:,} tunes are longer than {measured['positions']:,} tokens: sliding window"
        )
    if measured["side"] == "train":
        rows.append("MEASURED ON TUNES THAT THE MODEL WAS TRAINED ON: the figures say what it remembers")
    elif measured.get("other_corpus"):
        rows.append("THE MODEL WAS TRAINED ON ANOTHER CORPUS: it may know these tunes")
    elif not measured["trained_on_this_corpus"]:
        rows.append("the model does not say what it was trained on: it may know the held-out tunes")
    return rows


def _bits(measured: Mapping[str, Any]) -> list[list[str]]:
    if "bits_per_character" not in measured:
        return []
    held_out = f"{measured['tunes']:,} held-out tunes of {measured['families']:,} families"
    figures = [number(measured[name]) for name in ("bits_per_character", "witten_bell_5")]
    return [
        ["bits per character", "model", "5-gram", "xz"],
        [held_out, *figures, f"{measured['xz']:.3f}"],
        ["paired with the 5-gram", number(measured["against_witten_bell_5"], sign=True), "", ""],
        ["", "", "", ""],
    ]


DISTANCES = {
    "pitch_classes": "pitches above the tonic",
    "intervals": "intervals",
    "durations": "note lengths",
    "bar_rhythms": "rhythms of bars",
    "range": "range in semitones",
    "notes": "notes in a tune",
    "bars": "bars in a tune",
    "repeated_bars": "share of repeated bars",
    "in_key": "share of notes in the key",
    "compression": "size after compression",
    "tonic_end": "ends on the tonic",
    "aabb": "form AABB",
}


def _music(sampled: Mapping[str, Any]) -> list[str]:
    """How far the samples are from human tunes, beside how far human tunes are apart."""
    lines = [["music", "samples", "human", "distance", "human to human (largest)"]]
    for name, words in DISTANCES.items():
        found = sampled["music"][name]
        means = ["" if found[who] is None else f"{found[who]:.3g}" for who in ("sampled", "human")]
        if found["value"] is None or found["floor"] is None:
            lines.append([words, *means, "-", "-"])
            continue
        beyond = " *" if found["value"] > found["floor_high"] else ""
        floor = f"{found['floor']:.3f} ({found['floor_high']:.3f})"
        lines.append([words, *means, f"{found['value']:.3f}{beyond}", floor])
    return [*aligned(lines), "*: farther from human tunes than human tunes were from each other in 20 draws"]


def _parts(measured: Mapping[str, Any]) -> list[str]:
    """Where the bits go, and what comes out by heart."""
    lines = [["bits per character of", *measured["by_part"]], ["a part"]]
    found = measured["by_part"].values()
    lines[1] += ["-" if part["value"] is None else number(part) for part in found]
    lines[0][-1] += " (bits a tune)"
    rows = aligned(lines)
    if "extraction" in measured:
        told = [
            f"{bars} bars {percent(found['train_next'])} / {percent(found['held_out_next'])}"
            for bars, found in measured["extraction"].items()
        ]
        rows += ["", "next four bars of a train / held-out tune, letter for letter, after its header and"]
        rows += [f"  {line}" for line in told]
    return rows
