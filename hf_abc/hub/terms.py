"""Whether a corpus, or a model of it, may be published, by what its sources state.

This reads what the report of a corpus says; it does not judge it. A clause against training stops both,
however the corpus was built; what nobody has stated stops a public repository until a licence is named.
"""

import re
from collections.abc import Mapping
from typing import Any

from hf_abc.corpora.sources.music21_collections import LICENCE as MUSIC21
from hf_abc.corpora.sources.thesession import CLOSED
from hf_abc.errors import InputError, LicenceError

_FREE = "apache-2.0"
"""Licence of weights that have seen nothing but the embedded collections; the card gives the reason."""


def model_licence(corpus: Mapping[str, Any]) -> str:
    """The licence of weights where it follows from the corpus (the section of run.json), else ""."""
    return _FREE if [*corpus.get("licences", {})] == [MUSIC21] else ""


def check_training(licences: Mapping[str, int], terms: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse a corpus, or a model of it, whose terms forbid training: LicenceError with the clause.

    `licences` are counts of tunes, `terms` what each source states (older records lack it).
    """
    for name, stated in terms.items():
        if not stated["allows_training"]:
            raise LicenceError(
                f"the licence of {name} forbids training, so that neither the tunes nor a model of them is "
                f"published: “{stated['clause']}” Build the corpus without this source"
            )
    if CLOSED.name in licences:
        raise LicenceError(
            f"{licences[CLOSED.name]:,} tunes are under the {CLOSED.title}, so that neither they nor a model "
            f"of them is published: “{CLOSED.clause}” Build the corpus without them"
        )


def check_stated(licences: Mapping[str, int], licence: str, *, private: bool, what: str) -> None:
    """Refuse to make `what` public while nobody has said what it is under.

    `licence` is what is stated, in the Hub's spelling; InputError where it is no such word.
    """
    if licence and not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", licence):
        raise InputError(f"--licence {licence!r} is none of the Hub's: write it as cc-by-4.0 or apache-2.0")
    if not licence and not private:
        names = ", ".join(f"{name} ({count:,})" for name, count in licences.items())
        raise LicenceError(
            f"nobody has said what {what} is under, and its tunes are under (number of tunes): {names}; when "
            "you know that you may, name a licence, as in --licence cc-by-4.0, or keep it with --private"
        )
