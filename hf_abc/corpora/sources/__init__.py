"""Where tunes come from: every source gives a stream of tunes with id, source and licence.

    for source in open_sources(recipe.sources, recipe.acknowledge):
        for found in source.read():          # Tune | Refused, never the whole source in memory
            ...

A source is named as in `corpus.sources` of a recipe:

    oneills1850 …             a collection that the music21 wheel carries (COLLECTIONS)
    tunebooks:PLACE           a file, a folder or an archive of tunebooks, in any encoding
    thesession:PLACE          a dump of The Session: tunes.json, tunes.csv, or a clone of its repository
    thesession:download       the last revision whose licence allows training; `download@REVISION` another
    folk_rnn:PLACE            a file of folk-RNN, or the name of a published one, which is downloaded
    irishman:PLACE            IrishMAN's JSON, or any JSON list of records with a column of ABC
    nottingham:PLACE          the Nottingham data set, one edition or both
    hub:ID#COLUMN             any data set of the Hub, or a folder that `datasets` reads
    midi:PLACE                a file, a folder or an archive of MIDI, converted to ABC

`Source` says title and licence before anything is read; `licence.acknowledged` is for report and card.
"""

from collections.abc import Callable, Container, Iterator, Sequence

from hf_abc.errors import RecipeError
from hf_abc.notation.tune import Tune

from .folk_rnn import open_folk_rnn
from .hub import open_hub
from .irishman import open_irishman
from .licence import Licence
from .midi import open_midi
from .music21_collections import COLLECTIONS, open_collection
from .nottingham import open_nottingham
from .source import Refused, Source
from .thesession import open_thesession
from .tunebooks import open_tunebooks

__all__ = ["Licence", "Refused", "Source", "open_source", "open_sources", "read_source"]


def open_sources(specs: Sequence[str], acknowledged: Container[str] = ()) -> list[Source]:
    """The sources of a recipe in its order, each once.

    Raises RecipeError for one that is unknown or when two would give the same ids, InputError for a place
    that cannot be read, LicenceError for terms that forbid training and were not acknowledged.
    """
    sources = [open_source(spec, acknowledged) for spec in dict.fromkeys(specs)]
    seen: dict[str, str] = {}
    for source in sources:
        if source.name in seen:
            raise RecipeError(
                f"corpus.sources: {seen[source.name]} and {source.spec} would both be called {source.name}: "
                "rename one of the files or folders"
            )
        seen[source.name] = source.spec
    return sources


def read_source(spec: str, acknowledged: Container[str] = ()) -> Iterator[Tune | Refused]:
    """The tunes of one source in order, and what was refused: `open_source(spec).read()`."""
    return open_source(spec, acknowledged).read()


def open_source(spec: str, acknowledged: Container[str] = ()) -> Source:
    """Find a source and read its terms; errors as for `open_sources`."""
    kind, colon, place = spec.partition(":")
    if spec in COLLECTIONS:
        return open_collection(spec, acknowledged)
    if kind not in _KINDS or not place:
        raise RecipeError(
            f"corpus.sources: {spec} is unknown: choose among {', '.join(COLLECTIONS)}, "
            f"or name a kind and a place, as tunebooks:FOLDER (kinds: {', '.join(_KINDS)})"
        )
    return _KINDS[kind](place, acknowledged)


_KINDS: dict[str, Callable[[str, Container[str]], Source]] = {
    "tunebooks": open_tunebooks,
    "thesession": open_thesession,
    "folk_rnn": open_folk_rnn,
    "irishman": open_irishman,
    "nottingham": open_nottingham,
    "hub": open_hub,
    "midi": open_midi,
}
