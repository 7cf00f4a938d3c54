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


Note = tuple[float, float, int]  # start and length in quarter notes, MIDI pitch


@pytest.fixture(scope="session")
def midi_bytes() -> Callable[..., bytes]:
    """Writes a MIDI file: `midi_bytes(notes, more notes, meter=(3, 4), key=1, drums=True, ticks=96)`."""
    import symusic

    def write(
        *tracks: Sequence[Note],
        meter: tuple[int, int] | None = None,
        key: int | None = None,
        tempo: float = 120,
        ticks: int = 480,
        drums: bool = False,
    ) -> bytes:
        score = symusic.Score(ticks)
        score.tempos.append(symusic.Tempo(0, tempo))
        if meter:
            score.time_signatures.append(symusic.TimeSignature(0, *meter))
        if key is not None:
            score.key_signatures.append(symusic.KeySignature(0, key, 0))
        for notes in tracks:
            track = symusic.Track("", 0, drums)
            for start, length, pitch in notes:
                track.notes.append(symusic.Note(round(start * ticks), round(length * ticks), pitch, 80))
            score.tracks.append(track)
        return score.dumps_midi()

    return write
