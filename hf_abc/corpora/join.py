"""From parts to a corpus: families, sides, rows, leaks, report and card.

Works on the index of all tunes and walks the rows once.
"""

import csv
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from hf_abc.corpora.card import write_card
from hf_abc.corpora.families import Links, find_links, largest, name_families
from hf_abc.corpora.index import Index
from hf_abc.corpora.leaks import leaks, listed, places, shared_runs
from hf_abc.corpora.parquet import COLUMNS, SideWriter
from hf_abc.corpora.parts import Parts
from hf_abc.corpora.plots import draw
from hf_abc.corpora.report import Counts, StepCount, Tally, add, in_order
from hf_abc.corpora.sources import Source
from hf_abc.corpora.split import SIDES, Side, side
from hf_abc.errors import RecipeError
from hf_abc.recipe import CorpusRecipe
from hf_abc.record import plain


def write_corpus(
    folder: Path,
    recipe: CorpusRecipe,
    sources: Sequence[Source],
    parts: Parts,
    progress: Callable[[str], None],
) -> None:
    """Write the corpus out of its finished parts into an empty folder."""
    ids = [id for part in parts.values("ids") for id in part]
    progress(f"{len(ids):,} tunes read; looking for families: near-duplicates, shared strains, namesakes")
    index = parts.index()
    links = find_links(index)
    families = name_families(ids, links)
    kept = parts.kept()
    sides: list[Side | None] = [None] * len(ids)
    for place in kept.tolist():
        sides[place] = _side(families[place], recipe)
    clean = list(sides)
    held, pairs = _hold_back(ids, index, sides)
    if missing := [name for name in SIDES if name not in sides]:
        raise RecipeError(f"no tune is left for the {missing[0]} side: take more sources or a larger share")
    progress(f"{len(kept) - len(pairs):,} tunes kept; writing them")
    counts: Counts = {}
    for part in parts.values("counts"):
        add(counts, part)
    written = _write_rows(folder, parts, kept, families, sides)
    progress("measuring leaks: a random split, a split by number, this one")
    steps = [*counts["steps"].values(), held]
    report = {
        "recipe": plain(recipe),
        "sources": {
            name: {"read": read, "kept": sum(n["tunes"] for n in written["by_source"].get(name, {}).values())}
            for name, read in counts["read"].items()
        },
        "read": sum(counts["read"].values()),
        "kept": written["statistics"]["tunes"],
        "dropped": sum(step["dropped"] for step in steps),
        "steps": [in_order(step) for step in steps],
        "abc2midi": {name: in_order(judged) for name, judged in counts["abc2midi"].items()},
        "families": _families(parts, families, links),
        "leaks": {**_leaks(ids, index, links, clean, recipe), "pairs": pairs},
        **written,
        "origins": {source.name: _origin(source) for source in sources},
    }
    draw(folder, report)
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (folder / "report.json").write_text(text, encoding="utf-8")
    (folder / "README.md").write_text(write_card(report), encoding="utf-8")
    progress(", ".join(f"{counts['tunes']:,} {name}" for name, counts in written["sides"].items()))


def _side(name: str, recipe: CorpusRecipe) -> Side:
    return side(name, validation=recipe.validation, test=recipe.test)


def _hold_back(
    ids: Sequence[str], index: Index, sides: list[Side | None]
) -> tuple[Counts, list[dict[str, Any]]]:
    """Take off the test side, in place, what the independent measure finds in train; the step, the pairs."""
    step = StepCount("held_back", "Hold back from the test side what shares 24 letters in a row with train.")
    partner = shared_runs(index.letters, places(sides))
    pairs = plain(list(listed(ids, partner, index.letters)))
    for test in np.flatnonzero(partner >= 0).tolist():
        sides[test] = None
        step.drop(ids[test], "24 written letters in a row of a train tune")
    return step.counts, pairs


def _write_rows(
    folder: Path, parts: Parts, kept: np.ndarray, families: Sequence[str], sides: Sequence[Side | None]
) -> dict[str, Any]:
    """Write the Parquet files and split.csv; what is counted on the way."""
    whole, by_side = Tally(), {name: Tally() for name in SIDES}
    by_source: dict[str, dict[str, Tally]] = {}
    order = iter(kept.tolist())
    with ExitStack() as stack:
        files = {name: stack.enter_context(SideWriter(folder, name)) for name in SIDES}
        table = stack.enter_context((folder / "split.csv").open("w", encoding="utf-8", newline=""))
        split = csv.writer(table, lineterminator="\n")
        split.writerow(("id", "family", "side"))
        for part in parts.values("rows"):
            for values in part:
                place = next(order)
                own = sides[place]
                if own is None:
                    continue
                row = {**dict(zip(COLUMNS, values, strict=True)), "family": families[place]}
                files[own].add(row)
                split.writerow((row["id"], row["family"], own))
                source = by_source.setdefault(row["source"], {}).setdefault(row["licence"], Tally())
                for tally in (whole, by_side[own], source):
                    tally.add(row)
    return {
        "sides": {
            name: {key: tally.as_json()[key] for key in ("tunes", "families", "characters")}
            for name, tally in by_side.items()
        },
        "statistics": whole.as_json(),
        "by_source": {
            source: {licence: tally.as_json() for licence, tally in tallies.items()}
            for source, tallies in by_source.items()
        },
    }


def _families(parts: Parts, families: Sequence[str], links: Links) -> dict[str, Any]:
    sizes: dict[str, int] = {}
    for family in families:
        sizes[family] = sizes.get(family, 0) + 1
    of_size = np.bincount(list(sizes.values()))
    titles = [title for part in parts.values("titles") for title in part]
    return {
        "count": len(sizes),
        "of_one": int(of_size[1]),
        "links": links.counts(),
        "largest": [{"family": family, "titles": found} for family, found in largest(titles, families)],
        "of_size": {str(size): int(of_size[size]) for size in np.flatnonzero(of_size).tolist()},
    }


def _leaks(
    ids: Sequence[str], index: Index, links: Links, sides: Sequence[Side | None], recipe: CorpusRecipe
) -> dict[str, dict[str, Any]]:
    """What this split of the clean tunes would leak if none were held back, and a random one, and one by the
    tunes' numbers.
    """
    kept = [own is not None for own in sides]
    random = [_side(id, recipe) if here else None for id, here in zip(ids, kept, strict=True)]
    number = [_side(_number(id), recipe) if here else None for id, here in zip(ids, kept, strict=True)]
    own = places(sides)
    validation = shared_runs(index.letters, np.where(own == 1, 2, np.where(own == 2, -1, own))) >= 0
    return {
        **leaks(index, links, {"random": places(random), "by_number": places(number), "by_family": own}),
        "validation": {
            "tunes": int((own == 1).sum()),
            "24_letters_in_train": round(int(validation.sum()) / int((own == 1).sum()), 4),
        },
    }


def _number(id: str) -> str:
    """A tune's id without its setting."""
    return id.rpartition(":")[0] if id.count(":") == 2 else id


def _origin(source: Source) -> dict[str, Any]:
    return {"spec": source.spec, "title": source.title, "licence": asdict(source.licence)}
