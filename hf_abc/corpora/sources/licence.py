"""The terms of a source: what each row carries, and whether they allow training.

This reads terms, it does not judge them: a clause that forbids training stops a build until the recipe
acknowledges it by name, and a source that states nothing is `unknown`.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path

from hf_abc.corpora.encoding import decode
from hf_abc.errors import LicenceError

_NAMES = re.compile(r"(?:licen[cs]e|copying|terms)\b.*", re.IGNORECASE)
_MODELS = re.compile(
    r"\b(?:(?i:language models?|artificial intelligence|machine[- ]learning|neural networks?|"
    r"generative models?)|LLMs?|AI)\b"
)
_FORBIDS = re.compile(
    r"\b(?:(?:may|must|shall|can|is|are|do|does)[ -]+not|cannot|prohibit\w*|forbid\w*|not permitted|"
    r"not allowed)\b",
    re.IGNORECASE,
)
_SIZE = 200_000


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms of a source. `name` stands in the column `licence` of each row: an SPDX id where there is one.

    `clause` holds the words that forbid training, where `allows_training` is false; `note` what a user of the
    data must know ("no commercial use"); `text` the terms as they were found, where they are short;
    `acknowledged` that the recipe's `corpus.acknowledge` named it.
    """

    name: str
    title: str = ""
    url: str = ""
    allows_training: bool = True
    clause: str = ""
    note: str = ""
    text: str = ""
    acknowledged: bool = False


UNKNOWN = Licence("unknown", note="no licence is stated: ask the owner before data or model go public")


def permitted(licence: Licence, spec: str, acknowledged: Container[str]) -> Licence:
    """The licence, if it allows training or if the kind of the source was acknowledged (then it says so).

    Raises LicenceError with the clause and the key that acknowledges it.
    """
    if licence.allows_training:
        return licence
    kind = spec.partition(":")[0]
    if kind in acknowledged:
        return replace(licence, acknowledged=True)
    raise LicenceError(
        f"the licence of {spec} forbids training: “{licence.clause}” Take another source, or, with a "
        f"permission of your own, write `corpus.acknowledge: [{kind}]` into the recipe: report and card will "
        "say so"
    )


def terms_beside(path: Path, otherwise: Licence = UNKNOWN) -> Licence:
    """`otherwise`, unless a licence file in the folder (or beside the file) has a clause against training."""
    folder = path if path.is_dir() else path.parent
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return otherwise
    for file in entries:
        if not _NAMES.fullmatch(file.name):
            continue
        if file.is_file() and (clause := forbidding_clause(_text(file))):
            return replace(otherwise, allows_training=False, clause=clause, title=f"{file.name} of {path}")
    return otherwise


def forbidding_clause(text: str) -> str:
    """The first sentence that names language models, machine learning or AI and forbids something, or ""."""
    text = re.sub(r"^#.*$", "\n", text, flags=re.MULTILINE)  # headings
    for sentence in re.split(r"(?<=[.!?])\s+|\n[ \t]*\n", text):
        if _MODELS.search(sentence) and _FORBIDS.search(sentence):
            return " ".join(sentence.strip("*-> \n").split())
    return ""


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return decode(stream.read(_SIZE))
    except OSError:
        return ""
