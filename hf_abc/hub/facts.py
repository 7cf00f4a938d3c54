"""What run.json must say besides training and measures, so that a card needs nothing else: the corpus in
numbers, the tokenizer's and the model's size, and two tunes with their scores.

Read off the files of the run, never off a recipe's wishes. The tunes are the first of a tunebook, not chosen.
"""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hf_abc.corpora.sources.music21_collections import COLLECTIONS
from hf_abc.errors import InputError, OutputError
from hf_abc.notation.tune import header_fields
from hf_abc.record import Record, atomic_write
from hf_abc.rendering.render import file_stems, safe_stem

_EXAMPLES = 2
_MOST = 16  # values of a header field that are worth a word
_SAMPLE = re.compile(  # as hf_abc.sampling.files.write_book writes it
    r"^% seed (?P<seed>\d+), tune (?P<index>\d+), prompt (?P<prompt>.+?)(?P<cut>, cut off)?\n"
    r"(?P<text>(?:.+\n)+)",
    re.MULTILINE,
)


def note_facts(run_folder: Path, corpus: Path, book: Path) -> None:
    """Write the facts into the run's run.json.

    `corpus` is the corpus folder of its training, `book` a tunes.abc that the model wrote, beside which the
    scores of its tunes may lie. Raises InputError where one of the files is missing or is none.
    """
    config = _json(run_folder / "config.json")
    shape = {"layers": config["n_layer"], "width": config["n_embd"], "heads": config["n_head"]}
    record = Record(run_folder)
    record.update("corpus", corpus_facts(corpus))
    record.update("tokenizer", {"vocab_size": _vocab_size(run_folder / "tokenizer.json")})
    record.update("training", {"shape": shape, "positions": config["n_positions"]})
    record.set("examples", examples(run_folder, book))


def corpus_facts(corpus: Path) -> dict[str, Any]:
    """What a corpus folder holds, from its report: tunes read, kept and dropped by each step, sizes of the
    sides, sources and licences (numbers of tunes); and from its rows the most frequent header fields of the
    train side.
    """
    from hf_abc.corpora import read_split

    report, train = _json(corpus / "report.json"), read_split(corpus, "train")
    return {
        "read": report["read"],
        "kept": report["kept"],
        "dropped": {step["step"]: step["dropped"] for step in report["steps"] if step["dropped"]},
        "sides": report["sides"],
        "sources": {name: {**_source(name), **counts} for name, counts in report["sources"].items()},
        "licences": report["statistics"]["licences"],
        "meters": _most(row["meter"] for row in train),
        "keys": _most(row["key"] for row in train),
        "rhythms": _most(row["rhythm"] for row in train),
    }


def examples(run_folder: Path, book: Path) -> dict[str, Any]:
    """The first tunes of a book that a model wrote, the seed and prompt of each, and how many there were.

    A score that lies beside the book is copied into the run folder's `examples/`. Raises InputError for a
    book that does not say how its tunes were written.
    """
    try:
        found = list(_SAMPLE.finditer(book.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"{book} cannot be read ({error.strerror}): sample some tunes first") from error
    if not found:
        raise InputError(f"{book} is no book of samples: `hf-abc sample --out DIR` writes one")
    titles = [next(iter(header_fields(match["text"]).get("T", [])), "") for match in found]
    name = safe_stem(Record(run_folder).get("recipe", {}).get("name", ""))
    tunes = []
    for number, (match, stem) in enumerate(list(zip(found, file_stems(titles), strict=True))[:_EXAMPLES], 1):
        tune = {
            "text": match["text"],
            "seed": int(match["seed"]),
            "index": int(match["index"]),
            "prompt": ast.literal_eval(match["prompt"]),
            "ended": match["cut"] is None,
        }
        drawn = book.parent / f"{stem}.svg"
        if drawn.is_file():
            tune["score"] = f"examples/{name}-{number}.svg"
            try:
                atomic_write(run_folder / tune["score"], drawn.read_bytes())
            except OSError as error:
                raise OutputError(
                    f"{run_folder / tune['score']} cannot be written ({error.strerror}): free some space"
                ) from error
        tunes.append(tune)
    return {"of": len(found), "tunes": tunes}


def _source(name: str) -> dict[str, str]:
    if name not in COLLECTIONS:
        return {"title": name, "printed": "", "encoded": ""}
    book = COLLECTIONS[name]
    return {"title": book.title, "printed": book.printed, "encoded": book.encoded}


def _most(values: Iterable[str]) -> dict[str, int]:
    counts = Counter(value for value in values if value)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST])


def _json(file: Path) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{file} cannot be read ({error}): a card needs a finished run and its corpus"
        ) from error
    return values


def _vocab_size(file: Path) -> int:
    tokenizer = _json(file)
    return len(set(tokenizer["model"]["vocab"]) | {token["content"] for token in tokenizer["added_tokens"]})
