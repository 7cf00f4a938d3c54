"""Training: from texts to a run folder that any Hugging Face tool can load."""

from typing import Any

__all__ = ["fit", "train"]


def __getattr__(name: str) -> Any:
    """`fit` and `train`, when they are first asked for: they bring torch, which not all here needs."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hf_abc.training import loop

    return getattr(loop, name)
