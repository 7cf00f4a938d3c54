"""What a model must beat: an n-gram model and a compressor on the same characters.

Both learn from the train texts and are measured on the held-out ones, as the models are. Neither knows of
tokens; each counts the end of a tune.
"""

import lzma
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hf_abc.evaluation.likelihood import TuneLoss

_END = 0  # ends a tune and, as padding, begins one
_UNSEEN = 1  # every character that no train text holds


def witten_bell(train: Sequence[str], rows: Sequence[Mapping[str, Any]], *, order: int = 5) -> list[TuneLoss]:
    """The loss of each tune of `rows` (mappings with `id`, `family`, `text`) under an interpolated n-gram
    of characters.

    p(c | h) = (count(h c) + types(h) p(c | h')) / (count(h) + types(h)), where types(h) is the number of
    different characters seen after the context h and h' is h without its first character; below the
    shortest context all characters are alike (Witten and Bell 1991, method C). Contexts end at a tune's
    start, which is a symbol itself. A character that no train text holds costs as much as "an unseen one"
    and is not spelled out, which flatters the baseline by very little. Trains on a million characters in
    about two seconds.
    """
    alphabet = {
        char: code for code, char in enumerate(sorted({c for text in train for c in text}), _UNSEEN + 1)
    }
    size = len(alphabet) + 2
    seen, told = _stream(train, alphabet, order)
    stream, asked = _stream([row["text"] for row in rows], alphabet, order)
    probability = np.full(len(asked), 1 / size)
    train_context, context = np.zeros(len(told), dtype=np.int64), np.zeros(len(asked), dtype=np.int64)
    for width in range(order):
        if width:  # the context grows by the character `width` places back
            train_context += seen[told - width] * size ** (width - 1)
            context += stream[asked - width] * size ** (width - 1)
        grams, counts = np.unique(train_context * size + seen[told], return_counts=True)
        contexts, of_gram = np.unique(grams // size, return_inverse=True)
        total = np.bincount(of_gram, weights=counts)
        types = np.bincount(of_gram)
        known, place = _find(contexts, context)
        hit, where = _find(grams, context * size + stream[asked])
        count = np.where(hit, counts[where], 0)
        mixed = (count + types[place] * probability) / (total[place] + types[place])
        probability = np.where(known, mixed, probability)
    nats = -np.log(probability)
    lengths = [len(row["text"]) + 1 for row in rows]
    bounds = np.cumsum([0, *lengths])
    return [
        TuneLoss(row["id"], row["family"], float(nats[start:stop].sum()), len(row["text"]), length)
        for row, start, stop, length in zip(rows, bounds, bounds[1:], lengths, strict=False)
    ]


def _stream(texts: Sequence[str], alphabet: Mapping[str, int], order: int) -> tuple[np.ndarray, np.ndarray]:
    """All texts as one line of codes with order - 1 ends (at least one) between them, and the places to
    predict.

    These are the characters and the first end behind each text; the ends behind that are the next text's
    start.
    """
    gap = max(1, order - 1)
    codes = [_END] * gap
    places: list[int] = []
    for text in texts:
        places.extend(range(len(codes), len(codes) + len(text) + 1))
        codes.extend(alphabet.get(char, _UNSEEN) for char in text)
        codes.extend([_END] * gap)
    return np.array(codes, dtype=np.int64), np.array(places, dtype=np.int64)


def _find(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether each wanted number is among the sorted keys, and its place there (any place where it is
    not).
    """
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return keys[place] == wanted, place


def conditional_xz(train: Sequence[str], held_out: Sequence[str]) -> float:
    """Bits per character that xz adds for the held-out texts when it has just read the train texts.

    (xz(train + held out) - xz(train)) * 8 / characters, a blank line between tunes, at the strongest preset
    with a dictionary that holds everything. One number for the whole side: a compressor has no loss of a
    single tune.
    """
    before = "\n".join(train).encode("utf-8", "surrogatepass")
    behind = ("\n" + "\n".join(held_out)).encode("utf-8", "surrogatepass")
    size = max(1 << 20, 1 << (len(before) + len(behind)).bit_length())
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": min(size, 1 << 30)}]
    sizes = [len(lzma.compress(data, filters=filters)) for data in (before, before + behind)]
    return (sizes[1] - sizes[0]) * 8 / max(1, sum(len(text) for text in held_out))
