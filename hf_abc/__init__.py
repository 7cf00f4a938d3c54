"""Language models of tunes in ABC notation: corpora, training, measurement, sampling, rendering.

The names below are loaded when they are first used, so that `import hf_abc` is quick and loads nothing heavy.
"""

import importlib
from typing import Any

_HOMES = {
    "HfAbcError": "errors",
    "Recipe": "recipe",
    "Record": "record",
    "Tune": "notation.tune",
    "build_corpus": "corpora",
    "check_book": "abcmidi",
    "generate_tunes": "sampling.generator",
    "load_recipe": "recipe",
    "metric_path": "evaluation.metrics",
    "parse_tune": "notation.tune",
    "read_split": "corpora",
    "render": "rendering.render",
    "show": "rendering.show",
    "train": "training.loop",
    "train_tokenizer": "models.tokenizers",
}

__all__ = [
    "HfAbcError",
    "Recipe",
    "Record",
    "Tune",
    "build_corpus",
    "check_book",
    "generate_tunes",
    "load_recipe",
    "metric_path",
    "parse_tune",
    "read_split",
    "render",
    "show",
    "train",
    "train_tokenizer",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # takes 50 ms

        return version("hf-abc")
    if name in _HOMES:
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
