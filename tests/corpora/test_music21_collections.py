"""The collections of the music21 wheel: nothing lost, ids that last, music21 not imported."""

import re
import subprocess
import sys
from collections import Counter

import pytest

from hf_abc.corpora.sources.music21_collections import (
    COLLECTIONS,
    LICENCE,
    PRINTS,
    files,
    licence_text,
    open_collection,
    read_collection,
)
from hf_abc.errors import InputError, MissingPackageError
from hf_abc.notation.tune import Tune


@pytest.fixture(scope="module")
def tunes() -> dict[str, list[Tune]]:
    return {name: list(read_collection(name)) for name in COLLECTIONS}


def test_as_many_tunes_are_read_as_there_are_x_lines(tunes: dict[str, list[Tune]]) -> None:
    counted = {
        name: sum(len(re.findall(rb"^X:", path.read_bytes(), re.MULTILINE)) for path in files(name))
        for name in COLLECTIONS
    }
    assert counted == {
        "oneills1850": 2009, "ryansMammoth": 1059, "airdsAirs": 1180, "essenFolksong": 8514, "miscFolk": 185,
        "josquin": 29, "nottingham-dataset": 2,
    }  # fmt: skip
    assert {name: len(found) for name, found in tunes.items()} == counted


def test_every_line_between_the_first_and_the_last_note_is_kept(tunes: dict[str, list[Tune]]) -> None:
    """What a book has outside its tunes is comments; of the tunes themselves only blank lines go."""
    kept = Counter(line for name in PRINTS for tune in tunes[name] for line in tune.text.split("\n"))
    lost = []
    for name in ("oneills1850", "airdsAirs"):
        for path in files(name):
            for line in path.read_text(encoding="utf-8").split("\n"):
                if line.strip() and not kept[line.rstrip()]:
                    lost.append(line)
    assert len(lost) == 20 and all(line.startswith("%") for line in lost if line != ":1646")


def test_ids_are_unique_and_say_where_a_tune_is_printed(tunes: dict[str, list[Tune]]) -> None:
    ids = [tune.id for found in tunes.values() for tune in found]
    assert len(set(ids)) == len(ids) == 12978
    assert sum(id.partition(":")[0] in PRINTS for id in ids) == 4248
    assert {
        "oneills1850:1:1", "oneills1850:626:2", "ryansMammoth:AcaciaReel:1", "airdsAirs:1180:1",
        "essenFolksong:altdeu10/1:1", "josquin:milleRegrets/4:1", "nottingham-dataset:reelsa-c/80:1",
    } <= set(ids)  # fmt: skip
    settings = Counter(tune.id.rpartition(":")[0] for tune in tunes["oneills1850"])
    assert sum(count > 1 for count in settings.values()) == 171


def test_a_tune_knows_its_source_and_licence(tunes: dict[str, list[Tune]]) -> None:
    (acacia,) = [tune for tune in tunes["ryansMammoth"] if tune.id == "ryansMammoth:AcaciaReel:1"]
    assert (acacia.title, acacia.rhythm, acacia.meter, acacia.key) == ("Acacia -- Reel", "reel", "2/4", "G")
    assert (acacia.source, acacia.licence) == ("ryansMammoth", LICENCE)


def test_mailed_files_are_put_right(tunes: dict[str, list[Tune]]) -> None:
    (bells,) = [tune for tune in tunes["ryansMammoth"] if tune.id == "ryansMammoth:BellsOfLewistonReel:1"]
    assert "=20" not in bells.text and "(fa).A.c (ed).d2 |\n" in bells.text


def test_the_licence_is_quoted_from_the_wheel() -> None:
    text = licence_text()
    assert "assume no copyright or change in licensing" in text
    assert "distributed with the permission of the encoders" in text
    assert "---" not in text and not text.startswith("#")


def test_collections_with_terms_of_their_own_say_so(tunes: dict[str, list[Tune]]) -> None:
    essen = open_collection("essenFolksong").licence
    assert essen.name == "essen-non-commercial" and "no commercial use" in essen.note
    assert "non-commercial distribution" in essen.text and essen.allows_training
    assert {tune.licence for tune in tunes["essenFolksong"]} == {essen.name}
    assert {tune.licence for tune in tunes["josquin"]} == {"GPL-2.0-or-later"}
    assert open_collection("miscFolk").licence.text == licence_text()


def test_unknown_collections_and_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="essen is unknown: choose among oneills1850, ryansMammoth"):
        next(read_collection("essen"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="music21"):
        next(read_collection("airdsAirs"))


def test_music21_is_not_imported() -> None:
    code = (
        "import sys; from hf_abc.corpora.sources.music21_collections import read_collection;"
        "next(read_collection('airdsAirs')); assert 'music21' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
