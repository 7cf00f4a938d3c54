"""The measures as modules of the `evaluate` library, for code that knows nothing of this package.

    import evaluate, hf_abc
    validity = evaluate.load(hf_abc.metric_path("abc_validity"))
    validity.compute(predictions=["X:1\nK:G\nGABc|]\n"])

They are loaded by path, without a network; this package must be installed. Each returns plain numbers: a
share, and the ends of its 95 % interval under the same name with `_low` and `_high`.
"""

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent


def metric_names() -> list[str]:
    """abc_copying, abc_music, abc_validity, bits_per_character."""
    return sorted(file.stem for file in _FOLDER.glob("*/*.py"))


def metric_path(name: str) -> str:
    """The path that `evaluate.load` takes. Raises InputError for an unknown name."""
    from hf_abc.errors import InputError

    if name not in metric_names():
        raise InputError(f"there is no metric {name!r}: take one of {', '.join(metric_names())}")
    return str(_FOLDER / name / f"{name}.py")
