"""Tunebooks that are named on the command line."""

from pathlib import Path

from hf_abc.errors import InputError


def read_book(file: Path) -> list[str]:
    """The tunes of a tunebook; InputError when there is none."""
    from hf_abc.corpora.encoding import decode
    from hf_abc.notation.tune import split_book

    tunes = list(split_book(decode(file.read_bytes())))
    if not tunes:
        raise InputError(f"{file} holds no tune: a tune starts with a line X: and has a line K:")
    return tunes
