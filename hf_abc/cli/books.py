"""Tunebooks that are named on the command line."""

import re
import sys
from pathlib import Path

from hf_abc.errors import InputError

_INCLUDE = re.compile(r"(?:%%|I:)[ \t]*abc-include\b")


def read_book(file: Path) -> list[str]:
    """The tunes of a tunebook; InputError when there is none. Files that it wants to have read in are named
    on stderr, and not read.
    """
    from hf_abc.corpora.encoding import decode
    from hf_abc.notation.tune import split_book

    text = decode(file.read_bytes())
    for number, line in enumerate(text.splitlines(), 1):
        if _INCLUDE.match(line):
            print(f"{file}, line {number}: abc-include is not carried out", file=sys.stderr)
    tunes = list(split_book(text))
    if not tunes:
        raise InputError(f"{file} holds no tune: a tune starts with a line X: and has a line K:")
    return tunes
