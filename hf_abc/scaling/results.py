"""What a study leaves behind: one small JSON file for each run, and one for the corpus they share.

    corpus.json       the texts' fingerprint, the families of both held-out sides, the baselines
    runs/NAME.json    a run: what it was, what it cost, the nats of each held-out family

Each file carries the sha256 of its own content; a file that was changed or cut is refused by name, and so
are runs that do not belong together. Everything that a report says is computed from these files alone; the
models are not needed any more.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from hf_abc.errors import InputError
from hf_abc.record import atomic_write, fingerprint

SIDES = ("validation", "test")
_DECIDING = ("models", "training", "evaluation/likelihood.py", "evaluation/loss_parts.py")


@dataclass(frozen=True, slots=True)
class Ground:
    """The corpus of a study. `families` are the names of each side's families, `characters` those of each, in
    the same order; `witten_bell` and `xz` are nats per character of the test side, `human` shares of its
    tunes.
    """

    corpus: str
    train_tunes: int
    train_characters: int
    families: dict[str, list[str]]
    characters: dict[str, list[int]]
    witten_bell: float
    xz: float
    human: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """A run. Sizes are numbers of parameters; `nats` are sums over each family's tunes and their ends, in the
    order of `Ground.families`; `tokens` and `characters` are those that it was trained on, of a branch with
    its trunk's. A diverged run has a sentence in `diverged` and no nats.
    """

    name: str
    part: str
    family: str
    size: str
    tokenizer: str
    seed: int
    share: float
    recipe: str
    corpus: str
    vocabulary: str
    code: str
    revision: str
    matmul: int
    non_embedding: int
    total: int
    steps: int
    tokens: int
    characters: int
    rate: float
    flops: float
    seconds: float
    cpu_seconds: float
    threads: int
    device: str
    precision: str
    peak_memory_gib: float
    diverged: str = ""
    nats: dict[str, list[float]] = field(default_factory=dict)
    curve: list[dict[str, float]] = field(default_factory=list)
    by_place: dict[str, Any] = field(default_factory=dict)
    by_part: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, Any] = field(default_factory=dict)

    def loss(self, ground: Ground, side: str = "test") -> float:
        """Nats per character on a side."""
        return float(np.sum(self.nats[side]) / np.sum(ground.characters[side]))


_Kind = TypeVar("_Kind", Ground, Result)


def write(path: Path, content: Ground | Result) -> None:
    """Write a file with its hash."""
    values = asdict(content)
    text = json.dumps({**values, "sha256": fingerprint(values)}, ensure_ascii=False, indent=1)
    atomic_write(path, _flat(text) + "\n")


def read_ground(folder: Path) -> Ground:
    """corpus.json of a study folder; InputError where it is missing or was changed."""
    return _read(folder / "corpus.json", Ground)


def read_result(path: Path) -> Result:
    """A run's file; InputError where it is broken or was changed."""
    return _read(path, Result)


def result_file(folder: Path, name: str) -> Path:
    """Where a run's result lies in a study folder."""
    return folder / "runs" / f"{name}.json"


def read_results(folder: Path) -> list[Result]:
    """All runs of a study folder, by name. InputError where there is none, and for runs of several corpora,
    of several tokenizers under one name, or of different code.
    """
    found = [read_result(path) for path in sorted((folder / "runs").glob("*.json"))]
    if not found:
        raise InputError(f"{folder} holds no result of a run: type `hf-abc scaling run` first")
    check_alike(found, read_ground(folder))
    return found


def check_alike(results: Sequence[Result], ground: Ground) -> None:
    """Refuse, by InputError, runs whose losses would not compare."""
    for run in results:
        if run.corpus != ground.corpus:
            raise InputError(
                f"{run.name} was trained on another corpus than corpus.json tells of: remove its file, or "
                "take it to a study of its own"
            )
    first = {run.tokenizer: run for run in reversed(results)}
    for run in results:
        other = first[run.tokenizer]
        if run.vocabulary != other.vocabulary:
            raise InputError(
                f"{run.name} and {other.name} had different tokenizers of the name {run.tokenizer}: remove "
                "the files of one kind and run them again"
            )
        if run.code != results[0].code:
            raise InputError(
                f"{run.name} (revision {run.revision}) and {results[0].name} (revision "
                f"{results[0].revision}) were made by different code: remove the files of one kind and run "
                "them again"
            )


@cache
def code_mark() -> str:
    """The fingerprint of the code that decides a loss: models, training and likelihood, without comments and
    docstrings. It is that of the moment when it is first asked for.
    """
    package = Path(__file__).resolve().parent.parent
    found = hashlib.sha256()
    for name in _DECIDING:
        place = package / name
        for path in sorted(place.glob("*.py")) if place.is_dir() else [place]:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                body = getattr(node, "body", None)
                if isinstance(body, list) and body and _docstring(body[0]):
                    body[0] = ast.Pass()
            found.update(f"{path.name}\n{ast.unparse(tree)}\n".encode())
    return found.hexdigest()


def _docstring(node: Any) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _read(path: Path, kind: type[_Kind]) -> _Kind:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        mark = values.pop("sha256")
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing: type `hf-abc scaling run` first") from error
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise InputError(f"{path} is no result of a study: remove it and run it again") from error
    if fingerprint(values) != mark:
        raise InputError(f"{path} does not match its hash: it was changed, so remove it and run it again")
    if set(values) != {one.name for one in fields(kind)}:
        raise InputError(f"{path} is of another version of hf_abc: remove it and run it again")
    return kind(**values)


def _flat(text: str) -> str:
    """Lists of numbers and short mappings on one line: files that people can read, and diffs that are
    short.
    """
    lines: list[str] = []
    depth = 0
    for line in text.split("\n"):
        inner = line.strip()
        if depth:
            lines[-1] += (" " if lines[-1][-1] not in "[{" and inner[0] not in "]}" else "") + inner
        else:
            lines.append(line)
        indented = len(line) - len(line.lstrip()) >= 1
        opens, closes = inner[-1:] in "[{" and inner != "", inner[:1] in "]}" and inner != ""
        if opens and (depth or indented):
            depth += 1
        if closes and depth:
            depth -= 1
    return "\n".join(lines)
