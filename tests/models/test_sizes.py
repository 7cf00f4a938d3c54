"""The ladder and the models it names."""

import pytest
import torch
from transformers import GPT2LMHeadModel

from hf_abc.models import AbcLSTMForCausalLM
from hf_abc.models.positions import sinusoidal_positions
from hf_abc.models.sizes import (
    LSTM_SIZES,
    SIZES,
    LSTMSize,
    Size,
    flops_per_token,
    gpt2_config,
    lstm_config,
    parameter_counts,
    size_named,
)

LADDER = [name for name in SIZES if not name.endswith("-deep")]


def test_the_ladder_rises_and_its_published_rungs_have_their_shapes() -> None:
    blocks = [12 * SIZES[name].n_layer * SIZES[name].n_embd ** 2 for name in LADDER]
    assert blocks == sorted(blocks)
    published = {name: SIZES[name] for name in ("1M", "5M", "20M", "50M", "100M")}
    assert list(published.values()) == [
        Size(128, 4, 4), Size(256, 6, 4), Size(512, 6, 8), Size(768, 8, 12), Size(1024, 10, 16),
    ]  # fmt: skip
    assert all(size.n_embd % size.n_head == 0 for size in SIZES.values())


def test_small_labels_hold_for_1024_tokens_and_512_positions() -> None:
    for name in ("0.15M", "0.25M", "0.6M", "1M", "1.7M", "3M", "5M"):
        with torch.device("meta"):
            model = GPT2LMHeadModel(gpt2_config(name, vocab_size=1024, n_positions=512))
        assert parameter_counts(model).total == pytest.approx(float(name[:-1]) * 1e6, rel=0.06)


def test_the_rungs_of_the_cpu_study_have_names() -> None:
    widths = [(48, 3), (64, 3), (96, 4), (128, 4), (160, 5), (192, 6), (256, 6)]
    assert [(SIZES[name].n_embd, SIZES[name].n_layer) for name in LADDER[:7]] == widths
    lstms = [LSTM_SIZES[name] for name in LADDER[:7]]
    assert lstms == [LSTMSize(width, 2) for width in (64, 96, 160, 224, 320, 416, 512)]


def test_deep_variants_have_more_layers_and_fewer_heads_for_as_many_parameters() -> None:
    for name, deep in SIZES.items():
        if name.endswith("-deep"):
            wide = SIZES[name.removesuffix("-deep")]
            assert deep.n_layer >= 2 * wide.n_layer and deep.n_head < wide.n_head
            blocks = (deep.n_layer * deep.n_embd**2) / (wide.n_layer * wide.n_embd**2)
            assert 0.95 < blocks <= 1.01


def test_lstms_match_the_ladder() -> None:
    for name in LADDER:
        size, lstm = SIZES[name], LSTM_SIZES[name]
        share = 16 * lstm.hidden_size**2 / (12 * size.n_layer * size.n_embd**2)
        assert share == pytest.approx(1, abs=0.01 if name in ("20M", "50M", "100M") else 0.22), name
    with torch.device("meta"):
        folk = AbcLSTMForCausalLM(lstm_config("folk-rnn", vocab_size=137))
    assert parameter_counts(folk).total == pytest.approx(5_599_881, rel=0.001)  # of the model "5,599,881"


def test_counts_of_an_lstm() -> None:
    width, vocabulary, vector = 64, 300, 32
    config = lstm_config(LSTMSize(width, 3, vector), vocab_size=vocabulary)
    counts = parameter_counts(AbcLSTMForCausalLM(config))
    recurrent = 4 * width * (vector + width) + 2 * 4 * width * (width + width)
    assert counts.matmul == recurrent + width * vector + vocabulary * vector
    assert counts.non_embedding == recurrent + width * vector + 3 * 2 * 4 * width + vector
    assert counts.total == counts.non_embedding + vocabulary * vector
    assert flops_per_token(AbcLSTMForCausalLM(config), 512) == 6 * counts.matmul


def test_operations_of_a_gpt2_grow_with_its_context() -> None:
    with torch.device("meta"):
        model = GPT2LMHeadModel(gpt2_config("1M", vocab_size=1024, n_positions=512))
    blocks = 12 * 4 * 128**2 + 1024 * 128
    assert flops_per_token(model, 512) == 6 * blocks + 6 * 4 * 512 * 128
    assert flops_per_token(model, 256) == 6 * blocks + 6 * 4 * 256 * 128


def test_counts_of_a_model() -> None:
    model = GPT2LMHeadModel(gpt2_config("1M", vocab_size=1024, n_positions=512))
    counts = parameter_counts(model)
    layer_norms_and_biases = 4 * 13 * 128 + 2 * 128
    assert counts.non_embedding == 12 * 4 * 128**2 + layer_norms_and_biases
    assert counts.total == counts.non_embedding + (1024 + 512) * 128
    assert counts.matmul == 12 * 4 * 128**2 + 1024 * 128


def test_configuration_sets_what_the_library_would_get_wrong() -> None:
    config = gpt2_config("0.15M", vocab_size=300, n_positions=64, dropout=0.2)
    assert (config.bos_token_id, config.eos_token_id, config.pad_token_id) == (0, 0, 0)
    assert (config.embd_pdrop, config.attn_pdrop, config.resid_pdrop) == (0.2, 0.2, 0.2)
    assert (config.vocab_size, config.n_positions, config.use_cache) == (300, 64, True)
    plain = gpt2_config(Size(24, 5, 2), vocab_size=300, n_positions=64)
    assert (plain.n_embd, plain.n_layer, plain.n_head, plain.resid_pdrop) == (24, 5, 2, 0.0)


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(ValueError, match="'2M': it is one of 0.15M, 0.25M"):
        size_named("2M")


def test_a_saved_model_has_the_same_logits(tmp_path) -> None:
    model = GPT2LMHeadModel(gpt2_config("0.15M", vocab_size=300, n_positions=64)).eval()
    sinusoidal_positions(model)
    model.save_pretrained(tmp_path)
    again = GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    ids = torch.randint(0, 300, (2, 64))
    with torch.no_grad():
        assert torch.equal(model(ids).logits, again(ids).logits)
