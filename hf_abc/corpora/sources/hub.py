"""Any data set of the Hub with a column of ABC, streamed, or a folder that `datasets` reads.

`hub:owner/name#column`, `hub:owner/name@revision#column`, `hub:FOLDER#column`; all its splits are read, in
their order. The licence is the one that its card declares.
"""

from collections.abc import Container, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from hf_abc.errors import InputError, RecipeError
from hf_abc.notation.tune import Tune

from .files import label
from .irishman import tune_of_record
from .licence import UNKNOWN, Licence, forbidding_clause, permitted, terms_beside
from .source import Refused, Source, mark_of, name_of


def open_hub(place: str, acknowledged: Container[str] = ()) -> Source:
    """A data set and the name of its column of ABC.

    Raises RecipeError without a column, InputError for a data set that is not there, cannot be reached or has
    no such column, LicenceError for a card with a clause against training.
    """
    spec = f"hub:{place}"
    where, hash_sign, column = place.rpartition("#")
    if not hash_sign or not where or not column:
        raise RecipeError(f"corpus.sources: {spec} names no column: write it as hub:owner/name#column")
    folder = Path(where).expanduser()
    if folder.is_dir():
        licence = terms_beside(folder, _of_card(folder / "README.md"))
        name, id, revision, mark = name_of(folder), str(folder), None, partial(mark_of, folder)
    else:
        id, _, wanted = where.partition("@")
        revision, card = _on_hub(id, wanted)
        licence, name, mark = _of_card(card), label(id), partial(str, revision)
    splits = _splits(id, revision, column)
    licence = permitted(licence, spec, acknowledged)
    title = f"{id}, column {column}"
    return Source(spec, name, title, licence, partial(_read, splits, name, column, licence), mark)


def _on_hub(id: str, wanted: str) -> tuple[str, Path | None]:
    """The commit that a name stands for now, and its card."""
    import huggingface_hub
    from huggingface_hub.errors import EntryNotFoundError

    try:
        revision = huggingface_hub.HfApi().dataset_info(id, revision=wanted or None).sha
        card = huggingface_hub.hf_hub_download(id, "README.md", repo_type="dataset", revision=revision)
        return str(revision), Path(card)
    except EntryNotFoundError:
        return str(revision), None
    except Exception as error:  # the Hub's client lets errors of several network libraries through
        raise _missing(id, error) from error


def _of_card(card: Path | None) -> Licence:
    """The licence in the YAML head of a card, and a clause against training in its text."""
    from huggingface_hub import DatasetCard

    if card is None or not card.is_file():
        return UNKNOWN
    try:
        found = DatasetCard.load(card, ignore_metadata_errors=True)
    except (OSError, ValueError):
        return UNKNOWN
    declared = found.data.to_dict().get("license")
    name = " or ".join(declared) if isinstance(declared, list) else str(declared or UNKNOWN.name)
    clause = forbidding_clause(found.text)
    return Licence(name, f"licence declared by {card}", allows_training=not clause, clause=clause)


def _splits(id: str, revision: str | None, column: str) -> dict[str, Any]:
    """The splits as streams. The first row of the first is read, to see that the column is there."""
    import datasets

    try:
        splits: dict[str, Any] = datasets.load_dataset(id, revision=revision, streaming=True)
        first: dict[str, Any] = next(iter(next(iter(splits.values()))), {})
    except Exception as error:  # as above, and what the many readers of files raise
        raise _missing(id, error) from error
    if column not in first:
        raise InputError(f"{id} has no column {column}: its columns are {', '.join(first) or 'none'}")
    return splits


def _read(splits: dict[str, Any], source: str, column: str, licence: Licence) -> Iterator[Tune | Refused]:
    for split, rows in splits.items():
        for count, row in enumerate(rows.select_columns([column]), 1):
            yield tune_of_record(row[column], source, f"{split}/{count}", licence)


def _missing(id: str, error: Exception) -> InputError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return InputError(f"the data set {id} cannot be read ({reason}): check its name and the network")
