"""The bench that runs are trained and measured on: the corpus of the study, and a folder for their models.

Every held-out tune is read, each by itself. Learning rates are chosen on the validation side, everything that
is reported is of the test side. During training only some validation tunes are looked at, for the curve.

CPU seconds are those of this process; of a run that was interrupted they are scaled up from the steps since.
Peak memory is the process's own since the run began, where Linux lets it be reset.
"""

from __future__ import annotations

import hashlib
import math
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_abc.errors import HfAbcError, InputError, ToolError
from hf_abc.record import Record, atomic_write, code, fingerprint, peak_memory_gib, plain
from hf_abc.scaling.costs import cost_of
from hf_abc.scaling.results import SIDES, Ground, Result, code_mark, read_ground, result_file, write
from hf_abc.scaling.runs import Run

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from hf_abc.evaluation.likelihood import TokenLosses
    from hf_abc.recipe import Study

WATCHED = 128
"""Validation tunes that are looked at while a run is training."""
_LONGEST = 4  # rows that a sampled tune may be long; hardly any human one is


@dataclass(frozen=True, slots=True)
class Bench:
    """Where runs are trained (`work`), where their results go (`out`), and on what."""

    out: Path
    work: Path
    train: Sequence[str]
    rows: dict[str, list[dict[str, Any]]]
    ground: Ground
    samples: int
    first_seed: int

    def folder(self, run: Run) -> Path:
        """Where a run's model is while it is needed."""
        return self.work / run.name

    def measure(self, run: Run, *, retrain: bool = False) -> Result:
        """Train a run, or go on with it, measure it and write its file; with `retrain` nothing is written."""
        from hf_abc.training.checkpoint import last_checkpoint

        folder = self.folder(run)
        before = last_checkpoint(folder)
        begun = int(before.name.rpartition("-")[2]) if before else run.from_step
        _reset_peak()
        cpu = time.process_time()
        try:
            self._fit(run, folder)
        except HfAbcError as error:
            if type(error) is not HfAbcError:  # a user's mistake; divergence alone is the bare class
                raise
            shutil.rmtree(folder, ignore_errors=True)
            result = replace(self._blank(run), diverged=str(error).partition(":")[0])
        else:
            steps = run.recipe.training.steps
            cpu = (time.process_time() - cpu) * (steps - run.from_step) / max(1, steps - begun)
            result = self._measured(run, folder, cpu)
        if not retrain:
            write(result_file(self.out, run.name), result)
        return result

    def _fit(self, run: Run, folder: Path) -> None:
        from hf_abc.training.loop import fit

        recipe, branch = run.recipe, None
        if recipe.model.pretrained:
            shape = self._shape(run)
            recipe = replace(recipe, model=replace(recipe.model, pretrained=str(shape)))
        if run.trunk:
            branch = self.work / run.trunk / "checkpoints" / f"step-{run.from_step:08d}"
        validation = [row["text"] for row in self.rows["validation"]]
        watched = random.Random(0).sample(validation, min(WATCHED, len(validation)))
        fit(recipe, self.train, watched, folder, branch=branch)

    def _shape(self, run: Run) -> Path:
        """A folder with another's vocabulary and this run's shape, as `model.pretrained` wants it."""
        from hf_abc.models.pretrained import load_tokenizer
        from hf_abc.models.sizes import gpt2_config

        name = run.recipe.model.pretrained
        place = self.work / f"vocabulary-{run.size}-{fingerprint(name)[:8]}"
        if not (place / "config.json").is_file():
            try:
                tokenizer = load_tokenizer(name)
            except (OSError, ValueError) as error:
                raise InputError(
                    f"vocabulary: {name} cannot be loaded: name a folder with tokenizer.json "
                    "(--vocabulary), or a Hub id where there is a network"
                ) from error
            tokenizer.save_pretrained(place)
            config = gpt2_config(
                run.size, vocab_size=len(tokenizer), n_positions=run.recipe.model.n_positions,
                end_id=tokenizer.eos_token_id,
            )  # fmt: skip
            config.save_pretrained(place)
        return place

    def _blank(self, run: Run) -> Result:
        """What is known of a run without its model."""
        cost, recipe, git = cost_of(run.recipe), run.recipe, code()
        tokens = recipe.training.steps * recipe.training.batch_tokens
        revision = str(git["revision"] or git["version"])[:12]
        return Result(
            name=run.name,
            part=run.part,
            family=run.family,
            size=run.size,
            tokenizer=run.tokenizer,
            seed=run.seed,
            share=run.share,
            recipe=fingerprint(recipe),
            corpus=self.ground.corpus,
            vocabulary="",
            code=code_mark(),
            revision=revision + ("+" if git["changed"] else ""),
            **asdict(cost.counts),
            steps=recipe.training.steps,
            tokens=tokens,
            characters=tokens,
            rate=recipe.training.learning_rate,
            flops=float(cost.flops * tokens),
            seconds=0.0,
            cpu_seconds=0.0,
            threads=1,
            device="",
            precision="",
            peak_memory_gib=0.0,
        )

    def _measured(self, run: Run, folder: Path, cpu: float) -> Result:
        import torch

        from hf_abc.evaluation.likelihood import token_losses
        from hf_abc.evaluation.loss_parts import loss_parts
        from hf_abc.models.sizes import flops_per_token, parameter_counts
        from hf_abc.sampling.loading import load_model, load_tokenizer

        facts = Record(folder).get("training")
        model, tokenizer = load_model(folder), load_tokenizer(folder)
        if torch.accelerator.is_available():
            moved: Any = model
            model = moved.to(torch.accelerator.current_accelerator())
        rows = [row for side in SIDES for row in self.rows[side]]
        losses = token_losses(model, tokenizer, rows)
        held = len(self.rows["validation"])
        by_side = dict(zip(SIDES, (losses[:held], losses[held:]), strict=True))
        texts = [row["text"] for row in self.rows["test"]]
        parts = plain(loss_parts(tokenizer, texts, by_side["test"]))
        per_token = sum(loss.chars for loss in losses) / sum(len(loss.nats) for loss in losses)
        writes = run.part == "ladder" and run.seed == self.first_seed and self.samples > 0
        return replace(
            self._blank(run),
            vocabulary=hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest(),
            **asdict(parameter_counts(model)),
            tokens=facts["tokens"],
            characters=round(facts["tokens"] * per_token),
            flops=float(flops_per_token(model, run.recipe.training.block_size) * facts["tokens"]),
            seconds=facts["seconds"],
            cpu_seconds=round(cpu, 1),
            threads=facts["threads"],
            device=facts["device"],
            precision=facts["precision"],
            peak_memory_gib=facts.get("peak_device_memory_gib") or _peak(),
            nats={side: _by_family(own, self.ground.families[side]) for side, own in by_side.items()},
            curve=[{key: round(value, 5) for key, value in point.items() if value is not None}
                   for point in facts["curve"]],
            by_place=_rounded(parts["by_place"]),
            by_part=_rounded(parts["by_part"]),
            samples=self._sampled(run, model, tokenizer) if writes else {},
        )  # fmt: skip

    def _sampled(
        self, run: Run, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
    ) -> dict[str, Any]:
        """How sound a few tunes are that the model writes from nothing, without any guard."""
        from hf_abc.evaluation.validity import judge, shares
        from hf_abc.sampling.generator import generate_tunes

        longest = _LONGEST * run.recipe.training.block_size
        tunes = generate_tunes(model, tokenizer, [""] * self.samples, seed=run.seed, max_new_tokens=longest)
        try:
            verdicts = judge([tune.text for tune in tunes], [tune.ended for tune in tunes])
        except ToolError:
            return {}
        return _rounded({"n": self.samples, **plain(shares(verdicts))})


def make_bench(
    corpus: Path, out: Path, work: Path, study: Study, say: Callable[[str], None] = lambda text: None
) -> Bench:
    """The bench on a corpus folder; corpus.json of `out` is written, or must tell of this corpus."""
    from hf_abc.corpora import read_split

    train = [row["text"] for row in read_split(corpus, "train")]
    rows = {side: [row for row in read_split(corpus, side) if row["text"]] for side in SIDES}
    for side in SIDES:
        if not rows[side]:
            raise InputError(f"{corpus} has no tune on its {side} side: build a larger corpus")
    mark = fingerprint([train, *([[row["text"] for row in rows[side]] for side in SIDES])])
    if (out / "corpus.json").is_file():
        ground = read_ground(out)
        if ground.corpus != mark:
            raise InputError(f"{out} holds a study on another corpus than {corpus}: take another folder")
    else:
        say("measuring the baselines")
        ground = _lay(mark, train, rows)
        if not (out / "corpus.json").is_file():  # or a worker beside this one has been quicker
            write(out / "corpus.json", ground)
    if not (work / ".gitignore").is_file():
        atomic_write(work / ".gitignore", "*\n")  # results are worth keeping, unfinished models are not
    return Bench(out, work, train, rows, ground, study.samples, study.seeds[0])


def _lay(mark: str, train: Sequence[str], rows: dict[str, list[dict[str, Any]]]) -> Ground:
    from hf_abc.evaluation.baselines import conditional_xz, witten_bell
    from hf_abc.evaluation.validity import judge, shares

    characters: dict[str, dict[str, int]] = {side: {} for side in SIDES}
    for side in SIDES:
        for row in rows[side]:
            own = characters[side]
            own[row["family"]] = own.get(row["family"], 0) + len(row["text"])
    test = [row["text"] for row in rows["test"]]
    try:
        human = _rounded(plain(shares(judge(test))))
    except ToolError:
        human = {}
    nats = math.fsum(loss.nats for loss in witten_bell(train, rows["test"]))
    return Ground(
        corpus=mark,
        train_tunes=len(train),
        train_characters=sum(map(len, train)),
        families={side: list(own) for side, own in characters.items()},
        characters={side: list(own.values()) for side, own in characters.items()},
        witten_bell=round(nats / sum(map(len, test)), 5),
        xz=round(conditional_xz(train, test) * math.log(2), 5),
        human=human,
    )


def _by_family(losses: Sequence[TokenLosses], families: Sequence[str]) -> list[float]:
    sums = dict.fromkeys(families, 0.0)
    for loss in losses:
        sums[loss.family] += loss.total.nats
    return [round(value, 3) for value in sums.values()]


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return round(value, 5) if isinstance(value, float) else value


def _reset_peak() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return  # not Linux, or not allowed: the peak is the process's, of all its runs


def _peak() -> float:
    """The most memory that this process has held since the peak was reset, in GiB."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 2**20, 3)
    except OSError:
        pass
    return peak_memory_gib()
