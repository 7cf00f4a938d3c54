"""Building a corpus: read, group into families, clean, judge, split, write.

Families are found on all tunes that were read, before anything is dropped: two corpora from the same sources
put each family on the same side, whatever their profile and filters. The folder appears whole or not at all,
and two builds of one recipe are equal byte for byte. All tunes are held in memory at once (4,248 of them take
60 MB).
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_abc.abcmidi import BENIGN, Message, bars_right, check_book, compiles
from hf_abc.corpora.card import write_card
from hf_abc.corpora.cleaning import PROFILES, STEPS, Dropped
from hf_abc.corpora.families import find_links, largest, melody_key, name_families
from hf_abc.corpora.leaks import letter_steps, run_rate, shared_letters, twin_rate
from hf_abc.corpora.parquet import write_side
from hf_abc.corpora.report import StepCount, judged, side_counts, source_counts, statistics
from hf_abc.corpora.sources.music21_collections import COLLECTIONS, read_collection
from hf_abc.corpora.split import SIDES, Side, side
from hf_abc.errors import OutputError, RecipeError
from hf_abc.notation.tune import Tune
from hf_abc.recipe import CorpusRecipe
from hf_abc.record import fingerprint, finished, mark_finished, plain, replacing

Progress = Callable[[str], None]
_FORMAT = 1  # raise it when a change here makes another corpus out of the same recipe


def build_corpus(recipe: CorpusRecipe, out: Path, *, progress: Progress = lambda text: None) -> Path:
    """Build the corpus of a recipe in the folder `out` and return it; a finished one is kept.

    `progress` is told in one line what is going on. Raises RecipeError for an unknown source or profile and
    for shares that leave a side empty, OutputError where `out` holds something else.
    """
    out = Path(out)
    _check(recipe)
    mark = fingerprint([_FORMAT, recipe])
    if finished(out, mark):
        progress(f"{out} holds this corpus already")
        return out
    _check_place(out)
    tunes = _read(recipe, progress)
    progress("looking for families: near-duplicates, shared strains, namesakes")
    melodies = [melody_key(tune.text) for tune in tunes]
    links = find_links(tunes, melodies)
    families = name_families([tune.id for tune in tunes], links)
    tunes = [replace(tune, family=family) for tune, family in zip(tunes, families, strict=True)]

    progress(f"cleaning with the profile {recipe.profile}")
    steps, cleaned = _clean(tunes, recipe.profile)
    progress(
        f"{sum(c is not None for c in cleaned):,} tunes are clean; abc2midi judges them, raw and cleaned"
    )
    raw = judged(check_book([tune.text for tune in tunes]))
    messages = iter(check_book([tune.text for tune in cleaned if tune is not None]))
    opinions = [next(messages) if tune is not None else [] for tune in cleaned]
    clean = judged([found for tune, found in zip(cleaned, opinions, strict=True) if tune is not None])
    if recipe.only_right_bars:
        steps.append(_drop_wrong(cleaned, opinions))

    kept = [(place, tune) for place, tune in enumerate(cleaned) if tune is not None]
    sides = [_side(tune.family, recipe) for _, tune in kept]
    if missing := [name for name in SIDES if name not in sides]:
        raise RecipeError(f"no tune is left for the {missing[0]} side: take more sources or a larger share")
    progress(f"{len(kept):,} tunes kept in {len({t.family for _, t in kept}):,} families; measuring leaks")
    report = {
        "recipe": plain(recipe),
        "sources": source_counts(tunes, (tune for _, tune in kept)),
        "read": len(tunes),
        "kept": len(kept),
        "dropped": len(tunes) - len(kept),
        "steps": [step.as_json() for step in steps],
        "abc2midi": {"raw": raw, "clean": clean},
        "families": _families_json(tunes, families, links),
        "leaks": _leaks(tunes, melodies, links, kept, sides, recipe),
        "sides": side_counts([tune for _, tune in kept], sides),
        "statistics": statistics([tune for _, tune in kept]),
    }
    with replacing(out) as folder:
        _write(folder, report, [tune for _, tune in kept], sides)
        mark_finished(folder, mark)
    progress(f"{out}: {', '.join(f'{sides.count(name):,} {name}' for name in SIDES)}")
    return out


def _check(recipe: CorpusRecipe) -> None:
    for source in recipe.sources:
        if source not in COLLECTIONS:
            raise RecipeError(f"corpus.sources: {source} is unknown: choose among {', '.join(COLLECTIONS)}")
    if recipe.profile not in PROFILES:
        choice = ", ".join(PROFILES)
        raise RecipeError(f"corpus.profile: {recipe.profile} is unknown: choose among {choice}")


def _check_place(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file, not a folder: choose another place for the corpus")
    if out.is_dir() and any(out.iterdir()):
        raise OutputError(f"{out} holds something else already: remove it or choose another folder")


def _read(recipe: CorpusRecipe, progress: Progress) -> list[Tune]:
    tunes: list[Tune] = []
    for source in dict.fromkeys(recipe.sources):
        found = list(read_collection(source))
        progress(f"read {len(found):,} tunes of {COLLECTIONS[source].title}")
        tunes += found
    return tunes


def _clean(tunes: Sequence[Tune], profile: str) -> tuple[list[StepCount], list[Tune | None]]:
    """Take all tunes through the steps of a profile; a dropped one leaves None in its place."""
    counts = [StepCount(name, _sentence(STEPS[name].__doc__)) for name in PROFILES[profile]]
    cleaned: list[Tune | None] = []
    for tune in tunes:
        kept: Tune | None = tune
        for count in counts:
            result = STEPS[count.name](tune)
            if isinstance(result, Dropped):
                count.drop(result)
                kept = None
                break
            if result.text != tune.text:
                count.touch(tune, result)
            kept = tune = result
        cleaned.append(kept)
    return counts, cleaned


def _sentence(docstring: str | None) -> str:
    return " ".join((docstring or "").split())


def _drop_wrong(cleaned: list[Tune | None], opinions: Sequence[Sequence[Message]]) -> StepCount:
    """Drop, in place, the tunes in which abc2midi finds an error or a bar of a wrong length."""
    count = StepCount("only_right_bars", "Drop what abc2midi finds an error or a bar of a wrong length in.")
    for place, (tune, messages) in enumerate(zip(cleaned, opinions, strict=True)):
        if tune is None or (compiles(messages) and bars_right(messages)):
            continue
        kinds = (m.kind for m in messages if m.level == "error" and m.kind not in BENIGN)
        reason = f"abc2midi: {next(kinds, 'bar-length')}"
        count.drop(Dropped(tune, count.name, reason))
        cleaned[place] = None
    return count


def _side(name: str, recipe: CorpusRecipe) -> Side:
    return side(name, validation=recipe.validation, test=recipe.test)


def _families_json(tunes: Sequence[Tune], families: Sequence[str], links: Sequence[Any]) -> dict[str, Any]:
    sizes: dict[str, int] = {}
    for family in families:
        sizes[family] = sizes.get(family, 0) + 1
    reasons = [link.reason for link in links]
    return {
        "count": len(sizes),
        "of_one": sum(size == 1 for size in sizes.values()),
        "links": {reason: reasons.count(reason) for reason in ("melody", "run", "title")},
        "largest": [{"family": family, "titles": titles} for family, titles in largest(tunes, families)],
    }


def _leaks(
    tunes: Sequence[Tune],
    melodies: Sequence[bytes],
    links: Sequence[Any],
    kept: Sequence[tuple[int, Tune]],
    sides: Sequence[Side],
    recipe: CorpusRecipe,
) -> dict[str, Any]:
    """What a random split of the kept tunes would leak, and what this one does."""
    places = {place: index for index, (place, _) in enumerate(kept)}
    own = [
        replace(link, first=places[link.first], second=places[link.second])
        for link in links
        if link.first in places and link.second in places
    ]
    here = [tune for _, tune in kept]
    sounds = [melodies[place] for place, _ in kept]
    letters = [letter_steps(tunes[place].text) for place, _ in kept]
    found: dict[str, Any] = {}
    for name, split in (("random", [_side(tune.id, recipe) for tune in here]), ("by_family", list(sides))):
        shared = shared_letters(here, split, letters)
        found[name] = {
            "test_tunes": split.count("test"),
            "near_twin_in_train": round(twin_rate(own, split), 4),
            "24_notes_in_train": round(run_rate(sounds, split), 4),
            "24_letters_in_train": round(len(shared) / max(1, split.count("test")), 4),
        }
    found["pairs"] = plain(shared)
    return found


def _write(folder: Path, report: dict[str, Any], tunes: Sequence[Tune], sides: Sequence[Side]) -> None:
    for name in SIDES:
        write_side(folder, name, [t for t, own in zip(tunes, sides, strict=True) if own == name])
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("id", "family", "side"))
    rows.writerows((tune.id, tune.family, own) for tune, own in zip(tunes, sides, strict=True))
    (folder / "split.csv").write_text(table.getvalue(), encoding="utf-8")
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (folder / "report.json").write_text(text, encoding="utf-8")
    (folder / "README.md").write_text(write_card(report), encoding="utf-8")
