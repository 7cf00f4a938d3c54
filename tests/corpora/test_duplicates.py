"""Near-duplicates: none is missed, not even where hundreds share what heads their sketches."""

import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.corpora import duplicates
from hf_abc.corpora.duplicates import (
    SIMILAR,
    distinct,
    first_of_its_kind,
    near_duplicates,
    shingles,
    similarity,
)
from hf_abc.corpora.families import Links, name_families
from hf_abc.corpora.index import Index, index
from hf_abc.corpora.windows import Pieces
from hf_abc.notation.tune import parse_tune

NAMES = "C,D,E,F,G,A,B,CDEFGABcdefgab"


def melody(source: random.Random, length: int = 90) -> list[str]:
    return [source.choice("CDEFGABcdefgab") for _ in range(length)]


def indexed(melodies: list[list[str]]) -> Index:
    texts = ["X:1\nM:4/4\nL:1/8\nK:C\n" + "".join(notes) + "|\n" for notes in melodies]
    return index([parse_tune(text, id=f"a:{number}:1") for number, text in enumerate(texts)])


def test_similarity_is_the_share_of_common_8_grams() -> None:
    assert similarity(bytes(range(20)), bytes(range(20))) == 1
    assert len(shingles(bytes(range(20)))) == 13
    assert similarity(bytes(range(20)), bytes(range(6, 26))) == 7 / 19
    assert similarity(b"short", b"short") == 0


def test_a_large_family_of_variants_is_found_whole() -> None:
    """Four hundred renderings, each with two notes changed, among as many strangers that share a scale."""
    source = random.Random(1)
    theme, scale = melody(source), list("CDEFGABcdefgabagfedcBAGFEDC")
    family = []
    for _ in range(400):
        variant = list(theme)
        for place in source.sample(range(90), 2):
            variant[place] = source.choice("CDEFGAB")
        family.append(variant)
    strangers = [scale + melody(source, 70) for _ in range(400)]
    mixed = [tune for pair in zip(family, strangers, strict=True) for tune in pair]
    found = indexed(mixed)
    first = first_of_its_kind(found.melodies)
    pairs = near_duplicates(found, first)
    none = np.zeros((0, 2), dtype=np.int64)
    names = name_families([f"{n:04}" for n in range(800)], Links(first, pairs, none, none, none))
    sizes = Counter(names)
    assert Counter(sizes.values()) == {400: 1, 1: 400} and set(names[::2]) == {"0000"}


def test_pictures_refuse_no_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    source = random.Random(2)
    tunes = []
    for _ in range(40):
        theme = melody(source, source.randrange(20, 200))
        start = source.randrange(len(theme) // 3)
        tunes += [theme, theme[start:] + melody(source, start)]
    found = indexed(tunes)
    pairs = np.array([(n, n + 1) for n in range(0, 80, 2)])
    passed = set(duplicates._may_be_similar(found, pairs).tolist())
    similar = {
        n for n, (a, b) in enumerate(pairs.tolist())
        if similarity(found.melodies[a], found.melodies[b]) >= SIMILAR
    }  # fmt: skip
    assert len(similar) > 20 and similar <= passed
    strangers = np.array(list(pairwise(range(1, 80, 2))))
    assert not len(duplicates._may_be_similar(found, strangers))


def test_the_first_of_equal_melodies_stands_for_all() -> None:
    strings = [b"long enough", b"x", b"long enough", b"x", b"another one", b"long enough"]
    assert first_of_its_kind(Pieces.of(strings)).tolist() == [0, 1, 0, 3, 4, 0]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=30), st.integers(1, 3))
def test_distinct_pairs(pairs: list[tuple[int, int]], at_least: int) -> None:
    times = Counter(tuple(sorted(pair)) for pair in pairs)
    wanted = sorted(list(pair) for pair, count in times.items() if count >= at_least)
    found = distinct(np.array(pairs, dtype=np.int64).reshape(-1, 2), 7, at_least=at_least)
    assert found.tolist() == wanted
