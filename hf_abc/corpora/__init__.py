"""Corpora: from tunebooks to a cleaned, grouped and split data set, and back to its rows.

The names below are loaded when they are first used: `read_split` needs pyarrow and nothing else.
"""

import importlib
from typing import Any

_HOMES = {
    "build_corpus": "build",
    "build_shard": "build",
    "check_files": "check",
    "clean_books": "clean_book",
    "convert_midi": "midi_book",
    "join_shards": "build",
    "read_split": "parquet",
}

__all__ = [
    "build_corpus",
    "build_shard",
    "check_files",
    "clean_books",
    "convert_midi",
    "join_shards",
    "read_split",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
