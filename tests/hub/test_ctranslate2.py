"""A GPT-2 of ours in another engine: CTranslate2 converts it and writes the same greedy tokens.

Our tokenizers know no unknown token, since every byte has one. CTranslate2 4.8 converts such a model but does
not load it until its config.json names one (docs/publish.md tells so).
"""

import json
from pathlib import Path

import pytest

from hf_abc.sampling.loading import SHIPPED

ctranslate2 = pytest.importorskip(
    "ctranslate2", reason="ctranslate2 is not installed (pip install ctranslate2)"
)


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="hf_abc/data/model/ is not there yet")
def test_the_same_greedy_tokens(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(SHIPPED), AutoModelForCausalLM.from_pretrained(SHIPPED)
    converter = ctranslate2.converters.TransformersConverter(str(SHIPPED))
    converted = Path(converter.convert(str(tmp_path / "converted")))
    settings = json.loads((converted / "config.json").read_text())
    (converted / "config.json").write_text(json.dumps({**settings, "unk_token": tokenizer.eos_token}))
    engine = ctranslate2.Generator(str(converted), intra_threads=1)
    for prompt in ("", "X:1\nM:6/8\nL:1/8\nK:D\n", "X:1\nT:Anna's\nR:reel\nM:C|\nL:1/8\nK:G\n"):
        ids = [tokenizer.eos_token_id, *tokenizer(prompt)["input_ids"]]
        ours = model.generate(
            torch.tensor([ids]), do_sample=False, min_p=None, temperature=None, max_new_tokens=120
        )[0].tolist()
        (theirs,) = engine.generate_batch(
            [tokenizer.convert_ids_to_tokens(ids)],
            sampling_topk=1,
            max_length=120,
            include_prompt_in_result=False,
            end_token=[tokenizer.eos_token_id],
        )
        written = ours[len(ids) :]
        if written[-1] == tokenizer.eos_token_id:
            written = written[:-1]
        assert theirs.sequences_ids[0] == written
        assert len(written) > 40
