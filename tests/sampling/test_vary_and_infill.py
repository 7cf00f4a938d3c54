"""Variations as like as wished, new bars between kept ones, and what is refused."""

import math
import warnings

import pytest

from hf_abc.cli import main
from hf_abc.errors import InputError
from hf_abc.notation.bar_spans import spans
from hf_abc.notation.levels import level
from hf_abc.notation.similarity import similarity
from hf_abc.sampling.filling import Again, Gap, plan_of
from hf_abc.sampling.infill import infill, infill_by_particles, parse_bars
from hf_abc.sampling.loading import find_model, load_for_sampling
from hf_abc.sampling.scoring import log_likelihoods
from hf_abc.sampling.seen import seen_heads, unseen
from hf_abc.sampling.vary import vary

TUNE = (
    "X:1\nT:The Little Fair Child\nM:6/8\nL:1/8\nK:D\nG|Add dcd|efg f2e|dcA AGA|B2G A2z/G/|\n"
    "Add dcd|efg f2e|dcA GEA|D3 D2||\nD|FGA BFG|cAG AFD|FGA cAG|Ade d2D|\nFGA cAG|AGA fde|dcA GEA|D3 D2|]\n"
)


@pytest.fixture(scope="module")
def shipped():
    return load_for_sampling(find_model(None))


@pytest.mark.parametrize("dial", [0.4, 0.8])
def test_variations_are_as_like_as_wished(shipped, dial):
    found = vary(*shipped, TUNE, count=8, similarity=dial, min_p=0.05)
    assert len({variation.text for variation in found}) == 8
    for variation in found:
        assert variation.similarity == similarity(TUNE, variation.text)
        assert abs(variation.similarity - dial) <= 0.1
        assert level(variation.text).number >= 5
    assert vary(*shipped, TUNE, count=8, similarity=dial, min_p=0.05, batch_size=3) == found


def test_equal_bars_stay_equal():
    bars = spans(TUNE)
    free = {place for place, bar in enumerate(bars) if TUNE[bar.start : bar.end] in ("Add dcd", "efg f2e")}
    plan = plan_of(TUNE, bars, free, alike=True)
    assert [type(piece).__name__ for piece in plan if not isinstance(piece, str)] == ["Gap", "Again", "Again"]
    assert plan[1] == Gap(("Adddcd", "efgf2e"), ("|",)) and Again("Adddcd") in plan
    assert "".join(p for p in plan if isinstance(p, str)).count("|") == TUNE.count("|") - 1


def test_kept_bars_stay_byte_for_byte(shipped):
    start, end = TUNE.index("Add dcd|efg f2e|dcA GEA"), TUNE.index("D3 D2||")
    for way in (infill, infill_by_particles):
        found = way(*shipped, TUNE, 5, 7, min_p=0.05, **({"tries": 8} if way is infill else {"particles": 8}))
        for filling in found:
            assert filling.text.startswith(TUNE[:start]) and filling.text.endswith(TUNE[end - 1 :])
            assert len(spans(filling.text)) == len(spans(TUNE))
            assert filling.text != TUNE or way is infill_by_particles
        assert [f.behind for f in found] == sorted((f.behind for f in found), reverse=True)


def test_the_best_of_many_fits_better_than_a_plain_continuation(shipped):
    gains = []
    for seed in range(6):
        (plain,) = infill(*shipped, TUNE, 9, 12, tries=1, seed=seed, min_p=0.05)
        (best,) = infill(*shipped, TUNE, 9, 12, tries=12, seed=seed, min_p=0.05)
        gains.append(best.behind - plain.behind)
    assert min(gains) >= 0 and sum(gains) > 0  # the plain one is the first of the twelve


def test_log_likelihoods_add_up(shipped):
    whole, part, rest = (log_likelihoods(*shipped, [TUNE], [at])[0] for at in (0, 60, len(TUNE)))
    assert whole < part < rest == 0 and math.isfinite(whole)


def test_last_bars_have_nothing_behind_them(shipped):
    (found,) = infill(*shipped, TUNE, 13, 15, tries=16, min_p=0.05)
    assert found.text.startswith(TUNE[: TUNE.index("FGA cAG|AGA fde")]) and found.text.endswith("|D3 D2|]\n")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: vary(*s, TUNE, count=0, similarity=0.5), "at least 1"),
        (lambda s: vary(*s, TUNE, count=1, similarity=2), "similarity 2 must lie between"),
        (lambda s: vary(*s, "X:1\nK:C\n", count=1, similarity=0.5), "no tune with notes"),
        (lambda s: vary(*s, "X:1\nM:2/4\nK:C\nV:1\nC4|\nV:2\nE4|\n", count=1, similarity=0.5), "voices"),
        (lambda s: infill(*s, TUNE, 5, 80), "the tune has 16"),
        (lambda s: parse_bars("x"), "names no bars"),
        (lambda s: parse_bars("8-5"), "names no bars"),
        (lambda s: parse_bars("0"), "names no bars"),
    ],
)
def test_what_is_refused(shipped, call, message):
    with pytest.raises(InputError, match=message):
        call(shipped)


def test_what_cannot_be_reached_is_told(shipped):
    with pytest.warns(UserWarning, match="further than 0.1"):
        vary(*shipped, "X:1\nM:2/4\nL:1/8\nK:C\nCDEF|C4|]\n", count=2, similarity=0.97, min_p=0.05)


def test_from_the_command_line(tmp_path, capsys):
    (tmp_path / "tune.abc").write_text(TUNE)
    assert main(["vary", str(tmp_path / "tune.abc"), "-n", "2", "--out", str(tmp_path / "v")]) == 0
    assert "% similarity 0." in (tmp_path / "v" / "tunes.abc").read_text()
    assert main(["infill", str(tmp_path / "tune.abc"), "--bars", "9-10", "--out", str(tmp_path / "i")]) == 0
    assert TUNE[: TUNE.index("FGA BFG")].split("\n", 1)[1] in (tmp_path / "i" / "tunes.abc").read_text()
    capsys.readouterr()
    assert main(["vary", str(tmp_path / "tune.abc"), "--similarity", "2"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_unseen_combinations_are_told():
    rows = [
        {"rhythm": r, "meter": m, "unit_length": "1/8", "key": k}
        for r, m, k, n in (("jig", "6/8", "G", 3), ("jig", "6/8", "D", 1), ("reel", "C|", "D", 2))
        for _ in range(n)
    ]
    heads = {tuple(head.split(";")): count for head, count in seen_heads(rows).items()}
    assert list(heads.values()) == [3, 2, 1]
    assert unseen({"R": "jig", "K": "D"}, heads) == ""
    said = unseen({"R": "jig", "M": "C|"}, heads)
    assert "no tune with rhythm jig with meter C|" in said
    assert "rhythm reel" in said and "meter 6/8" in said
    assert "key G or D" in unseen({"K": "F#"}, heads)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert unseen({"T": "anything"}, heads) == ""
