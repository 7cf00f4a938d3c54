"""The main results of a run, as the Hub reads them: in the head of a card (`model-index`) and as files of
`.eval_results/`, which the Hub's library calls the new way. Both are written, since readers of each exist.
"""

from dataclasses import dataclass

from hf_abc.hub.part import Part

_SHARES = {
    "compiles": "abc2midi compiles the tune without an error",
    "bars_right": "every bar is right for abc2midi",
    "loops": "the tune loops",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure: the kind of metric, what it is in words, and its value (shares between 0 and 1)."""

    name: str
    words: str
    value: float


def metrics(run: Part) -> list[Metric]:
    """Bits per character, and the shares of each way of sampling; those without a value are left out."""
    measured = run["evaluation"]["bits_per_character"]["value"]
    found = [("bits_per_character", "bits per character", measured)]
    for sampled in sampled_ways(run):
        how = f"{sampled['n']} samples, temperature {sampled['temperature']:g}, min-p {sampled['min_p']:g}"
        found += [
            (name, f"{words} ({how})", sampled["shares"][name]["value"]) for name, words in _SHARES.items()
        ]
    return [Metric(*one) for one in found if one[2] is not None]


def sampled_ways(run: Part) -> list[Part]:
    """The measured samples: with the model's own sampler and, if this leaves tokens out, without."""
    own = run["samples"]
    return [own, run["plain_samples"]] if own["min_p"] else [own]


def results_file(run: Part, *, dataset: str = "") -> str:
    """The same as YAML for `.eval_results/`; `dataset` is the id of the corpus on the Hub, if it is there."""
    import yaml
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    entries = [
        EvalResultEntry(
            dataset_id=dataset or "abc-tunes",
            task_id=metric.name,
            value=metric.value,
            notes=f"{metric.words}; {run['evaluation']['side']} side",
        )
        for metric in metrics(run)
    ]
    return yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False, allow_unicode=True)
