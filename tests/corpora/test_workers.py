"""Processes that make parts: they end when their parent wants, and it notices when one of them dies."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hf_abc.corpora.parts import Record, file_of
from hf_abc.corpora.workers import make_parts
from hf_abc.errors import ToolError
from hf_abc.notation.tune import parse_tune
from hf_abc.recipe import CorpusRecipe


def record(number: int) -> Record:
    text = f"X:{number}\nT:N\nM:4/4\nL:1/8\nK:G\nGABc dedB|dedB dedB|GABc dedB|cBAG G4|\n"
    return parse_tune(text, id=f"a:{number}:1", source="a", licence="CC0-1.0")


def test_an_interrupt_ends_the_processes(tmp_path: Path) -> None:
    def parts() -> Iterator[tuple[int, list[Record]]]:
        yield 0, [record(0)]
        while not file_of(tmp_path, 0).is_file():
            time.sleep(0.01)
        yield 1, [record(n) for n in range(20_000)]  # half a minute of work
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_parts(tmp_path, parts(), CorpusRecipe(), 2, lambda text: None)
    end = time.monotonic() + 20
    while multiprocessing.active_children() and time.monotonic() < end:
        time.sleep(0.05)
    assert multiprocessing.active_children() == []
    assert [path.name for path in tmp_path.iterdir()] == [file_of(tmp_path, 0).name]


class Deadly:
    """Ends the process that unpickles it."""

    def __reduce__(self) -> Any:
        return os._exit, (9,)


def test_a_process_that_was_killed_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="ended from outside .* what is ready is kept"):
        make_parts(tmp_path, iter([(0, [Deadly()])]), CorpusRecipe(), 2, lambda text: None)  # type: ignore[list-item]


def test_parts_that_are_there_are_not_made_again(tmp_path: Path) -> None:
    file_of(tmp_path, 0).write_bytes(b"ready")
    make_parts(tmp_path, iter([(0, [record(0)]), (1, [record(1)])]), CorpusRecipe(), 1, lambda text: None)
    assert file_of(tmp_path, 0).read_bytes() == b"ready" and file_of(tmp_path, 1).is_file()
