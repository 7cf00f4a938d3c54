"""Parts: how sources are cut, and what a part holds."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hf_abc.corpora import parts
from hf_abc.corpora.index import index
from hf_abc.corpora.parts import Parts, Record, cut, file_of, make_part
from hf_abc.corpora.sources import Licence, Refused, Source
from hf_abc.notation.tune import Tune, parse_tune
from hf_abc.recipe import CorpusRecipe, QualityRecipe

MUSIC = "GABc dedB|dedB dedB|GABc dedB|cBAG G4|"


def tune(number: int, music: str = MUSIC, key: str = "K:G") -> Tune:
    text = f"X:{number}\nT:Tune {number}\nM:4/4\nL:1/8\n{key}\n{music}\n"
    return parse_tune(text, id=f"a:{number}:1", source="a", licence="CC0-1.0")


def source(records: list[Record]) -> Source:
    def read() -> Iterator[Record]:
        return iter(records)

    return Source("tunebooks:a", "a", "A", Licence("CC0-1.0"), read, lambda: "")


def test_parts_hold_one_source_and_not_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_TUNES", 4)
    refused = Refused("a", "x.abc", "no tune")
    records = [tune(0), refused, tune(2), tune(3, "G8|" * 1200), tune(4), tune(5), tune(6)]
    found = list(cut([source(records), source(records[:1]), source([])]))
    assert [(number, len(part)) for number, part in found] == [(0, 4), (1, 3), (2, 1)]
    assert [record for _, part in found for record in part] == [*records, records[0]]


def test_a_part_gives_back_what_it_was_made_of(tmp_path: Path) -> None:
    records = [tune(0), tune(1, key=""), Refused("a", "x.abc", "no tune"), tune(2, "G4|"), tune(3)]
    recipe = CorpusRecipe(profile="light", quality=QualityRecipe(loops=False))
    for number, own in enumerate((records[:3], records[3:])):
        make_part(tmp_path, number, own, recipe)
    made = Parts((file_of(tmp_path, 0), file_of(tmp_path, 1)))
    tunes = [record for record in records if isinstance(record, Tune)]
    assert [id for part in made.values("ids") for id in part] == [t.id for t in tunes]
    assert made.kept().tolist() == [0, 3]
    assert [row[0] for part in made.values("rows") for row in part] == ["a:0:1", "a:3:1"]
    whole, joined = index(tunes), made.index()
    assert [joined.melodies[n] for n in range(4)] == [whole.melodies[n] for n in range(4)]
    assert [joined.letters[n] for n in range(4)] == [whole.letters[n] for n in range(4)]
    for name in ("sketch", "picture", "grams", "title", "number", "setting"):
        assert np.array_equal(getattr(joined, name), getattr(whole, name)), name
    counts = list(made.values("counts"))
    assert [part["read"] for part in counts] == [{"a": 3}, {"a": 2}]
    assert [part["steps"]["reading"]["dropped"] for part in counts] == [1, 0]
    assert counts[1]["steps"]["length"]["dropped"] == 1 and "quality.loop" in counts[1]["steps"]


def test_a_fault_in_a_step_names_the_tune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(parts.STEPS, "title", lambda tune: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        make_part(tmp_path, 0, [tune(7)], CorpusRecipe(profile="light"))
    assert caught.value.__notes__ == ["in the cleaning step title, with the tune a:7:1"]
    assert list(tmp_path.iterdir()) == []
