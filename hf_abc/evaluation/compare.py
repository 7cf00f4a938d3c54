"""Models side by side on one corpus, each with its intervals, and their differences paired tune by tune."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_abc.errors import InputError
from hf_abc.evaluation.ground import lay
from hf_abc.evaluation.likelihood import paired
from hf_abc.evaluation.scorecard import Measured, Wanted, measure
from hf_abc.evaluation.scorecard_table import DISTANCES, SHARES, labels
from hf_abc.evaluation.tables import aligned, number, percent
from hf_abc.record import plain
from hf_abc.sampling.loading import find_model


def compare(
    models: Sequence[Path | str],
    corpus: Path,
    *,
    side: str = "test",
    wanted: Wanted | None = None,
    known: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Measure models on a side of a corpus folder.

    The result has `models`: for each its name, the sections of the scorecard and `against_first`, its bits
    per character less those of the first, paired over families. Raises InputError as `scorecard.evaluate`
    does.
    """
    if len(models) < 2:
        raise InputError("one model cannot be compared: name at least two")
    folders = [find_model(model) for model in models]  # a wrong name is told before hours of measuring
    ground = lay(corpus, side, say=say)
    found: list[Measured] = []
    for name, folder in zip(models, folders, strict=True):
        say(f"{name}:")
        found.append(measure(folder, ground, wanted=wanted or Wanted(), known=known, say=say))
    return {
        "models": [
            {
                "name": str(name),
                **one.sections,
                "against_first": plain(paired(one.losses, found[0].losses))
                if one.losses and found[0].losses and one is not found[0]
                else None,
            }
            for name, one in zip(models, found, strict=True)
        ]
    }


def table(result: Mapping[str, Any]) -> str:
    """The comparison as text, one column a model."""
    models = result["models"]
    first = models[0]["evaluation"]
    lines = [["", *(model["name"] for model in models), "human"]]

    def line(words: str, cells: Sequence[str], human: str = "") -> None:
        lines.append([words, *cells, human])

    def bits(evaluation: Mapping[str, Any]) -> str:
        found = evaluation.get("bits_per_character")
        return number(found) if found else "-"

    line("bits per character", [bits(model["evaluation"]) for model in models])
    differences = [
        number(model["against_first"], sign=True) if model["against_first"] else "" for model in models
    ]
    line("less the first, paired", differences)
    if first["tunes"]:
        line("5-gram, the same for all", [number(first["witten_bell_5"])])
    line("", [])
    for name, words in SHARES.items():
        if all(name in model["samples"]["shares"] for model in models):
            human = first["human"].get(name)
            own = [percent(model["samples"]["shares"][name]) for model in models]
            line(words, own, percent(human) if human else "")
    line("", [])
    for name, words in DISTANCES.items():
        far = [model["samples"]["music"][name] for model in models]
        cells = ["-" if found["value"] is None else f"{found['value']:.3f}{_mark(found)}" for found in far]
        floor, high = far[0]["floor"], far[0]["floor_high"]
        line(f"distance: {words}", cells, "" if floor is None else f"{floor:.3f} ({high:.3f})")
    rows = aligned(lines)
    rows += ["", "*: farther from human tunes than human tunes were from each other in 20 draws"]
    judged = f"{first['tunes']:,} held-out tunes, {models[0]['samples']['n']:,} samples of each model"
    rows.append(f"{judged}; 95 % intervals")
    for model in models:
        notes = [*labels(model["evaluation"])]
        for section in (model["evaluation"], model["samples"]):
            notes += [f"{part} not measured: {why}" for part, why in section["missing"].items()]
        rows += [f"{model['name']}: {note}" for note in notes]
    return "\n".join(rows)


def _mark(found: Mapping[str, Any]) -> str:
    return " *" if found["floor_high"] is not None and found["value"] > found["floor_high"] else ""
