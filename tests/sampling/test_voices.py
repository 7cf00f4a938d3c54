"""Several voices are kept together, whatever the model wants, and in `generate()` too."""

import random

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from hf_abc.abcmidi import check_book, compiles
from hf_abc.models.tokenizers import encode, train_tokenizer
from hf_abc.notation.bars import bars
from hf_abc.sampling.form import Form
from hf_abc.sampling.generator import generate_tunes, vocabulary_of
from hf_abc.sampling.guards import ALL_GUARDS, Guards, Watch
from hf_abc.sampling.processors import TuneGuard
from hf_abc.sampling.vocabulary import BANNED

HEAD = "X:1\nM:2/4\nL:1/8\nV:1\nV:2\nV:3\nK:C\n"
ROUND = HEAD + "[V:1]CDEF|G2G2|]\n[V:2]E2D2|E4|]\n[V:3]C,4|C,4|]\n"


@pytest.fixture(scope="module", params=["char", "note"])
def tokenizer(request):
    if request.param == "char":
        return train_tokenizer(tunes(40), kind="char")
    return train_tokenizer(tunes(40), vocab_size=300, boundary="note")


@pytest.fixture(scope="module")
def model(tokenizer):
    """Some steps on tunes of one voice: it has an idea of notes, none of voices or of how to count."""
    torch.manual_seed(3)
    shape = {"n_embd": 32, "n_layer": 1, "n_head": 2, "n_positions": 400}
    special = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), **special, **shape))
    adam = torch.optim.AdamW(model.parameters(), 1e-2)
    rows = encode(tokenizer, tunes(160))
    for step in range(60):
        batch = [torch.tensor([0, *ids, 0]) for ids in rows[step % 20 * 8 :][:8]]
        ids = torch.nn.utils.rnn.pad_sequence(batch, batch_first=True)
        model(ids, labels=ids).loss.backward()
        adam.step()
        adam.zero_grad()
    return model.eval()


def tunes(count):
    """Music without voices, bars of any length."""
    draw = random.Random(1)
    notes = [
        "C2",
        "D",
        "E/",
        "F-F",
        "G>A",
        "(3BcB",
        "[ce]2",
        "z",
        "|",
        "|",
        "|:",
        ":|",
        "||",
        "|]",
        "A\n",
        "{g}c",
    ]
    heads = ["X:1\nM:2/4\nL:1/8\nK:C\n", "X:1\nM:2/4\nL:1/8\nV:1\nV:2\nV:3\nK:C\n[V:1]"]
    return [heads[n % 2] + "".join(draw.choices(notes, k=30)) + "|]\n" for n in range(count)]


def lines_of(text):
    """The bars of each voice, as (ticks, bar line)."""
    found = {}
    for bar in bars(text):
        found.setdefault(bar.voice, []).append((bar.ticks, str(bar.closing)))
    return found


def watch_over(tokenizer, text, limit):
    return Watch.over_prompt(ALL_GUARDS, vocabulary_of(tokenizer), [0, *encode(tokenizer, [text])[0]], limit)


def test_a_model_that_knows_nothing_keeps_its_voices_together(model, tokenizer):
    samples = generate_tunes(model, tokenizer, [HEAD] * 24, seed=1, min_p=0.02, guards=ALL_GUARDS)
    assert all(sample.ended and sample.guarded for sample in samples)
    for sample in samples:
        found = lines_of(sample.text)
        assert set(found) == {"1", "2", "3"}, sample.text
        assert found["1"] == found["2"] == found["3"], sample.text
    said = check_book([sample.text for sample in samples])
    assert not [m for messages in said for m in messages if m.kind == "voice-length"]
    assert sum(map(compiles, said)) >= 12


def test_without_the_guard_they_fall_apart(model, tokenizer):
    samples = generate_tunes(model, tokenizer, [HEAD] * 8, seed=1, min_p=0.02, guards=Guards(voices=False))
    assert any(set(lines_of(sample.text)) != {"1", "2", "3"} for sample in samples)


@pytest.mark.parametrize("form", [Form(4), Form(6, 2)])
def test_voices_of_so_many_bars(model, tokenizer, form):
    samples = generate_tunes(
        model, tokenizer, [HEAD] * 24, seed=1, min_p=0.02, guards=ALL_GUARDS, forms=[form] * 24
    )
    assert all(sample.guarded for sample in samples)  # where no token is left, the length steps aside first
    found = []
    for sample in samples:
        lengths = [sum(ticks for ticks, _ in lines) for lines in lines_of(sample.text).values()]
        assert len(lengths) == 3 and len(set(lengths)) == 1, sample.text
        found.append(lengths[0] / 20160)
    assert sum(abs(bars - form.bars) <= 1 for bars in found) >= 13, found


def test_a_tune_whose_tokens_run_out_goes_back_to_where_its_voices_met():
    tokenizer = train_tokenizer([ROUND, "ABCDEFG"], kind="char")
    text = "[V:1]CDEF|\n[V:2]E2D2|\n[V:3]C,4|\n"
    met = len(HEAD) + len(text)  # the end token in front, no line end behind
    ids = encode(tokenizer, [text + "[V:1]CDEF|GGGG|\n[V:2]CDE"])[0]
    watch = watch_over(tokenizer, HEAD, len(HEAD) + 1 + len(ids) + 1)
    back = None
    for number, token in enumerate(ids):
        if watch.place.state.late:  # as if it had not been hurried
            watch.place = watch.vocabulary.unhurried(watch.place)
        back = watch.accept(token)
        assert back is None or number == len(ids) - 1
    assert back == met and watch.over
    assert watch.verdict(0) > BANNED


def test_a_tune_is_hurried_in_time():
    """Each bar that leads is to be written again by the others."""
    tokenizer = train_tokenizer([ROUND, "ABCDEFG"], kind="char")
    watch = watch_over(tokenizer, HEAD, 400)
    for token in encode(tokenizer, ["[V:1]"])[0]:
        watch.accept(token)
    written = 0
    while not watch.place.state.late:
        for token in encode(tokenizer, [f"{'CDEFGAB'[written % 7]}DEF|"])[0]:
            watch.accept(token)
        written += 1
    assert 6 <= written <= 14  # some 360 tokens for three voices, five tokens a bar


def test_a_prompt_whose_voices_are_apart_is_written_without_the_voice_guard(model, tokenizer):
    apart = HEAD + "[V:1]CDEF|G4|\n[V:2]E4|\n[V:1]"
    with pytest.warns(UserWarning, match="without the voice guard"):
        watch = watch_over(tokenizer, apart, 300)
    assert watch.place is not None and not watch.place.state.voices


def test_generate_keeps_voices_together(model, tokenizer):
    ids = torch.tensor([[0, *encode(tokenizer, [HEAD])[0]]] * 2)
    torch.manual_seed(1)
    written = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=True,
        max_length=400,
        logits_processor=[TuneGuard(tokenizer, length=400)],
        pad_token_id=0,
    )
    for row in written.tolist():
        text = tokenizer.decode(row, skip_special_tokens=True)
        found = lines_of(text)
        assert found["1"] == found["2"] == found["3"], text
