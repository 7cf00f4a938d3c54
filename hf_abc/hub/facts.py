"""What run.json must say besides training and measures, so that a card needs nothing else: the corpus in
numbers, the tokenizer's and the model's size, and two tunes with their scores and their sound.

Read off the files of the run, never off a recipe's wishes. The tunes are the first of a tunebook, not chosen.
"""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hf_abc.corpora.sources.music21_collections import COLLECTIONS
from hf_abc.errors import InputError, OutputError
from hf_abc.notation.tune import header_fields
from hf_abc.record import Record, atomic_write
from hf_abc.rendering.render import file_stems, render, safe_stem
from hf_abc.sampling.seen import seen_heads

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
    scores and the sound of its tunes may lie. Raises InputError where one of the files is missing or is none.
    """
    config = _json(run_folder / "config.json")
    record = Record(run_folder)
    record.update("corpus", corpus_facts(corpus))
    record.update("tokenizer", {"vocab_size": _vocab_size(run_folder / "tokenizer.json")})
    record.update("training", _shape(config))
    record.set("examples", examples(run_folder, book))


def note_measured(run_folder: Path, corpus: Path) -> None:
    """The same for a run that `hf-abc evaluate` has measured: its examples are the first of the samples that
    were judged, which are drawn and played here.
    """
    from hf_abc.corpora import read_split
    from hf_abc.evaluation.belonging import check_belongs

    check_belongs(run_folder, [row["text"] for row in read_split(corpus, "train")], corpus)
    book = run_folder / "evaluation" / "samples.abc"
    found = _tunes(book)
    stems = file_stems([_title(match["text"]) for match in found])
    with TemporaryDirectory() as aside:
        (Path(aside) / book.name).write_bytes(book.read_bytes())
        for match, stem in list(zip(found, stems, strict=True))[:_EXAMPLES]:
            render(match["text"], Path(aside), stem)
        note_facts(run_folder, corpus, Path(aside) / book.name)
    record = Record(run_folder)
    sampled = record.get("samples", {})
    record.update("examples", {name: sampled.get(name) for name in ("temperature", "min_p")})


def _shape(config: dict[str, Any]) -> dict[str, Any]:
    """Layers and width as the configuration calls them, and what only a transformer has."""
    known = {
        "layers": config.get("n_layer", config.get("num_hidden_layers")),
        "width": config.get("n_embd", config.get("hidden_size")),
        "heads": config.get("n_head", config.get("num_attention_heads")),
    }
    positions = config.get("n_positions", config.get("max_position_embeddings"))
    shape = {name: value for name, value in known.items() if value is not None}
    return {"shape": shape, **({"positions": positions} if positions else {})}


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
        **({"terms": _terms(report["origins"])} if "origins" in report else {}),
        "meters": _most(row["meter"] for row in train),
        "keys": _most(row["key"] for row in train),
        "rhythms": _most(row["rhythm"] for row in train),
        "heads": seen_heads(train),
    }


def examples(run_folder: Path, book: Path) -> dict[str, Any]:
    """The first tunes of a book that a model wrote, the seed and prompt of each, and how many there were.

    A score that lies beside the book is copied into the run folder's `examples/`. Raises InputError for a
    book that does not say how its tunes were written.
    """
    found = _tunes(book)
    titles = [_title(match["text"]) for match in found]
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
        for what, suffix in (("score", ".svg"), ("sound", ".mp3")):
            made = book.parent / f"{stem}{suffix}"
            if made.is_file():
                tune[what] = f"examples/{name}-{number}{suffix}"
                _copy(made, run_folder / tune[what])
        tunes.append(tune)
    return {"of": len(found), "tunes": tunes}


def _tunes(book: Path) -> list[re.Match[str]]:
    try:
        found = list(_SAMPLE.finditer(book.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"{book} cannot be read ({error.strerror}): sample some tunes first") from error
    if not found:
        raise InputError(f"{book} is no book of samples: `hf-abc sample --out DIR` writes one")
    return found


def _title(text: str) -> str:
    return next(iter(header_fields(text).get("T", [])), "")


def _copy(made: Path, place: Path) -> None:
    try:
        atomic_write(place, made.read_bytes())
    except OSError as error:
        raise OutputError(f"{place} cannot be written ({error.strerror}): free some space") from error


def _terms(origins: dict[str, Any]) -> dict[str, Any]:
    """What each source states of its licence, but for its full text."""
    return {
        name: {key: value for key, value in origin["licence"].items() if key != "text"}
        for name, origin in origins.items()
    }


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
