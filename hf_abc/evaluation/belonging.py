"""Whether a model, a tokenizer and a corpus belong together, before any number is computed from them.

run.json says what a model was trained on: `corpus.train` is the fingerprint of the texts of the train side,
in their order, and `tokenizer.fingerprint` that of tokenizer.json. Where they are recorded and differ, a
figure would be wrong without looking wrong (a held-out tune may have been trained on), and nothing is
measured. A model without such a record, from the Hub say, is measured and its figures are marked as of
unknown training.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from hf_abc.errors import InputError
from hf_abc.record import Record, fingerprint


def origin(folder: Path, train: Sequence[str]) -> dict[str, dict[str, str]]:
    """What run.json should say, by section, of a model in `folder` that was trained on the texts `train`."""
    return {
        "corpus": {"train": fingerprint(list(train))},
        "tokenizer": {"fingerprint": hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()},
    }


def check_belongs(folder: Path, train: Sequence[str], corpus: Path) -> bool:
    """Whether the model in `folder` is known to have been trained on the train side of `corpus` (its texts
    are `train`).

    False where run.json does not say. Raises InputError where it says otherwise.
    """
    record = Record(folder)
    known = True
    for section, values in origin(folder, train).items():
        for name, found in values.items():
            recorded = record.get(section, {}).get(name)
            if recorded is None:
                known = False
            elif recorded != found and name == "train":
                raise InputError(
                    f"{folder} was not trained on the tunes of {corpus} and may know its held-out ones: "
                    "give the corpus folder of its training"
                )
            elif recorded != found:
                raise InputError(
                    f"{folder / 'tokenizer.json'} is not the tokenizer that the model was trained with: "
                    "put the one of the run back"
                )
    return known
