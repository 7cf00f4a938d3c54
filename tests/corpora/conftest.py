"""A small corpus, built once: every tenth tune of the collections, with all the steps of a real one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hf_abc.corpora import build
from hf_abc.corpora.sources.music21_collections import read_collection
from hf_abc.notation.tune import Tune
from hf_abc.recipe import CorpusRecipe


@pytest.fixture(scope="session")
def some_tunes() -> Callable[[str], Iterator[Tune]]:
    """Reads every tenth tune of a collection, and those of some printed numbers that come twice."""

    def read(name: str) -> Iterator[Tune]:
        for place, tune in enumerate(read_collection(name)):
            if place % 10 == 0 or tune.id.startswith(("oneills1850:73", "oneills1850:62")):
                yield tune

    return read


@pytest.fixture(scope="session")
def small_corpus(
    tmp_path_factory: pytest.TempPathFactory, some_tunes: Callable[[str], Iterator[Tune]]
) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "read_collection", some_tunes)
        return build.build_corpus(CorpusRecipe(only_right_bars=True), tmp_path_factory.mktemp("c") / "corpus")
