"""The ladder and the models it names."""

import pytest
import torch
from transformers import GPT2LMHeadModel

from hf_abc.models.sizes import SIZES, Size, gpt2_config, parameter_counts, sinusoidal_positions, size_named


def test_the_ladder_rises_and_its_published_rungs_have_their_shapes() -> None:
    blocks = [12 * size.n_layer * size.n_embd**2 for size in SIZES.values()]
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


@pytest.mark.parametrize(("width", "positions"), [(48, 512), (33, 64), (2, 8)])
def test_sinusoidal_positions_make_a_shift_a_linear_map(width: int, positions: int) -> None:
    config = gpt2_config(Size(width, 1, 1), vocab_size=20, n_positions=positions)
    model = GPT2LMHeadModel(config)
    others = {name: p.clone() for name, p in model.named_parameters() if "wpe" not in name}
    sinusoidal_positions(model)
    weight = model.transformer.wpe.weight.detach().double()
    assert float(weight.std()) == pytest.approx(config.initializer_range, rel=1e-4)
    assert all(torch.equal(p, others[name]) for name, p in model.named_parameters() if "wpe" not in name)
    assert model.transformer.wpe.weight.requires_grad
    even = weight[:, : width - width % 2]
    shift = 3
    # the least-squares map from each position to the one three later is exact
    found = torch.linalg.lstsq(even[:-shift], even[shift:], driver="gelsd").solution
    torch.testing.assert_close(even[:-shift] @ found, even[shift:], atol=1e-5, rtol=0)
    assert torch.unique(weight, dim=0).shape[0] == positions


def test_a_saved_model_has_the_same_logits(tmp_path) -> None:
    model = GPT2LMHeadModel(gpt2_config("0.15M", vocab_size=300, n_positions=64)).eval()
    sinusoidal_positions(model)
    model.save_pretrained(tmp_path)
    again = GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    ids = torch.randint(0, 300, (2, 64))
    with torch.no_grad():
        assert torch.equal(model(ids).logits, again(ids).logits)
