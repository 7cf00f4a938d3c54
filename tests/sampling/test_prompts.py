"""Prompts: the fields in the order of training, refused when they are none, completed by the model where
there are gaps.
"""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from hf_abc.errors import InputError
from hf_abc.models.tokenizers import train_tokenizer
from hf_abc.notation.tune import header_fields
from hf_abc.sampling import generator
from hf_abc.sampling.generator import Sample
from hf_abc.sampling.prompts import DEFAULT_WISHES, Wish, prompt, write_heads


@pytest.mark.parametrize(
    ("wish", "head"),
    [
        ({}, "X:1\n"),
        ({"title": "The  Old\nMill"}, "X:1\nT:The Old Mill\n"),
        ({"rhythm": "Jig", "meter": "6/8"}, "X:1\nR:jig\nM:6/8\n"),
        ({"key": "Edor", "meter": "C", "title": "A"}, "X:1\nT:A\nM:4/4\nL:1/8\nK:Edor\n"),
        ({"key": "D major", "meter": "c|"}, "X:1\nM:C|\nL:1/8\nK:D\n"),
        ({"key": "F# minor"}, "X:1\nL:1/8\nK:F#m\n"),
        ({"meter": "2+3/8"}, "X:1\nM:5/8\n"),
    ],
)
def test_prompt(wish, head):
    assert prompt(**wish) == head


@pytest.mark.parametrize("meter", ["7", "6:8", "0/4", "none", "jig", "6/8\nK:C"])
def test_unknown_meter(meter):
    with pytest.raises(InputError, match="is no meter: write it as 6/8") as caught:
        prompt(meter=meter)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["H", "maj", "d", "Dxyz", "C#dor5", "G\nX:2", "8", "Cb#", "G#maj"])
def test_unknown_key(key):
    with pytest.raises(InputError, match="is no key: write a tonic") as caught:
        prompt(key=key)
    assert "\n" not in str(caught.value)


def test_default_wishes_are_ten_and_differ():
    assert len(set(DEFAULT_WISHES)) == 10
    assert len({wish.key for wish in DEFAULT_WISHES}) >= 7
    assert len({wish.meter for wish in DEFAULT_WISHES}) >= 6
    for wish in DEFAULT_WISHES:
        assert wish.fields()["K"] == wish.key


def _writer(monkeypatch, writes):
    """Put a model in place that goes on with a known text."""
    asked = []

    def generate_tunes(model, tokenizer, prompts, *, seed, temperature, min_p, batch_size, max_new_tokens):
        asked.append((list(prompts), seed))
        return [Sample(p, p + writes(p), seed, i, 9, True) for i, p in enumerate(prompts)]

    monkeypatch.setattr(generator, "generate_tunes", generate_tunes)
    return asked


def test_the_model_fills_the_gaps(monkeypatch):
    def writes(head):
        rest = "X:1\nT:Old Tune\nR:reel\nM:2/4\nL:1/8\nK:A\nABc"
        return rest[rest.index("L:") :] if "M:" in head else rest.removeprefix("X:1\n")

    asked = _writer(monkeypatch, writes)
    wishes = [
        Wish(key="D"),
        Wish(meter="3/4", key="G"),
        Wish(),
        Wish(title="New"),
        Wish("New", "jig", "6/8", "Em"),
    ]
    assert write_heads(None, None, wishes, seed=3) == [
        "X:1\nT:Old Tune\nR:reel\nM:2/4\nL:1/8\nK:D\n",
        "X:1\nT:Old Tune\nR:reel\nM:3/4\nL:1/8\nK:G\n",
        "",
        "X:1\nT:New\n",
        "X:1\nT:New\nR:jig\nM:6/8\nL:1/8\nK:Em\n",
    ]
    assert len({seed for _, seed in asked}) == len(asked)  # each pass draws other numbers
    assert all(seed != 3 for _, seed in asked)


def test_a_jig_gets_a_jigs_title(monkeypatch):
    turns = iter(["T:A Reel\nR:reel\n", "T:A Jig\nR:jig\n", *["T:Another Jig\nR:jig\n"] * 99])
    _writer(monkeypatch, lambda head: next(turns))
    assert write_heads(None, None, [Wish(rhythm="jig")], seed=1) == ["X:1\nT:A Jig\nR:jig\n"]
    _writer(monkeypatch, lambda head: "T:A Reel\nR:reel\n")
    assert write_heads(None, None, [Wish(rhythm="jig")], seed=1) == ["X:1\nT:A Reel\nR:jig\n"]  # none fits


def test_a_model_that_writes_no_head(monkeypatch):
    _writer(monkeypatch, lambda head: "M:3/4 but no line end")
    assert write_heads(None, None, [Wish(key="D")], seed=1) == ["X:1\nK:D\n"]
    _writer(monkeypatch, lambda head: "M:3/4\nT:in wrong order\nL:1/8\n")
    assert write_heads(None, None, [Wish(key="D")], seed=1) == ["X:1\nM:3/4\nK:D\n"]


def test_heads_of_an_untrained_model_still_hold_the_wishes():
    tokenizer = train_tokenizer(["X:1\nK:D\n"], kind="char")
    torch.manual_seed(0)
    model = GPT2LMHeadModel(
        GPT2Config(vocab_size=len(tokenizer), n_positions=128, n_embd=16, n_layer=1, n_head=2)
    )
    for head, wish in zip(write_heads(model, tokenizer, DEFAULT_WISHES, seed=1), DEFAULT_WISHES, strict=True):
        fields = header_fields(head)
        assert (fields["M"], fields["K"]) == ([wish.meter], [wish.key])


@pytest.mark.parametrize("words", ["hello", "GAB\nc2d", "z4|", "THE cat"])
def test_an_opening_that_is_no_music_is_refused(words):
    with pytest.raises(InputError, match="no line of ABC music"):
        _ = Wish(opening=words).music
