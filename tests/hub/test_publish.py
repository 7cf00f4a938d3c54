"""Publishing to a small Hub: one clean revision, whatever fails on the way, and what is refused before."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hf_abc.cli import main
from hf_abc.errors import InputError, LicenceError, OutputError
from hf_abc.hub.parcel import Parcel, corpus_parcel, model_parcel
from hf_abc.hub.publish import dry_run, publish

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def parcel(run: Path) -> Parcel:
    return model_parcel(run, "anna/tiny")


@pytest.fixture
def changed(run: Path, tmp_path: Path) -> Callable[[Change], Path]:
    """A copy of the run with its run.json changed."""

    def make(change: Change) -> Path:
        folder = tmp_path / "changed"
        shutil.copytree(run, folder)
        record = json.loads((folder / "run.json").read_text())
        change(record)
        (folder / "run.json").write_text(json.dumps(record))
        return folder

    return make


def contents(parcel: Parcel) -> dict[str, bytes]:
    return {name: f if isinstance(f, bytes) else f.read_bytes() for name, f in parcel.files.items()}


def published(hub: Any, name: str = "anna/tiny", kind: str = "model") -> dict[str, bytes]:
    files = dict(hub.repos[kind, name].files)
    files.pop(".gitattributes")
    return files


def test_what_a_model_is_made_of(parcel: Parcel) -> None:
    assert sorted(parcel.files) == sorted(
        [
            *("config.json", "generation_config.json", "model.safetensors", "tokenizer.json"),
            *("tokenizer_config.json", "run.json", "recipe.yaml", "README.md", ".eval_results/hf_abc.yaml"),
            *("examples/tiny-1.svg", "examples/tiny-1.mp3"),
            *(f"evaluation/{name}.svg" for name in ("bits", "shares", "music")),
            *("evaluation/samples.abc", "evaluation/plain_samples.abc", "evaluation/losses.csv"),
        ]
    )
    assert b'model="anna/tiny"' in contents(parcel)["README.md"]


def test_the_results_are_those_of_run_json(run: Path, parcel: Parcel) -> None:
    import yaml
    from huggingface_hub import parse_eval_result_entries

    record = json.loads((run / "run.json").read_text())
    found = parse_eval_result_entries(yaml.safe_load(contents(parcel)[".eval_results/hf_abc.yaml"]))
    assert [(entry.task_id, entry.value) for entry in found] == [
        ("bits_per_character", record["evaluation"]["bits_per_character"]["value"]),
        *(
            (name, record[section]["shares"][name]["value"])
            for section in ("samples", "plain_samples")
            for name in ("compiles", "bars_right", "loops")
        ),
    ]


def test_one_revision_and_a_tag(hub: Any, parcel: Parcel) -> None:
    done = publish(parcel, "anna/tiny")
    repo = hub.repos["model", "anna/tiny"]
    assert published(hub) == contents(parcel)
    assert (len(repo.commits), done.tag, done.changed) == (2, "v1", True)
    assert repo.tags == {"v1": done.commit} and not repo.private
    assert done.url == f"{hub.url}/anna/tiny"


def test_again_changes_nothing_and_a_change_is_the_next_version(hub: Any, parcel: Parcel) -> None:
    first = publish(parcel, "anna/tiny")
    again = publish(parcel, "anna/tiny")
    repo = hub.repos["model", "anna/tiny"]
    assert (again.commit, again.tag, again.changed) == (first.commit, "v1", False)
    assert len(repo.commits) == 2
    files = {name: f for name, f in parcel.files.items() if name != "examples/tiny-1.mp3"}
    shorter = Parcel("model", {**files, "README.md": b"---\nlicense: mit\n---\nshort\n"}, "run.json")
    last = publish(shorter, "anna/tiny")
    assert (last.tag, len(repo.commits)) == ("v2", 3)
    assert published(hub) == contents(shorter)
    assert sorted(repo.tags) == ["v1", "v2"] and "examples/tiny-1.mp3" in repo.find("v1")[1]


_SENTENCES = {
    401: "the Hub does not know your login: type `hf auth login` with a token that may write",
    403: "your token may not write to anna/tiny: take one with write access to anna, or another name",
    404: "the Hub has no anna/tiny, or hides it from your token: check the name and the token",
    429: "the Hub asks for patience, too much was sent (429): type the same command again in 7 seconds",
    500: "the Hub has trouble of its own (500): type the same command again later",
    503: "the Hub has trouble of its own (503): type the same command again later",
    "cut": "check the network and type the same command again",
    "cut after": "check the network and type the same command again",
}


_STEPS = ("whoami", "create", "info", "preupload", "batch", "put", "commit", "refs", "tag")


@pytest.mark.parametrize(
    ("step", "how"),
    [
        *((step, how) for step in _STEPS for how in (503, "cut", "cut after")),
        *(("commit", how) for how in (401, 403, 404, 429, 500)),
        *(("put", 401), ("create", 403), ("info", 404), ("preupload", 429)),
    ],
)
def test_every_failure_is_a_sentence_and_the_same_command_repairs_it(
    hub: Any, parcel: Parcel, step: str, how: int | str
) -> None:
    hub.fail(step, how, headers={"Retry-After": "7"})
    with pytest.raises(OutputError) as raised:
        publish(parcel, "anna/tiny")
    said = str(raised.value)
    assert _SENTENCES[how] in said
    unsure = isinstance(how, str) and step in ("preupload", "batch", "put", "commit")
    state = "unless only the answer was lost" if unsure else "nothing was published"
    assert said.endswith("their tag is not" if step in ("refs", "tag") else state)
    assert "\n" not in said and "http" not in said.replace(hub.url, "")
    repo = hub.repos.get(("model", "anna/tiny"))
    if step not in ("commit", "refs", "tag"):
        assert repo is None or len(repo.commits) == 1
    hub.works()
    done = publish(parcel, "anna/tiny")
    repo = hub.repos["model", "anna/tiny"]
    assert published(hub) == contents(parcel)
    assert len(repo.commits) == 2 and repo.tags == {"v1": done.commit}


def test_a_short_trouble_is_waited_for(hub: Any, parcel: Parcel) -> None:
    for step in ("preupload", "batch", "put"):
        hub.fail(step, 503, times=2)
    assert publish(parcel, "anna/tiny").tag == "v1"
    assert hub.asked.count("put") >= 3


def test_logins(hub: Any, hub_server: Any, parcel: Parcel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", hub_server.READER)
    with pytest.raises(OutputError, match="your token may not write to anna/tiny"):
        publish(parcel, "anna/tiny")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(OutputError, match="does not know your login"):
        publish(parcel, "anna/tiny")
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(InputError, match="you are not logged in to the Hub: type `hf auth login`"):
        publish(parcel, "anna/tiny")
    assert hub.repos == {}


def test_private_stays_private(hub: Any, parcel: Parcel) -> None:
    publish(parcel, "anna/tiny", private=True)
    assert hub.repos["model", "anna/tiny"].private
    publish(parcel, "anna/tiny")
    assert hub.repos["model", "anna/tiny"].private
    publish(parcel, "anna/open")
    with pytest.raises(OutputError, match=r"anna/open is public: .*; nothing was published"):
        publish(parcel, "anna/open", private=True)


def test_what_others_have_made_is_left_alone(hub: Any, parcel: Parcel) -> None:
    publish(Parcel("model", {"theirs.bin": b"1", "README.md": b"hello"}, "theirs.bin"), "anna/tiny")
    with pytest.raises(OutputError, match="anna/tiny holds something else, not an earlier model"):
        publish(parcel, "anna/tiny")
    assert published(hub) == {"theirs.bin": b"1", "README.md": b"hello"}


@pytest.mark.parametrize("name", ["tiny", "a/b/c", "anna/ti ny", "anna/--", ""])
def test_names(hub: Any, parcel: Parcel, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        publish(parcel, name)
    assert hub.asked == []


def test_offline(parcel: Parcel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    with pytest.raises(OutputError, match="HF_HUB_OFFLINE is set, so nothing is sent: unset it"):
        publish(parcel, "anna/tiny")


def test_a_dry_run_is_what_would_be_sent(hub: Any, parcel: Parcel, tmp_path: Path) -> None:
    dry_run(parcel, tmp_path / "dry")
    publish(parcel, "anna/tiny")
    written = {
        file.relative_to(tmp_path / "dry").as_posix(): file.read_bytes()
        for file in (tmp_path / "dry").rglob("*")
        if file.is_file()
    }
    assert written == published(hub)
    with pytest.raises(OutputError, match="holds other files"):
        dry_run(parcel, tmp_path / "dry")


def test_a_corpus(hub: Any, real_corpus: Path) -> None:
    parcel = corpus_parcel(real_corpus, "anna/airs")
    assert {"README.md", "report.json", "split.csv", "train.parquet", "plots/sources.png"} <= set(
        parcel.files
    )
    assert not [name for name in parcel.files if name.startswith(".")]
    assert b'load_dataset("anna/airs")' in contents(parcel)["README.md"]
    publish(parcel, "anna/airs")
    assert published(hub, "anna/airs", "dataset") == contents(parcel)


def test_a_corpus_without_a_stated_licence(real_corpus: Path, tmp_path: Path) -> None:
    from huggingface_hub import DatasetCard

    folder = tmp_path / "own"
    shutil.copytree(real_corpus, folder)
    report = json.loads((folder / "report.json").read_text())
    report["statistics"]["licences"] = {"unknown": 12}
    (folder / "report.json").write_text(json.dumps(report))
    with pytest.raises(LicenceError, match=r"unknown \(12\); when you know that you may, name a licence"):
        corpus_parcel(folder, "anna/airs")
    assert corpus_parcel(folder, "anna/airs", private=True).kind == "dataset"
    card = DatasetCard(
        contents(corpus_parcel(folder, "anna/airs", licence="cc-by-4.0"))["README.md"].decode()
    )
    assert card.data.to_dict()["license"] == "cc-by-4.0"
    assert "license_name" not in card.data.to_dict() and card.data.to_dict()["configs"]
    with pytest.raises(InputError, match="none of the Hub's"):
        corpus_parcel(folder, "anna/airs", licence="My Own!")


def refusal(folder: Path, **more: Any) -> str:
    with pytest.raises((InputError, LicenceError)) as raised:
        model_parcel(folder, "anna/tiny", **more)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_refused_without_a_number(changed: Callable[[Change], Path]) -> None:
    folder = changed(lambda record: record["evaluation"].pop("xz"))
    assert "lacks evaluation.xz, which the card must tell" in refusal(folder)


def test_refused_without_measures(changed: Callable[[Change], Path]) -> None:
    folder = changed(lambda record: (record.pop("evaluation"), record.pop("samples")))
    assert "was not measured: type `hf-abc evaluate" in refusal(folder)


@pytest.mark.parametrize("fact", [{"side": "train"}, {"other_corpus": True}])
def test_refused_when_measured_on_what_it_knows(
    changed: Callable[[Change], Path], fact: dict[str, object]
) -> None:
    assert "measured on tunes that it may know" in refusal(
        changed(lambda record: record["evaluation"].update(fact))
    )


def test_refused_by_the_licence(changed: Callable[[Change], Path]) -> None:
    def forbid(record: dict[str, Any]) -> None:
        terms = {"name": "x", "allows_training": False, "clause": "Not for AI.", "acknowledged": True}
        record["corpus"]["terms"] = {"theirs": terms}

    assert "the licence of theirs forbids training" in refusal(changed(forbid), private=True, licence="mit")


def test_refused_by_the_licence_of_older_records(changed: Callable[[Change], Path]) -> None:
    folder = changed(lambda record: record["corpus"].update(licences={"thesession-2025": 9}))
    said = refusal(folder)
    assert said.startswith("9 tunes are under the licence of The Session") and "Large Language Models" in said


def test_an_unknown_licence_wants_a_word(changed: Callable[[Change], Path]) -> None:
    folder = changed(lambda record: record["corpus"].update(licences={"unknown": 9, "MIT": 2}))
    assert "its tunes are under (number of tunes): unknown (9), MIT (2)" in refusal(folder)
    assert b"license: unknown" in contents(model_parcel(folder, "anna/x", private=True))["README.md"]
    card = contents(model_parcel(folder, "anna/x", licence="cc-by-4.0"))["README.md"].decode()
    assert "license: cc-by-4.0" in card and "has put them under `cc-by-4.0`" in card


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        ("recipe.yaml", "# hf_" + "a" * 34, "recipe.yaml holds a token of the Hub"),
        ("recipe.yaml", "# ghp_" + "a" * 36, "holds a token of GitHub"),
        ("recipe.yaml", "# AKIA" + "A" * 16, "holds a key of a cloud"),
        ("recipe.yaml", "-----BEGIN OPENSSH PRIVATE KEY-----", "holds a private key"),
        ("recipe.yaml", "https://anna:geheim@example.org/x", "holds an address with a password"),
        ("recipe.yaml", "a: tunebooks:/home/anna/tunes", "holds the path /home/anna of this machine"),
        ("config.json", r'{"a": "C:\\Users\\anna\\x"}', r"config.json holds the path C:\\Users\ "),
        ("evaluation/samples.abc", "X:1\nN:/tmp/x.abc\n", "evaluation/samples.abc holds the path /tmp/x"),
    ],
)
def test_refused_with_secrets_and_paths(
    changed: Callable[[Change], Path], file: str, text: str, what: str
) -> None:
    folder = changed(lambda record: None)
    (folder / file).write_text(text)
    said = refusal(folder)
    assert what.strip() in said
    assert "aaaa" not in said and "geheim" not in said


def test_music_is_no_path(changed: Callable[[Change], Path]) -> None:
    folder = changed(lambda record: None)
    text = "X:1\nT:See http://example.org/home/x and ~/tunes, and/or either\nM:6/8\nK:D\nA/data/B|d/2e/f//\n"
    (folder / "evaluation" / "samples.abc").write_text(text)
    assert model_parcel(folder, "anna/tiny").kind == "model"


def test_your_own_token_is_found(changed: Callable[[Change], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "quite-another-shape")
    folder = changed(lambda record: record["hardware"].update(processor="quite-another-shape"))
    assert "your token or your home folder" in refusal(folder)


def test_what_lacks_is_named(changed: Callable[[Change], Path], tmp_path: Path) -> None:
    folder = changed(lambda record: None)
    (folder / "tokenizer.json").unlink()
    assert "tokenizer.json is missing" in refusal(folder)
    assert "is neither a run nor a corpus" in refusal(tmp_path / "nowhere")


def test_the_command(
    hub: Any, run: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dry = tmp_path / "dry"
    assert main(["publish", str(run), "--repo-id", "anna/tiny", "--dry-run", str(dry)]) == 0
    assert hub.asked == [] and (dry / "model.safetensors").is_file()
    assert main(["publish", str(run), "--repo-id", "anna/tiny", "--private"]) == 0
    assert capsys.readouterr().out.endswith("/anna/tiny v1\n")
    assert main(["publish", str(run), "--repo-id", 'a"/b', "--dry-run", str(tmp_path / "other")]) == 1
    assert "is no name of a repository" in capsys.readouterr().err
    hub.fail("commit", 503)
    (run / "evaluation" / "losses.csv").write_text("other\n")
    assert main(["publish", str(run), "--repo-id", "anna/tiny"]) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.endswith(
        "(503): type the same command again later (sending the files); nothing was published"
    )


def test_a_run_measured_by_hand_gets_its_facts(
    changed: Callable[[Change], Path], corpus: Path, tmp_path: Path
) -> None:
    def by_hand(record: dict[str, Any]) -> None:
        record["corpus"] = {"train": record["corpus"]["train"]}
        del record["examples"], record["training"]["shape"], record["tokenizer"]["vocab_size"]

    folder = changed(by_hand)
    assert "lacks corpus" in refusal(folder) and "--corpus DIR" in refusal(folder)
    command = ["publish", str(folder), "--repo-id", "anna/tiny", "--corpus", str(corpus)]
    assert main([*command, "--dry-run", str(tmp_path / "dry")]) == 0
    record = json.loads((folder / "run.json").read_text())
    assert record["corpus"]["kept"] == 18 and record["examples"]["of"] == 5
    assert record["examples"]["min_p"] == record["samples"]["min_p"]
    assert "wrote when it was measured" in (tmp_path / "dry" / "README.md").read_text()
