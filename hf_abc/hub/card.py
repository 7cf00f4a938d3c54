"""The model card: README.md of a run folder, from run.json and a template and nothing else.

No number of a card is typed by hand. A number that run.json lacks is an error that names it, and then no card
is written; a dash stands for what was looked for without a tune to find it in. The YAML head is written and
read by the Hub's own library, which keeps its rules. Pictures and sound lie in the run folder's `examples/`
and `evaluation/`; records of earlier versions, which measured less, give shorter cards.
"""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from hf_abc.errors import InputError, OutputError
from hf_abc.evaluation.scorecard_table import DISTANCES
from hf_abc.hub import wording
from hf_abc.hub.part import Part
from hf_abc.hub.results import metrics, sampled_ways
from hf_abc.hub.terms import model_licence
from hf_abc.record import Record, atomic_write

PLOTS = {
    "bits": "Bits per character along a tune and by part",
    "shares": "Shares of sound tunes, samples beside human tunes",
    "music": "Musical distances, beside those between human tunes",
}
"""The plots of `hf-abc evaluate`, which lie in RUN/evaluation, and what they show."""


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


def model_card(
    run_folder: Path,
    *,
    at: str = ".",
    licence: str = "",
    dataset: str = "",
    sounds: Mapping[int, str] | None = None,
) -> str:
    """The card of a run: Markdown with the Hub's YAML head.

    `at` is where its examples find the model: the folder itself, or an id on the Hub. `licence` is what the
    weights are put under by whoever publishes, where it does not follow from the corpus; `dataset` the id of
    the corpus on the Hub; `sounds` are files of sound that the run has not, by the number of their example.
    Raises InputError for a folder without run.json and for a number that it lacks.
    """
    import yaml
    from huggingface_hub import ModelCard

    record = Record(run_folder)
    if not record.values:
        raise InputError(f"{record.path} is missing: a card needs the record of a trained and measured model")
    run = Part(record.values, record.path)
    free = model_licence(record.get("corpus", {}))
    measured = run["evaluation"]
    card = ModelCard.from_template(
        _head(run, licence or free, dataset),
        template_str=(files("hf_abc") / "data" / "model_card.md.j2").read_text("utf-8"),
        run=run,
        at=at,
        lstm=_kind(run)[0] == "lstm",
        samples=sampled_ways(run),
        sounds=sounds or {},
        free=bool(free) and licence in ("", free),
        licence=licence,
        against={
            name.removeprefix("against_").replace("_", " "): measured[name]
            for name in measured
            if name.startswith("against_") and name != "against_witten_bell_5"
        },
        distances=DISTANCES,
        plots={
            f"evaluation/{name}.svg": words
            for name, words in PLOTS.items()
            if (run_folder / "evaluation" / f"{name}.svg").is_file()
        },
        recipe=yaml.safe_dump(record.get("recipe"), sort_keys=False, allow_unicode=True),
        number=wording.number,
        bits=wording.bits,
        percent=wording.percent,
        measure=wording.measure,
        counts=wording.counts,
        first=wording.first,
        code=wording.code,
        fence=wording.fence,
        plain=wording.plain,
    )
    return str(card).rstrip("\n") + "\n"


def _kind(run: Part) -> tuple[str, str]:
    """The kind of model, and the one whose weights it started from; older recipes know fresh GPT-2 only."""
    model = run["recipe"]["model"]
    base = model["pretrained"] if "pretrained" in model else ""  # noqa: SIM401  a Part has no get
    if base:
        return "text-generation", "" if model["random_weights"] else base
    return (model["family"] if "family" in model else "gpt2"), ""  # noqa: SIM401


def _head(run: Part, licence: str, dataset: str) -> Any:
    """The YAML head as the Hub's library knows it, the main results among it."""
    from huggingface_hub import EvalResult, ModelCardData

    kind, base = _kind(run)
    return ModelCardData(
        license=licence or "unknown",
        library_name="transformers",
        pipeline_tag="text-generation",
        base_model=base if "/" in base and not base.startswith((".", "/", "~")) else None,
        datasets=[dataset] if dataset else None,
        tags=sorted({"abc-notation", "folk-music", kind, "music", "music-generation"}),
        model_name=run["recipe"]["name"],
        eval_results=[
            EvalResult(
                task_type="text-generation",
                dataset_type=dataset or "abc-tunes",
                dataset_name=f"held-out families of {', '.join(run['corpus']['sources'])}",
                dataset_split=run["evaluation"]["side"],
                metric_type=metric.name,
                metric_name=metric.words,
                metric_value=metric.value,
            )
            for metric in metrics(run)
        ],
    )
