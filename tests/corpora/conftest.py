"""A small corpus, built once: every tenth tune of the collections, with all the steps of a real one."""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hf_abc.corpora import build
from hf_abc.corpora.sources import Refused, Source, open_sources
from hf_abc.notation.tune import Tune
from hf_abc.recipe import CorpusRecipe

Opener = Callable[[Sequence[str], Container[str]], list[Source]]


@pytest.fixture(scope="session")
def some_sources() -> Opener:
    """Opens sources thinned to every tenth tune, and those of some printed numbers that come twice."""

    def thinned(source: Source) -> Source:
        def read() -> Iterator[Tune | Refused]:
            for place, found in enumerate(source.read()):
                twice = isinstance(found, Tune) and found.id.startswith(("oneills1850:73", "oneills1850:62"))
                if place % 10 == 0 or twice:
                    yield found

        return replace(source, read=read)

    return lambda specs, acknowledged=(): [thinned(source) for source in open_sources(specs, acknowledged)]


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory, some_sources: Opener) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "open_sources", some_sources)
        return build.build_corpus(CorpusRecipe(only_right_bars=True), tmp_path_factory.mktemp("c") / "corpus")
