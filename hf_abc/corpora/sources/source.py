"""What a source of tunes is: its name, its terms, and a stream of tunes and of what could not be one.

A source is opened (its place is found, its terms are read, nothing of it is held) and then read, as often as
wanted. Readers raise only for the whole of a source; a single file or record that is no tune comes out as
`Refused`, so that what was read is what was kept and what was dropped with its reason.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace

from hf_abc.errors import LicenceError
from hf_abc.notation.tune import Tune

LONGEST = 300_000
"""Characters of the longest text that counts as a tune: far above any tune, and a guard for every later step
(a published MIDI conversion of 44 kB grew to 3.4 GB)."""


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms of a source. `name` stands in the column `licence` of each row: an SPDX id where there is one.

    `clause` holds the words that forbid training, where `allows_training` is false; `note` what a user of the
    data should know ("no commercial use"); `acknowledged` that the recipe's `corpus.acknowledge` named it.
    """

    name: str
    title: str = ""
    url: str = ""
    allows_training: bool = True
    clause: str = ""
    note: str = ""
    acknowledged: bool = False


UNKNOWN = Licence(
    "unknown", note="no licence is stated: ask its owner before the data or a model goes public"
)


@dataclass(frozen=True, slots=True)
class Refused:
    """Something in a source that is no tune: where it stands (file, row) and why it was refused."""

    source: str
    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """An opened source. `name` is the first part of its tunes' ids and their `source`; `spec` is how the
    recipe names it.

    `read()` streams it from the start, each time anew. `mark()` changes when its content does (reads every
    byte once, or tells size and name where that would take minutes).
    """

    spec: str
    name: str
    title: str
    licence: Licence
    read: Callable[[], Iterator[Tune | Refused]]
    mark: Callable[[], str]


def permitted(licence: Licence, kind: str, acknowledged: Container[str]) -> Licence:
    """The licence, if it allows training or `kind` was acknowledged (then it says so).

    Raises LicenceError with the clause and the key that acknowledges it.
    """
    if licence.allows_training:
        return licence
    if kind in acknowledged:
        return replace(licence, acknowledged=True)
    raise LicenceError(
        f"{licence.title or licence.name} forbids training: “{licence.clause}” Take another source, or, with "
        f"a permission of your own, write `corpus.acknowledge: [{kind}]`; report and card will say so"
    )
