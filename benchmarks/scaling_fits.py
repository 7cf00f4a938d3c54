"""Coverage of the intervals of scaling fits, how far two methods agree, and what a fit costs.

`python benchmarks/scaling_fits.py [--studies 300] [--json FILE]`: studies of a known law are made up with the
noise of real runs, and fitted as `hf-abc scaling fit` does. Coverage is the share of nominal 95 % intervals
that hold the truth; for the largest size, which the fit has not seen, the share of predicted intervals that
hold a new run of it. With 300 studies a share is known to 2.5 points.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from hf_abc.evaluation.tables import aligned
from hf_abc.scaling.design import FLAT, STEEP, Law
from hf_abc.scaling.huber import fit_huber
from hf_abc.scaling.power_law import fit_power_law, predict_held_out

LADDER = np.geomspace(0.09e6, 4.8e6, 7)
DESIGNS = {
    "7 sizes of 0.09M to 4.8M, 3 seeds": np.repeat(LADDER, 3),
    "6 sizes of 0.09M to 2.5M, 3 seeds": np.repeat(LADDER[:-1], 3),
    "5 sizes of 1M to 100M, 3 seeds": np.repeat(np.geomspace(1e6, 1e8, 5), 3),
    "8 sizes of 0.1M to 100M, 1 seed": np.geomspace(1e5, 1e8, 8),
}
CHECKED = 5  # studies of each row that are fitted by Huber's loss as well, at seconds each


def measure(sizes: np.ndarray, law: Law, noise: float, studies: int) -> dict[str, Any]:
    """One row: coverage for alpha, c and the held-out size; how far the methods are apart; seconds."""
    draw = np.random.default_rng(11)
    held: dict[str, list[bool]] = {"alpha": [], "c": [], "held out": []}
    apart, spent = [], 0.0
    largest = 2 * sizes.max()
    for study in range(studies):
        losses = law.loss(sizes) * (1 + noise * draw.standard_normal(len(sizes)))
        began = time.process_time()
        fit = fit_power_law(sizes, losses)
        spent += time.process_time() - began
        for name, one, truth in (("alpha", fit.alpha, law.alpha), ("c", fit.c, law.c)):
            held[name].append((one.low or 0) <= truth <= (np.inf if one.high is None else one.high))
        if study < studies // 3:  # a profile over a thousand losses takes a second
            new = float(law.loss(np.array(largest))) * (1 + noise * draw.standard_normal())
            predicted = predict_held_out(sizes, losses, largest)
            held["held out"].append((predicted.low or 0) <= new <= (predicted.high or np.inf))
        if study < CHECKED:
            apart.append(abs(fit_huber(sizes, losses).alpha - fit.alpha.value))
    return {
        **{name: round(float(np.mean(found)), 3) for name, found in held.items()},
        "methods apart": round(float(np.mean(apart)), 4),
        "seconds": round(spent / studies, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=300, help="made-up studies of each row")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for design, sizes in DESIGNS.items():
        for law in (STEEP, FLAT):
            for noise in (0.003, 0.01):
                found = measure(sizes, law, noise, arguments.studies)
                rows.append({"design": design, "alpha of the law": law.alpha, "noise": noise, **found})
                print(*rows[-1].values(), flush=True)
    head = [
        "design", "alpha of the law", "noise", "alpha", "c", "held out", "methods apart", "seconds",
    ]  # fmt: skip
    print("\n".join(aligned([head, *([str(row[name]) for name in head] for row in rows)])))
    if arguments.json:
        arguments.json.write_text(json.dumps({"studies": arguments.studies, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
