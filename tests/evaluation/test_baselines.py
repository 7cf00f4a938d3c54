"""Baselines by hand: Witten-Bell on a toy string, and xz where it must be cheap."""

import math
import random

import pytest

from hf_abc.evaluation.baselines import conditional_xz, witten_bell
from hf_abc.evaluation.likelihood import bits_per_character


def rows(*texts):
    return [{"id": str(i), "family": str(i), "text": text} for i, text in enumerate(texts)]


def nats(train, text, order):
    return witten_bell(train, rows(text), order=order)[0].nats


def test_unigram_by_hand():
    # "aab" and its end: a 2, b 1, end 1; 4 symbols seen, of 3 kinds; a fourth, "unseen", makes the base 1/4
    p = {"a": (2 + 3 / 4) / 7, "b": (1 + 3 / 4) / 7, "end": (1 + 3 / 4) / 7, "unseen": (3 / 4) / 7}
    assert sum(p.values()) == pytest.approx(1)
    assert nats(["aab"], "ab", 1) == pytest.approx(-math.log(p["a"] * p["b"] * p["end"]))
    assert nats(["aab"], "z", 1) == pytest.approx(-math.log(p["unseen"] * p["end"]))


def test_bigram_by_hand():
    one = {"a": 11 / 28, "b": 7 / 28, "end": 7 / 28, "unseen": 3 / 28}
    # contexts of "aab": start -> a; a -> a, b; b -> end
    start = {"a": (1 + one["a"]) / 2, "b": one["b"] / 2}
    after_a = {"a": (1 + 2 * one["a"]) / 4, "b": (1 + 2 * one["b"]) / 4, "end": 2 * one["end"] / 4}
    after_b = {"end": (1 + one["end"]) / 2}
    assert nats(["aab"], "ab", 2) == pytest.approx(-math.log(start["a"] * after_a["b"] * after_b["end"]))
    assert nats(["aab"], "ba", 2) == pytest.approx(-math.log(start["b"] * (one["a"] / 2) * after_a["end"]))
    # after a character that training never saw, the shorter context decides
    assert nats(["aab"], "za", 2) == pytest.approx(-math.log(one["unseen"] / 2 * one["a"] * after_a["end"]))


def test_contexts_end_at_the_start_of_a_tune():
    assert nats(["ab", "cd"], "ab", 5) == pytest.approx(nats(["cd", "ab"], "ab", 5))
    together = witten_bell(["abab", "cdcd"], rows("ab", "cd", ""))
    alone = [witten_bell(["abab", "cdcd"], rows(text))[0] for text in ("ab", "cd", "")]
    assert [loss.nats for loss in together] == pytest.approx([loss.nats for loss in alone])
    assert [(loss.chars, loss.tokens) for loss in together] == [(2, 3), (2, 3), (0, 1)]


def slow_witten_bell(train, text, order):
    """The definition, letter by letter."""
    end, start = "\0", "\0" * (order - 1)
    alphabet = {c for t in train for c in t} | {end, "unseen"}
    followers = {}
    for line in train:
        line = start + line + end
        for i in range(order - 1, len(line)):
            for width in range(order):
                followers.setdefault(line[i - width : i], []).append(line[i])

    def probability(context, symbol):
        lower = probability(context[1:], symbol) if context else 1 / len(alphabet)
        seen = followers.get(context)
        if seen is None:
            return lower
        types = len(set(seen))
        return (seen.count(symbol) + types * lower) / (len(seen) + types)

    line = start + text + end
    return -sum(math.log(probability(line[i - order + 1 : i], line[i])) for i in range(order - 1, len(line)))


@pytest.mark.parametrize("order", [1, 2, 3, 5, 8])
def test_equals_the_definition(order):
    draw = random.Random(order)
    texts = ["".join(draw.choices("abcd|\n", [5, 3, 2, 1, 2, 1], k=draw.randrange(40))) for _ in range(30)]
    train, held_out = texts[:20], [*texts[20:], "xyz", ""]
    for loss, text in zip(witten_bell(train, rows(*held_out), order=order), held_out, strict=True):
        assert loss.nats == pytest.approx(slow_witten_bell(train, text, order), rel=1e-9)


def test_xz_of_what_it_knows_is_cheap():
    draw = random.Random(1)
    texts = ["".join(draw.choices("abcdefgh", k=400)) + "\n" for _ in range(20)]
    known, new = (
        conditional_xz(texts, texts[5:7]),
        conditional_xz(texts, ["".join(draw.choices("abcdefgh", k=800))]),
    )
    assert known < 0.4
    assert 3.0 < new < 3.6  # eight letters at random are three bits each


def test_order_five_beats_order_one_on_tunes():
    bar = ["GABc", "dBGB", "cAFA", "G2G2"]
    draw = random.Random(3)
    texts = ["X:1\nK:G\n" + "|".join(draw.choices(bar, k=16)) + "|]\n" for _ in range(40)]
    low, high = (
        bits_per_character(witten_bell(texts[:30], rows(*texts[30:]), order=n)).value for n in (5, 1)
    )
    assert low < 0.6 < 2 < high
