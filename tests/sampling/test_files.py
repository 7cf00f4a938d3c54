"""A sampling run: models by name, tunes.abc, and what is refused."""

import json
import re
import subprocess
import sys

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from hf_abc.errors import InputError, OutputError
from hf_abc.models.tokenizers import train_tokenizer
from hf_abc.notation.tune import split_book
from hf_abc.sampling import files, loading
from hf_abc.sampling.decoder import Gpt2Decoder
from hf_abc.sampling.files import sample_files, write_book
from hf_abc.sampling.generator import Sample
from hf_abc.sampling.loading import find_model, load_for_sampling, load_model, load_tokenizer
from hf_abc.sampling.prompts import Wish

TUNE = "X:1\nT:A\nM:2/4\nL:1/8\nK:G\nGABc|dBG2|ABcA|G4|]\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    tokenizer = train_tokenizer([TUNE], kind="char")
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=96,
        n_embd=16,
        n_layer=1,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_tunes_are_written_and_rendered(folder, tmp_path):
    rendered, told = [], []
    wishes = [Wish(meter="3/4", key="D"), Wish()]
    samples = sample_files(
        folder,
        tmp_path / "out",
        count=3,
        seed=4,
        wishes=wishes,
        on_tune=told.append,
        render=lambda *a: rendered.append(a),
    )
    assert [sample.index for sample in samples] == [0, 1, 2]
    assert "M:3/4\n" in samples[0].prompt and samples[1].prompt == "" and "K:D\n" in samples[2].prompt
    assert rendered == [(samples, tmp_path / "out")]
    assert sorted(told, key=lambda sample: sample.index) == samples
    book = (tmp_path / "out" / "tunes.abc").read_text(encoding="utf-8")
    assert re.findall(r"^% seed 4, tune (\d)", book, re.MULTILINE) == ["0", "1", "2"]
    assert sample_files(str(folder), tmp_path / "again", count=3, seed=4, wishes=wishes) == samples
    assert (tmp_path / "again" / "tunes.abc").read_text(encoding="utf-8") == book


def test_book_of_awkward_samples(tmp_path):
    texts = [TUNE, TUNE.rstrip("\n"), TUNE.replace("|d", "|\n\n \nd"), TUNE * 2]
    samples = [Sample("", text, 1, number, 9, number != 1) for number, text in enumerate(texts)]
    write_book(samples, tmp_path / "tunes.abc")
    book = (tmp_path / "tunes.abc").read_text(encoding="utf-8")
    tunes = list(split_book(book))
    assert [re.match(r"X:(\d)", tune)[1] for tune in tunes[:4]] == ["1", "2", "3", "4"]
    assert tunes[0] == TUNE
    assert tunes[2] == TUNE.replace("X:1", "X:3").replace("|d", "|\nd")
    assert book.count("cut off") == 1


def test_interrupt_keeps_what_is_finished(folder, tmp_path, monkeypatch):
    def interrupted(*args, on_tune, **kwargs):
        on_tune(Sample("", TUNE, 1, 7, 9, True))
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "generate_tunes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sample_files(folder, tmp_path, count=2)
    assert "tune 7" in (tmp_path / "tunes.abc").read_text(encoding="utf-8")


def test_refusals_come_before_the_work(folder, tmp_path):
    with pytest.raises(InputError, match="0 tunes cannot"):
        sample_files(folder, tmp_path / "a", count=0)
    with pytest.raises(InputError, match="no wish"):
        sample_files(folder, tmp_path / "a", wishes=[])
    with pytest.raises(InputError, match="is no key"):
        sample_files(folder, tmp_path / "a", wishes=[Wish(key="H")])
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another folder"):
        sample_files(folder, tmp_path / "file" / "b", count=1, max_new_tokens=3)
    assert not (tmp_path / "a").exists()


def test_models_that_cannot_be_used(folder, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="is no model"):
        find_model(tmp_path)
    with pytest.raises(InputError, match="is no model"):
        find_model("no/such/folder")
    monkeypatch.setattr(loading, "SHIPPED", tmp_path / "none")
    with pytest.raises(InputError, match="ships no model"):
        find_model(None)
    GPT2LMHeadModel(GPT2Config(vocab_size=10, n_embd=8, n_layer=1, n_head=1)).save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"has no tokenizer\.json"):
        load_for_sampling(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit"}))
    with pytest.raises(InputError, match="no causal language model"):
        load_model(tmp_path)
    reader = {"model_type": "bert", "architectures": ["BertForMaskedLM"]}
    (tmp_path / "config.json").write_text(json.dumps(reader))
    with pytest.raises(InputError, match="is a BertForMaskedLM, no causal language model"):
        load_model(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match="is not JSON"):
        load_model(tmp_path)


def test_shipped_model_is_taken_without_a_name(folder, monkeypatch):
    monkeypatch.setattr(loading, "SHIPPED", folder)
    assert find_model(None) == folder
    model, tokenizer = load_for_sampling(find_model(None))
    assert isinstance(model, Gpt2Decoder)
    assert tokenizer.eos_token_id == 0
    assert tokenizer.decode(load_tokenizer(folder)(TUNE)["input_ids"]) == TUNE


def test_sampling_does_not_load_the_modelling_code(folder, tmp_path):
    code = (
        "import sys; from pathlib import Path; from hf_abc.sampling.files import sample_files; "
        f"sample_files({str(folder)!r}, Path({str(tmp_path)!r}), count=1, max_new_tokens=5); "
        "assert 'transformers.modeling_utils' not in sys.modules; assert 'datasets' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
