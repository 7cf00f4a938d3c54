"""run.json as a card reads it: what lacks is an error that names it."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hf_abc.errors import InputError

_ADVICE = {
    "evaluation": "measure the model with `hf-abc evaluate`",
    "samples": "measure the model with `hf-abc evaluate`",
    "plain_samples": "measure the model with `hf-abc evaluate`",
    "corpus": "name the corpus folder of its training, as in `hf-abc publish RUN --corpus DIR`",
    "tokenizer": "name the corpus folder of its training, as in `hf-abc publish RUN --corpus DIR`",
    "examples": "name the corpus folder of its training, as in `hf-abc publish RUN --corpus DIR`",
}
_MAY_BE_NONE = {
    *("value", "low", "high", "revision", "changed"),
    *("sampled", "floor", "floor_high"),
    "human",  # the mean of a distribution, which has none; as a section it is always there
}
"""Measured and found to be nothing (an estimate over no tune), or not a clone."""


class Part:
    """A mapping of run.json, for a template: a key that it lacks is an error that says which."""

    def __init__(self, values: Mapping[str, Any], file: Path, path: str = "") -> None:
        self._values, self._file, self._path = values, file, path

    def __getitem__(self, key: str) -> Any:
        path = f"{self._path}.{key}".lstrip(".")
        value = self._values.get(key)
        nothing = value is None and not (key in self._values and key in _MAY_BE_NONE)
        if nothing or (isinstance(value, float) and not math.isfinite(value)):
            advice = _ADVICE.get(path.split(".")[0], "train the model with `hf-abc train`")
            raise InputError(f"{self._file} lacks {path}, which the card must tell: {advice}")
        return self._wrapped(value, path)

    def _wrapped(self, value: Any, path: str) -> Any:
        if isinstance(value, Mapping):
            return Part(value, self._file, path)
        if isinstance(value, list):
            return [self._wrapped(item, f"{path}.{number}") for number, item in enumerate(value)]
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)
