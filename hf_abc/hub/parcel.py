"""A parcel: the files of one published revision, complete and looked through before anything is sent.

A run becomes a model that loads without this package, a corpus a data set that `datasets` loads. What is not
named here stays at home: checkpoints, samples of the training, trackers, marks of stages.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from hf_abc.corpora.split import SIDES
from hf_abc.errors import InputError
from hf_abc.hub.card import model_card
from hf_abc.hub.inspection import inspect
from hf_abc.hub.part import Part
from hf_abc.hub.results import results_file
from hf_abc.hub.terms import check_stated, check_training, model_licence
from hf_abc.record import Record
from hf_abc.rendering.audio import audio
from hf_abc.rendering.midi import perform

_MODEL = (
    *("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"),
    *("run.json", "recipe.yaml"),
)
_MEASURED = (
    *("bits.svg", "shares.svg", "music.svg"),
    *("samples.abc", "plain_samples.abc", "losses.csv"),
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent: its kind, its files by their names in the repository, and the file by which a repository
    is known to hold an earlier revision of such a parcel.
    """

    kind: Literal["model", "dataset", "space"]
    files: dict[str, Path | bytes]
    mark: str

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(len(f) if isinstance(f, bytes) else f.stat().st_size for f in self.files.values())

    def write(self, folder: Path) -> None:
        """Write the files into an empty folder, exactly as they would be sent."""
        for name, content in self.files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.read_bytes())


def is_corpus(folder: Path) -> bool:
    """Whether a folder holds a corpus rather than a run."""
    return (folder / "report.json").is_file() and not (folder / "config.json").is_file()


def model_parcel(
    run: Path, repo_id: str, *, licence: str = "", dataset: str = "", private: bool = False
) -> Parcel:
    """A trained and measured run as a model.

    Raises LicenceError where the corpus's terms forbid it or nobody has named a licence, InputError for a run
    that was not measured, lacks a file or a number, or holds secrets or paths.
    """
    record = Record(run)
    if not record.values:
        raise InputError(
            f"{run} is neither a run nor a corpus: there is no run.json and no report.json in it"
        )
    corpus = record.get("corpus", {})
    check_training(corpus.get("licences", {}), corpus.get("terms", {}))
    measured = record.get("evaluation", {})
    if not measured or not record.get("samples", {}):
        raise InputError(f"{run} was not measured: type `hf-abc evaluate {run} --corpus DIR` first")
    if measured.get("side") == "train" or measured.get("other_corpus"):
        raise InputError(
            f"{run} was measured on tunes that it may know: type `hf-abc evaluate {run} --corpus DIR` with "
            "the corpus of its training"
        )
    sounds = _sounds(record)
    links = {number: name for number, (name, _) in sounds.items()}
    card = model_card(run, at=repo_id, licence=licence, dataset=dataset, sounds=links)
    stated = licence or model_licence(corpus)
    check_stated(corpus["licences"], stated, private=private, what=f"the model in {run}")
    files: dict[str, Path | bytes] = {name: _there(run, name) for name in _MODEL}
    files |= {name: _there(run, name) for name in _weights(run)}
    files |= {file.name: file for file in _source(run)}
    files["README.md"] = card.encode()
    part = Part(record.values, record.path)
    files[".eval_results/hf_abc.yaml"] = results_file(part, dataset=dataset).encode()
    for tune in record.get("examples")["tunes"]:
        files |= {tune[what]: _there(run, tune[what]) for what in ("score", "sound") if what in tune}
    files |= dict(sounds.values())
    evaluated = (run / "evaluation" / name for name in _MEASURED)
    files |= {f"evaluation/{file.name}": file for file in evaluated if file.is_file()}
    inspect(files)
    return Parcel("model", files, "run.json")


def _sounds(record: Record) -> dict[int, tuple[str, bytes]]:
    """The examples that have a score and no sound, played now: name and MP3 by number. The shipped model's
    folder is text but for its weights, so its sound is made when it is sent.
    """
    found = {}
    for number, tune in enumerate(record.get("examples", {}).get("tunes", []), 1):
        played = perform(tune["text"]).midi if "sound" not in tune and "score" in tune else None
        if played is not None:
            name = str(PurePosixPath(tune["score"]).with_suffix(".mp3"))
            found[number] = (name, audio(played))
    return found


def corpus_parcel(corpus: Path, repo_id: str, *, licence: str = "", private: bool = False) -> Parcel:
    """A finished corpus as a data set. Raises what `model_parcel` raises, for the same reasons."""
    report = _report(corpus)
    licences = report["statistics"]["licences"]
    terms = {name: origin["licence"] for name, origin in report.get("origins", {}).items()}
    check_training(licences, terms)
    unstated = {name: count for name, count in licences.items() if name == "unknown"}
    if unstated or licence:
        check_stated(unstated, licence, private=private, what=f"the corpus in {corpus}")
    names = ["report.json", "split.csv", *(f"{side}.parquet" for side in SIDES)]
    files: dict[str, Path | bytes] = {name: _there(corpus, name) for name in names}
    files["README.md"] = _dataset_card(_there(corpus, "README.md"), repo_id, licence)
    files |= {f"plots/{file.name}": file for file in sorted((corpus / "plots").glob("*.png"))}
    inspect(files)
    return Parcel("dataset", files, "report.json")


def _dataset_card(file: Path, repo_id: str, licence: str) -> bytes:
    """The corpus's own card, with its name on the Hub and the licence that was stated on publishing."""
    from huggingface_hub import DatasetCard

    text = file.read_text(encoding="utf-8").replace(
        'load_dataset("PATH-OR-ID")', f'load_dataset("{repo_id}")'
    )
    if not licence:
        return text.encode()
    card = DatasetCard(text)
    data: Any = card.data
    data.license, data.license_name, data.license_link = licence, None, None  # the last two name others
    return str(card).encode()


def _report(corpus: Path) -> dict[str, Any]:
    file = corpus / "report.json"
    try:
        report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read ({error}): build the corpus again") from error
    for name in ("read", "kept", "sides", "sources", "statistics"):
        if name not in report:
            raise InputError(f"{file} lacks {name}, which the card must tell: build the corpus again")
    return report


def _there(folder: Path, name: str) -> Path:
    file = folder / name
    if not file.is_file():
        raise InputError(f"{file} is missing: finish what makes {folder} and publish it then")
    return file


def _weights(run: Path) -> Iterator[str]:
    """The file of weights, or their index and its shards."""
    index = run / "model.safetensors.index.json"
    if not index.is_file():
        yield "model.safetensors"
        return
    yield index.name
    yield from sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))


def _source(run: Path) -> list[Path]:
    """The source of a model that transformers does not know, as config.json names it."""
    config = json.loads(_there(run, "config.json").read_text(encoding="utf-8"))
    modules = {name.rpartition("--")[2].split(".")[0] for name in config.get("auto_map", {}).values()}
    if config.get("model_type") == "abc_lstm" and not modules:
        raise InputError(
            f"{run / 'config.json'} names no source for its LSTM: train it again with this version"
        )
    return [_there(run, f"{module}.py") for module in sorted(modules)]
