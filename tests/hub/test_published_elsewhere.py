"""What was published, in processes that cannot import this package: models, pipelines, data sets."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hf_abc.hub.parcel import corpus_parcel, model_parcel
from hf_abc.hub.publish import publish

_WITHOUT_US = """
import sys
class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "hf_abc":
            raise ModuleNotFoundError("no hf_abc here")
sys.meta_path.insert(0, Nowhere())
"""


def elsewhere(hub: Any, home: Path, code: str, token: str = "") -> str:
    environment = {**os.environ, **hub.environment(home, token), "OMP_NUM_THREADS": "1"}
    if not token:
        del environment["HF_TOKEN"]
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_US + code],
        env=environment, cwd=home, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_a_gpt2_by_pipeline_and_auto_classes_and_revision(hub: Any, run: Path, tmp_path: Path) -> None:
    first = publish(model_parcel(run, "anna/tiny"), "anna/tiny")
    other = hub.repos["model", "anna/tiny"]
    other.commit({**other.files, "config.json": b"{}"}, "somebody broke it")
    told = elsewhere(
        hub,
        tmp_path,
        f"""
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline
for revision in ("v1", "{first.commit}"):
    model = AutoModelForCausalLM.from_pretrained("anna/tiny", revision=revision)
    tokenizer = AutoTokenizer.from_pretrained("anna/tiny", revision=revision)
    print(type(model).__name__, tokenizer.decode(tokenizer("X:1\\nK:D\\nA>B|")["input_ids"]).endswith("A>B|"))
write = pipeline("text-generation", model="anna/tiny", revision="v1")
print(write("X:1\\n", max_new_tokens=8)[0]["generated_text"][:4].strip(), model.generation_config.min_p)
""",
    )
    assert told.splitlines() == ["GPT2LMHeadModel True", "GPT2LMHeadModel True", "X:1 0.02"]


def test_an_lstm_brings_its_source(hub: Any, lstm: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from hf_abc.models import AbcLSTMForCausalLM  # noqa: F401  asking for it makes it known

    publish(model_parcel(lstm, "anna/lstm"), "anna/lstm")
    assert {"modeling_abc_lstm.py", "configuration_abc_lstm.py"} <= set(hub.repos["model", "anna/lstm"].files)
    told = elsewhere(
        hub,
        tmp_path,
        """
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline
model = AutoModelForCausalLM.from_pretrained("anna/lstm", trust_remote_code=True, revision="v1").eval()
print(type(model).__name__, f"{model(torch.tensor([[0, 5, 9]])).logits.sum().item():.4f}")
write = pipeline("text-generation", model="anna/lstm", trust_remote_code=True)
print(write("X:1\\n", max_new_tokens=8)[0]["generated_text"][:4].strip())
""",
    )
    with torch.no_grad():
        logits = AutoModelForCausalLM.from_pretrained(lstm).eval()(torch.tensor([[0, 5, 9]])).logits
    assert told.splitlines() == [f"AbcLSTMForCausalLM {logits.sum().item():.4f}", "X:1"]


def test_a_corpus_loads_streams_and_stays_private(
    hub: Any, hub_server: Any, real_corpus: Path, tmp_path: Path
) -> None:
    from hf_abc.corpora import read_split

    publish(corpus_parcel(real_corpus, "anna/airs"), "anna/airs", private=True)
    rows = {side: read_split(real_corpus, side) for side in ("train", "validation", "test")}
    code = """
from datasets import load_dataset
found = load_dataset("anna/airs", revision="v1")
print({side: len(rows) for side, rows in found.items()})
first = next(iter(load_dataset("anna/airs", split="test", streaming=True)))
print(found["test"][0]["id"], found["test"].column_names == list(first))
print(sum(1 for _ in load_dataset("anna/airs", split="train", streaming=True)))
"""
    told = elsewhere(hub, tmp_path, code, token=hub_server.READER).splitlines()
    assert told[0] == str({side: len(found) for side, found in rows.items()})
    assert told[1] == f"{rows['test'][0]['id']} True"
    assert told[2] == str(len(rows["train"]))
    refused = elsewhere(
        hub,
        tmp_path / "..",
        """
from datasets import load_dataset
try:
    load_dataset("anna/airs", cache_dir="elsewhere", download_mode="force_redownload")
    print("given away")
except Exception as error:
    print("refused", "anna/airs" in str(error))
""",
    )
    assert refused.splitlines()[-1] == "refused True"


def test_our_own_commands_take_the_id(hub: Any, run: Path, tmp_path: Path) -> None:
    publish(model_parcel(run, "anna/tiny"), "anna/tiny")
    environment = {**os.environ, **hub.environment(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "hf_abc.cli", "sample", "anna/tiny", "--out", str(tmp_path / "tunes")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "\n% seed 1, tune 0" in (tmp_path / "tunes" / "tunes.abc").read_text()


@pytest.mark.parametrize(("status", "word"), [(404, "neither a folder here"), (503, "anna/tiny")])
def test_a_model_that_the_hub_does_not_give(hub: Any, tmp_path: Path, status: int, word: str) -> None:
    from hf_abc.errors import InputError
    from hf_abc.sampling.loading import find_model

    hub.fail("info", status)
    with pytest.raises(InputError, match=word) as raised:
        find_model("anna/tiny")
    assert "\n" not in str(raised.value)
