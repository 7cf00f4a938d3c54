"""The model card: README.md of a run folder, from run.json and a template and nothing else.

No number of a card is typed by hand. A number that run.json lacks is an error that names it, and then no card
is written; a dash stands for what was looked for without a tune to find it in. The YAML head is written and
read by the Hub's own library, which keeps its rules. Pictures lie in the run folder's `examples/`.
"""

import math
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from hf_abc.corpora.sources.music21_collections import LICENCE as MUSIC21
from hf_abc.errors import InputError, OutputError
from hf_abc.record import Record, atomic_write

_LICENCE = "apache-2.0"
"""Licence of weights that have seen nothing but the embedded collections; the template gives the reason."""

_METRICS = {
    "compiles": "abc2midi compiles the tune without an error",
    "bars_right": "every bar is right for abc2midi",
    "loops": "the tune loops",
}
_ADVICE = {
    "evaluation": "measure the model with `hf-abc evaluate`",
    "samples": "measure the model with `hf-abc evaluate`",
    "plain_samples": "measure the model with `hf-abc evaluate`",
    "corpus": "write it down with hf_abc.hub.facts.note_facts",
    "tokenizer": "write it down with hf_abc.hub.facts.note_facts",
    "examples": "write it down with hf_abc.hub.facts.note_facts",
}
_MAY_BE_NONE = {"value", "low", "high", "revision", "changed"}
"""Measured and found to be nothing (an estimate over no tune), or not a clone."""


def write_card(run_folder: Path) -> Path:
    """Write the card of a run into its README.md, at once or not at all; the path.

    Raises what `model_card` raises, and OutputError where the file cannot be written.
    """
    card, path = model_card(run_folder), run_folder / "README.md"
    try:
        atomic_write(path, card)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}): free some space or choose another folder"
        ) from error
    return path


def model_card(run_folder: Path) -> str:
    """The card of a run: Markdown with the Hub's YAML head.

    Raises InputError for a folder without run.json and for a number that run.json lacks.
    """
    import yaml
    from huggingface_hub import ModelCard

    record = Record(run_folder)
    if not record.values:
        raise InputError(f"{record.path} is missing: a card needs the record of a trained and measured model")
    run = _Part(record.values, record.path)
    licence = _LICENCE if [*run["corpus"]["licences"]] == [MUSIC21] else None
    card = ModelCard.from_template(
        _head(run, licence),
        template_str=(files("hf_abc") / "data" / "model_card.md.j2").read_text("utf-8"),
        run=run,
        samples=_samples(run),
        free=licence is not None,
        against={
            name.removeprefix("against_").replace("_", " "): run["evaluation"][name]
            for name in run["evaluation"]
            if name.startswith("against_") and name != "against_witten_bell_5"
        },
        recipe=yaml.safe_dump(record.get("recipe"), sort_keys=False, allow_unicode=True),
        number=_number,
        bits=_bits,
        percent=_percent,
        counts=_counts,
        first=_first,
        code=_code,
        fence=_fence,
        plain=_plain,
    )
    return str(card).rstrip("\n") + "\n"


class _Part:
    """A mapping of run.json, for the template: a key that it lacks is an error that says which."""

    def __init__(self, values: Mapping[str, Any], file: Path, path: str = "") -> None:
        self._values, self._file, self._path = values, file, path

    def __getitem__(self, key: str) -> Any:
        path = f"{self._path}.{key}".lstrip(".")
        value = self._values.get(key)
        nothing = value is None and not (key in self._values and key in _MAY_BE_NONE)
        if nothing or (isinstance(value, float) and not math.isfinite(value)):
            advice = _ADVICE.get(path.split(".")[0], "train the model with `hf-abc train`")
            raise InputError(f"{self._file} lacks {path}, which the card must tell: {advice}")
        return self._wrapped(value, path)

    def _wrapped(self, value: Any, path: str) -> Any:
        if isinstance(value, Mapping):
            return _Part(value, self._file, path)
        if isinstance(value, list):
            return [self._wrapped(item, f"{path}.{number}") for number, item in enumerate(value)]
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)


def _head(run: _Part, licence: str | None) -> Any:
    """The YAML head as the Hub's library knows it, the main results among it."""
    from huggingface_hub import EvalResult, ModelCardData

    measured = run["evaluation"]
    metrics = [("bits_per_character", "bits per character", measured["bits_per_character"]["value"])]
    for sampled in _samples(run):
        how = f"{sampled['n']} samples, temperature {sampled['temperature']:g}, min-p {sampled['min_p']:g}"
        metrics += [
            (name, f"{words} ({how})", sampled["shares"][name]["value"]) for name, words in _METRICS.items()
        ]
    return ModelCardData(
        license=licence or "unknown",
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=["abc-notation", "folk-music", "gpt2", "music", "music-generation"],
        model_name=run["recipe"]["name"],
        eval_results=[
            EvalResult(
                task_type="text-generation",
                dataset_type="abc-tunes",
                dataset_name=f"held-out families of {', '.join(run['corpus']['sources'])}",
                dataset_split=measured["side"],
                metric_type=metric,
                metric_name=words,
                metric_value=value,
            )
            for metric, words, value in metrics
            if value is not None
        ],
    )


def _samples(run: _Part) -> list[_Part]:
    """The measured samples: with the model's own sampler and, if this leaves tokens out, without."""
    own = run["samples"]
    return [own, run["plain_samples"]] if own["min_p"] else [own]


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def _bits(estimate: _Part, sign: bool = False) -> str:
    """Bits per character with their interval, where they have one."""
    return _estimate(estimate, "+.3f" if sign else ".3f", 1, "")


def _percent(estimate: _Part) -> str:
    return _estimate(estimate, ".1f", 100, " %")


def _estimate(estimate: _Part, form: str, scale: float, unit: str) -> str:
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if value is None:
        return "–"
    text = f"{scale * value:{form}}{unit}"
    return text if low is None or high is None else f"{text} [{scale * low:{form}}, {scale * high:{form}}]"


def _counts(values: _Part) -> str:
    """Values and how often each was seen."""
    return ", ".join(f"{_code(name)} {_number(values[name])}" for name in values) or "none"


def _first(values: _Part) -> str:
    """The most frequent value that a command line takes as it stands."""
    return next((name for name in values if re.fullmatch(r"[\w/|#]+", name)), "")


def _plain(text: str) -> str:
    """Any text as one line of Markdown that means just its letters."""
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Any text as code within a line, its line ends told as such."""
    text = text.rstrip("\n").replace("\n", "⏎")
    longest = max(map(len, re.findall("`+", text)), default=0)
    return f"{'`' * (longest + 1)}{' ' if longest else ''}{text}{' ' if longest else ''}{'`' * (longest + 1)}"


def _fence(text: str, language: str = "") -> str:
    """Any text as a block of code, whatever backticks it holds."""
    marks = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{marks}{language}\n{text.rstrip()}\n{marks}"
