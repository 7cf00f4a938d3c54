"""The generator: the same numbers as GPT-2, the same tunes whatever the batch, and an end where there
must be one.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from hf_abc.errors import InputError
from hf_abc.models.sizes import gpt2_config
from hf_abc.models.tokenizers import encode, train_tokenizer
from hf_abc.sampling import drawing
from hf_abc.sampling.decoder import Gpt2Decoder
from hf_abc.sampling.drawing import choose
from hf_abc.sampling.engine import Rows
from hf_abc.sampling.generator import _jobs, _with_generate, generate_tunes, vocabulary_of

JIG = "X:1\nT:The Test Jig\nM:6/8\nL:1/8\nK:G\nGAB gfe|dBG A3|GAB cde|dBA G3:|\n"
POSITIONS = 48


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([JIG], vocab_size=290)


@pytest.fixture(scope="module")
def model(tokenizer):
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=POSITIONS,
        n_embd=32,
        n_layer=3,
        n_head=4,
        eos_token_id=0,
        bos_token_id=0,
    )
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3).add_(
                0.02 * torch.randn_like(parameter)
            )  # far from uniform, no bias left at zero
    return model


def test_decoder_gives_the_logits_of_gpt2(model, tokenizer):
    ids = torch.tensor([0, *encode(tokenizer, [JIG * 2])[0]])[:40]
    with torch.inference_mode():
        wanted = model(ids[None]).logits[0]
        decoder = Gpt2Decoder.from_model(model)
        memory = decoder.memory(3, POSITIONS)
        starts = [20, 1, 9]
        for row, start in enumerate(starts):  # rows of different lengths go on side by side
            decoder.prefill(ids[:start], memory, row)
        for done in range(10):
            at = torch.tensor(starts) + done
            assert torch.allclose(decoder.step(ids[at], at, memory), wanted[at], atol=1e-5)


def test_exact_logits_are_those_in_double_precision(model, tokenizer, tmp_path):
    model.save_pretrained(tmp_path)
    ids = torch.tensor([0, *encode(tokenizer, [JIG])[0]])[:20]
    with torch.inference_mode():
        exact = Gpt2Decoder.from_folder(tmp_path).exact_logits(ids)
        wanted = GPT2LMHeadModel.from_pretrained(tmp_path).double()(ids[None]).logits[0, -1]
    assert exact.dtype == torch.float64
    assert torch.allclose(exact, wanted, atol=1e-12, rtol=0)


def test_weights_of_another_model_are_refused(model, tmp_path):
    model.save_pretrained(tmp_path)
    GPT2Config(n_layer=5, n_embd=32, n_head=4, n_positions=POSITIONS).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="no tensor"):
        Gpt2Decoder.from_folder(tmp_path)


def test_only_plain_gpt2_is_decoded():
    plain = GPT2Config().to_dict()
    assert Gpt2Decoder.fits(plain)
    assert Gpt2Decoder.fits(gpt2_config("1M", vocab_size=300, n_positions=64).to_dict())  # our own models
    assert not Gpt2Decoder.fits(plain | {"activation_function": "relu"})
    assert not Gpt2Decoder.fits(plain | {"scale_attn_by_inverse_layer_idx": True})
    assert not Gpt2Decoder.fits(LlamaConfig().to_dict())


PROMPTS = ["", "X:1\nT:The Test Jig\n", "X:1\n", "", JIG[:30]] * 4


def test_same_tunes_whatever_the_batch(model, tokenizer):
    full = generate_tunes(model, tokenizer, PROMPTS, seed=5, batch_size=32)
    assert len({sample.text for sample in full}) == len(full)
    for batch_size in (1, 3, 7):
        assert generate_tunes(model, tokenizer, PROMPTS, seed=5, batch_size=batch_size) == full
    alone = generate_tunes(model, tokenizer, PROMPTS[:4], seed=5, batch_size=2)
    assert alone == full[:4]
    other = generate_tunes(model, tokenizer, PROMPTS, seed=6)
    assert all(a.text != b.text for a, b in zip(full, other, strict=True))


def test_own_loop_and_generate_write_the_same(model, tokenizer):
    decoder = Gpt2Decoder.from_model(model)
    wanted = (tokenizer, vocabulary_of(tokenizer), PROMPTS, 2, 20, 0)
    rows = Rows(decoder, _jobs(decoder, *wanted), 0, 4, 0.9, 0.02, [False] * len(tokenizer))
    with torch.inference_mode():
        ours = {job.index: job.ids for job in rows.run()}
    theirs = {job.index: job.ids for job in _with_generate(model, _jobs(model, *wanted), 0, 4, 0.9, 0.02)}
    assert ours == theirs
    assert any(ids[-1] == 0 for ids in ours.values())  # some have ended early


def test_a_model_of_another_kind(tokenizer):
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    llama = LlamaForCausalLM(config).eval()
    one, many = (
        generate_tunes(llama, tokenizer, PROMPTS[:6], seed=1, batch_size=b, max_new_tokens=12) for b in (1, 4)
    )
    assert one == many
    assert [sample.index for sample in many] == list(range(6))
    assert all(sample.text.startswith(sample.prompt) for sample in many)


def test_tunes_end_by_themselves_or_at_the_last_position(model, tokenizer):
    samples = generate_tunes(model, tokenizer, [""] * 60, seed=1)
    lengths = [sample.tokens for sample in samples]
    assert {sample.ended for sample in samples} == {True, False}
    # the first token is the end token, and the last one written need not be read again
    assert all(sample.tokens == POSITIONS for sample in samples if not sample.ended)
    assert max(lengths) <= POSITIONS
    short = generate_tunes(model, tokenizer, [""] * 60, seed=1, max_new_tokens=10)
    assert max(sample.tokens for sample in short) == 10
    for whole, cut in zip(samples, short, strict=True):
        assert whole.text.startswith(cut.text.rstrip("\ufffd"))  # cut within a character


def test_finished_tunes_are_told_at_once(model, tokenizer):
    told = []
    samples = generate_tunes(model, tokenizer, PROMPTS, seed=1, batch_size=4, on_tune=told.append)
    assert sorted(told, key=lambda sample: sample.index) == samples
    assert told != samples  # a short one overtakes a long one


def test_prompts_with_the_end_token_as_letters(model, tokenizer):
    prompt = "X:1\nT:<|endoftext|>\n"
    (sample,) = generate_tunes(model, tokenizer, [prompt], seed=1, max_new_tokens=5)
    assert sample.text.startswith(prompt)


def test_doubtful_tokens_are_looked_at_again(model, tokenizer, monkeypatch):
    """A decoder that errs by more than a batch ever does still writes the same tunes."""

    def write(**settings):
        return generate_tunes(model, tokenizer, PROMPTS[:8], seed=5, max_new_tokens=25, **settings)

    cautious = {"min_p": 0.3, "temperature": 0.8}
    wanted, wanted_cautious = write(), write(**cautious)
    step = Gpt2Decoder.step
    monkeypatch.setattr(Gpt2Decoder, "step", lambda *args: step(*args) + 0.02 * torch.randn(1, 290))
    monkeypatch.setattr(drawing, "NEAR", 0.0)
    assert write() != wanted
    monkeypatch.setattr(drawing, "NEAR", 0.2)
    assert write() == wanted
    assert write(**cautious) == wanted_cautious


def test_no_prompts_no_tunes(model, tokenizer):
    assert generate_tunes(model, tokenizer, [], seed=1) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": -1.0}, "temperature -1.0"),
        ({"min_p": 2.0}, "min_p 2.0"),
        ({"batch_size": 0}, "batch size 0"),
        ({"max_new_tokens": 0}, "max_new_tokens 0"),
        ({"seed": -1}, "seed -1"),
        ({"prompts": [JIG * 5]}, "the model reads 48: shorten it"),
    ],
)
def test_impossible_wishes(model, tokenizer, arguments, message):
    with pytest.raises(InputError, match=message):
        generate_tunes(model, tokenizer, **({"prompts": [""], "seed": 1} | arguments))


def test_tokenizer_of_another_model(model):
    with pytest.raises(InputError, match="does not belong"):
        generate_tunes(model, train_tokenizer([JIG * 3], vocab_size=320), [""], seed=1)


def test_broken_weights_are_named(model, tokenizer):
    broken = GPT2LMHeadModel(model.config)
    with torch.no_grad():
        broken.transformer.ln_f.weight.fill_(float("nan"))
    with pytest.raises(InputError, match="NaN"):
        generate_tunes(broken, tokenizer, [""], seed=1)


def test_choose_by_hand():
    logits = torch.tensor([[0.5, 0.0, 0.3, 0.2]]).log()

    def chosen(noise, temperature=1.0, min_p=0.0):
        tokens, doubtful = choose(logits, torch.tensor([noise], dtype=torch.float64), temperature, min_p)
        return tokens.item(), doubtful.item()

    assert chosen([1, 1, 1, 1]) == (0, False)
    assert chosen([1, 1, 0.5, 1]) == (2, False)  # 0.3 / 0.5 > 0.5
    assert chosen([1, 1e-9, 1, 1]) == (0, False)  # what has no probability is never drawn
    assert chosen([1, 1, 1, 0.1]) == (3, False)
    assert chosen([1, 1, 1, 0.1], min_p=0.5) == (0, False)  # 0.2 is less than half of 0.5
    assert chosen([1, 1, 0.5, 1], temperature=0.5) == (0, False)  # squared: 0.09 / 0.5 < 0.25
    assert chosen([1, 1, 1e-9, 1], temperature=0.0) == (0, False)  # the likeliest, whatever the noise
    assert chosen([1, 1, 0.6, 1]) in [(0, True), (2, True)]  # 0.5 both
    assert chosen([1, 1, 1, 0.1], min_p=0.4)[1]  # 0.2 is just 0.4 of 0.5


def test_choose_draws_the_probabilities():
    probabilities = np.array([0.4, 0.05, 0.3, 0.25])
    draws = 20_000
    noise = torch.from_numpy(np.random.default_rng(0).standard_exponential((draws, 4)))
    for min_p, kept in ((0.0, probabilities), (0.2, probabilities * [1, 0, 1, 1] / 0.95)):
        chosen, _ = choose(torch.tensor(probabilities).log().expand(draws, 4), noise, 1.0, min_p)
        counts = np.bincount(chosen.numpy(), minlength=4)
        expected = draws * kept
        difference = (counts - expected)[expected > 0] ** 2 / expected[expected > 0]
        assert difference.sum() < 16.3  # chi squared, 3 degrees of freedom, p = 0.001
        assert counts[expected == 0].sum() == 0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.05, 3), st.floats(0, 1))
def test_choose_never_takes_what_is_ruled_out(seed, temperature, min_p):
    draw = torch.Generator().manual_seed(seed)
    logits = torch.randn(1, 50, generator=draw) * 5
    logits[0, ::3] = -torch.inf
    noise = torch.empty(1, 50, dtype=torch.float64).exponential_(generator=draw)
    (token,), (doubtful,) = choose(logits, noise, temperature, min_p)
    weights = (logits[0].double() / temperature).softmax(0)
    assert weights[token] > 0
    assert doubtful or weights[token] >= min_p * weights.max() * (1 - 1e-9)
