"""The tables of a study's report, as Markdown and, of the fits alone, for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hf_abc.evaluation.tables import aligned
from hf_abc.scaling.families import Difference
from hf_abc.scaling.fits import FamilyFits, Fits, HeldOut
from hf_abc.scaling.power_law import Interval, PowerLaw
from hf_abc.scaling.results import Result

NAMES = {"gpt2": "GPT-2", "lstm": "LSTM"}
_COUNTS = {"matmul": "matrices", "non_embedding": "without embeddings", "total": "total"}


def interval(found: Interval, digits: int = 3) -> str:
    """A fitted number with its interval; an end that the data do not bound is a question mark."""
    low, high = ("?" if end is None else f"{end:.{digits}f}" for end in (found.low, found.high))
    return f"{found.value:.{digits}f} [{low}, {high}]"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells, the first of them the head, as a Markdown table."""
    head, *rest = rows
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rest]]
    return "\n".join(lines)


def run_rows(fits: Fits) -> list[list[str]]:
    """One line for each run: what it was, what it cost, what it lost."""
    order = {"sweep": 0, "ladder": 1, "branch": 2, "spot": 3}
    runs = sorted(
        fits.results.values(),
        key=lambda r: (order[r.part], r.family, r.matmul, r.tokenizer, r.seed, r.rate, r.share),
    )
    head = [
        "run", "matrices", "without embeddings", "total", "tokens", "characters", "steps", "rate", "FLOP",
        "CPU s", "s", "GiB", "validation nats/char", "test nats/char", "test bits/char",
    ]  # fmt: skip
    return [head, *(_run_row(fits, run) for run in runs)]


def _run_row(fits: Fits, run: Result) -> list[str]:
    loss = fits.loss(run)
    return [
        run.name,
        *(
            f"{n:,}"
            for n in (run.matmul, run.non_embedding, run.total, run.tokens, run.characters, run.steps)
        ),
        f"{run.rate:.3g}",
        f"{run.flops:.2e}",
        f"{run.cpu_seconds:,.0f}",
        f"{run.seconds:,.0f}",
        f"{run.peak_memory_gib:.2f}",
        f"{run.loss(fits.ground, 'validation'):.4f}",
        f"{loss:.4f}",
        f"{loss / math.log(2):.4f}",
    ]


def size_rows(fits: Fits) -> list[list[str]]:
    """One line for each size: mean and spread of its seeds."""
    rows = [["model", "matrices", "seeds", "test nats/char", "standard deviation", "bits/char"]]
    for family in fits.families:
        sizes: dict[str, list[Result]] = {}
        for run in fits.ladder(family):
            sizes.setdefault(run.size, []).append(run)
        for size, runs in sizes.items():
            losses = [fits.loss(run) for run in runs]
            mean = sum(losses) / len(losses)
            spread = "-"
            if len(losses) > 1:
                deviation = math.sqrt(sum((x - mean) ** 2 for x in losses) / (len(losses) - 1))
                spread = f"{100 * deviation / mean:.2f} %"
            name = f"{NAMES[family]} {size}"
            rows.append(
                [
                    name,
                    f"{runs[0].matmul:,}",
                    f"{len(runs)}",
                    f"{mean:.4f}",
                    spread,
                    f"{mean / math.log(2):.4f}",
                ]
            )
    return rows


def fit_rows(fits: Fits) -> list[list[str]]:
    """One line for each fit: family, count, sizes, with c or without."""
    rows = [["family", "parameters", "sizes", "c", "alpha", "c (nats/char)", "a", "error of a run"]]
    for family, found in fits.families.items():
        for which, laws in (("all but the largest", found.below), ("all", found.all)):
            for name, law in laws.items():
                count, without = name.removesuffix(" without c"), name.endswith(" without c")
                rows.append(
                    [
                        NAMES[family], _COUNTS[count], which, "0" if without else "fitted",
                        interval(law.alpha), "0" if without else interval(law.c), f"{law.a:.3f}",
                        f"{100 * law.sigma:.2f} % ({law.nu} degrees of freedom)",
                    ]
                )  # fmt: skip
    return rows


def held_out_rows(fits: Fits) -> list[list[str]]:
    """The largest size of each family: predicted before, measured after."""
    rows = [["family", "largest size", "fit", "predicted nats/char", "measured", "off", "inside"]]
    for family, found in fits.families.items():
        for one, name in ((found.held_out, "with c"), (found.held_out_without_c, "without c")):
            if one is not None:
                rows.append([NAMES[family], one.size, name, interval(one.predicted, 4), *_measured(one)])
    return rows


def _measured(one: HeldOut) -> list[str]:
    off = one.measured / one.predicted.value - 1
    return [f"{one.measured:.4f}", f"{100 * off:+.2f} %", "yes" if one.inside else "no"]


def left_out_rows(fits: Fits) -> list[list[str]]:
    """alpha without each size."""
    rows = [["family", "without", "alpha"]]
    for family, found in fits.families.items():
        rows += [[NAMES[family], size, f"{alpha:.3f}"] for size, alpha in found.left_out.items()]
    return rows


def check_rows(fits: Fits) -> list[list[str]]:
    """The same law by the two methods."""
    rows = [["family", "alpha, variable projection", "alpha, Huber", "c, variable projection", "c, Huber"]]
    for family, found in fits.families.items():
        law = found.all.get("matmul")
        if found.check is not None and law is not None:
            numbers = (law.alpha.value, found.check.alpha, law.c.value, found.check.c)
            rows.append([NAMES[family], *(f"{number:.3f}" for number in numbers)])
    return rows


def surface_rows(fits: Fits) -> list[list[str]]:
    """L(N, D) of each family; N and D in millions."""
    rows = [["family", "alpha", "beta", "E", "A", "B", "error of a run"]]
    for family, found in fits.families.items():
        if (one := found.surface) is not None:
            numbers = [f"{number:.3f}" for number in (one.e, one.a, one.b)]
            rows.append(
                [NAMES[family], interval(one.alpha), interval(one.beta), *numbers, f"{100 * one.sigma:.2f} %"]
            )
    return rows


def difference_rows(fits: Fits) -> list[list[str]]:
    """GPT-2 less LSTM, at equal size and at equal cost."""
    rows = [["matched by", "size of GPT-2", "at", "GPT-2 less LSTM, nats/char"]]
    for name, found in (("parameters in matrices", fits.at_size), ("FLOP of the training", fits.at_flops)):
        rows += [[name, one.size, f"{one.at:.2e}", _signed(one)] for one in found]
    return rows


def _signed(one: Difference) -> str:
    return f"{one.nats.value:+.4f} [{one.nats.low:+.4f}, {one.nats.high:+.4f}]"


def rate_rows(fits: Fits) -> list[list[str]]:
    """The sweeps: the losses tried, the optimum."""
    rows = [["family", "width", "tried: validation nats/char", "best rate"]]
    for family, optima in fits.optima.items():
        for one in optima:
            tried = ", ".join(f"{rate:.3g}: {loss:.4f}" for rate, loss in one.tried)
            rows.append([family, f"{one.width}", tried, f"{one.rate:.3g}"])
    return rows


def spot_rows(fits: Fits) -> list[list[str]]:
    """The law's rate at the second largest size, between half of it and twice of it."""
    rows = [
        ["family", "size", *(f"{times} × the law's rate" for times in ("0.5", "1", "2")), "above the best"]
    ]
    for family, spot in fits.spots.items():
        losses = [f"{spot.losses[times]:.4f}" for times in ("0.5", "1", "2")]
        rows.append([NAMES[family], spot.size, *losses, f"{100 * spot.excess:.2f} %"])
    return rows


def fit_table(fits: Fits) -> str:
    """What `hf-abc scaling fit` prints."""
    parts = ["\n".join(aligned(rows)) for rows in (fit_rows(fits), held_out_rows(fits), difference_rows(fits))
             if len(rows) > 1]  # fmt: skip
    notes = [
        f"{name}: {sentence}" for name, found in fits.families.items() for sentence in unidentified(found)
    ]
    notes += [f"{name} is left out: it diverged ({why})" for name, why in fits.diverged.items()]
    return "\n\n".join([*parts, "\n".join(notes)]).strip()


def unidentified(found: FamilyFits) -> list[str]:
    """What a family's runs do not tell, as sentences."""
    said = [f"no fit of {name}: {why}" for name, why in found.missing.items()]
    laws: dict[str, PowerLaw] = {"all sizes": found.all["matmul"]} if "matmul" in found.all else {}
    for name, law in laws.items():
        for parameter, one in (("alpha", law.alpha), ("c", law.c)):
            if not one.identified:
                said.append(f"{parameter} is not identified by {name}: its interval is open at one end")
            elif parameter == "c" and one.low is not None and one.low <= 0:
                said.append(f"c is not identified by {name}: 0 lies in its interval")
    if (surface := found.surface) is not None:
        for parameter, exponent in (("alpha", surface.alpha), ("beta", surface.beta)):
            if not exponent.identified:
                said.append(f"{parameter} of the surface is not identified: its interval is open at one end")
    return said
