"""The Session's dump in its layouts, with its known faults, its terms, and from a server of our own."""

import csv
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hf_abc.abcmidi import check_book, compiles
from hf_abc.corpora.sources import Refused, open_source, thesession
from hf_abc.corpora.sources.thesession import lined
from hf_abc.errors import InputError, LicenceError
from hf_abc.notation.tune import Tune

COLUMNS = "tune_id setting_id name type meter mode abc date username".split(" ")  # noqa: SIM905
BANSHEE = (
    "|:G2 GD EDEG|AGAB d2 Bd|eged BAGA|BAGE EDDE|\r\nG2 GD EDEG|AGAB d2 Bd|eged BAGA|BAGE ED D2:|\r\n"
    "|:ea a2 efgf|eBBA B2 Bd|eB B2 efgf|eBBA B2 Bd|\r\nea a2 efgf|eBBA B2 Bd|eged BAGA|BAGE EDD2:|"
)
CLAUSE = "# License\n\n## Prohibition\n\nYou may not process this with Large Language Models. Other text.\n"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "thesession"


def row(**values: str) -> dict[str, str]:
    first = ("8", "8", "Banshee, The", "reel", "4/4", "Gmajor", BANSHEE, "2001-05-14 21:28:28", "someone")
    return {**dict(zip(COLUMNS, first, strict=True)), **values}


def dump(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".json":
        path.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path


def read(path: Path) -> tuple[list[Tune], list[Refused]]:
    found = list(open_source(f"thesession:{path}").read())
    return [f for f in found if isinstance(f, Tune)], [f for f in found if isinstance(f, Refused)]


@pytest.mark.parametrize("name", ["tunes.json", "tunes.csv", "json/tunes.json", "csv/tunes.csv"])
def test_both_layouts_give_the_tune_of_the_site(tmp_path: Path, name: str) -> None:
    dump(tmp_path / name, [row(composer=""), row(setting_id="9", mode="Edorian", composer="A\nB")])
    tunes, refused = read(tmp_path)
    assert [tune.id for tune in tunes] == ["thesession:8:8", "thesession:8:9"] and not refused
    assert tunes[0].text == (
        "X:8\nT:Banshee, The\nS:https://thesession.org/tunes/8#setting8\nR:reel\nM:4/4\nL:1/8\nK:Gmaj\n"
        + BANSHEE.replace("\r\n", "\n")
        + "\n"
    )
    assert (tunes[0].source, tunes[0].licence, tunes[1].key) == ("thesession", "ODbL-1.0", "Edor")
    assert "\nC:A B\nS:" in tunes[1].text
    assert all(compiles(messages) for messages in check_book([tune.text for tune in tunes]))


def test_older_dumps_call_their_columns_otherwise(tmp_path: Path) -> None:
    values = row()
    old = {"tune": values.pop("tune_id"), "setting": values.pop("setting_id"), **values}
    assert read(dump(tmp_path / "tunes.csv", [old]))[0][0].id == "thesession:8:8"


def test_headers_that_stand_in_the_music_count_once(tmp_path: Path) -> None:
    """TheSession-data#2: no L:, and header lines repeated inside the abc field."""
    header = "X: 1\r\nT: The Banshee\r\nR: reel\r\nM: C|\r\nL: 1/4\r\nN: slowly\r\nK: Gmaj\r\n"
    abc = header + "G2 GD|G:|\r\nK:D\r\nD4|"
    (tune,), _ = read(dump(tmp_path / "tunes.json", [row(abc=abc)]))
    assert tune.text == (
        "X:8\nT:Banshee, The\nS:https://thesession.org/tunes/8#setting8\nR:reel\nN: slowly\nM:C|\nL:1/4\n"
        "K:Gmaj\nG2 GD|G:|\nK:D\nD4|\n"
    )


def test_line_ends_of_the_old_site() -> None:
    assert lined("GABc|!dedB|!\r\n!trill!G4|!1!A !fermata!B!>!c!\rG|") == (
        "GABc|\ndedB|\n!trill!G4|!1!A !fermata!B!>!c\nG|"
    )


def test_what_is_no_tune_is_refused_and_counted(tmp_path: Path) -> None:
    rows = [row(), row(setting_id="9", abc=" "), row(setting_id="8"), row(setting_id="10")]
    tunes, refused = read(dump(tmp_path / "tunes.json", rows))
    assert [tune.id for tune in tunes] == ["thesession:8:8", "thesession:8:10"]
    assert [(f.where, f.reason) for f in refused] == [
        ("row 2, setting 9", "no music in the column abc"),
        ("row 3, setting 8", "a setting that came before"),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("Error: could not connect to the database", "holds no JSON records but “Error: could not connect"),
        ('{"error": "gone"}', "row 1: there is no column tune_id or setting_id"),
        ("", "holds no JSON records but “”"),
        ("[]", "holds no tunes"),
        (json.dumps([row(), row()])[:-300], "record 2 is broken JSON"),
        (json.dumps([row(), row()])[:-1], "breaks off after record 2"),
        (json.dumps([row(), row(setting_id="9", mode="|:GAB")]), "row 2: the mode '|:GAB' is no key"),
        (json.dumps([row(), row(setting_id="x")]), "row 2: the id 'x' is no number"),
        (json.dumps([row(meter="Gmajor")]), "row 1: the meter 'Gmajor' is no meter"),
        (json.dumps([row(date="someone")]), "row 1: the date 'someone' is no date"),
        (json.dumps([{**row(), "abc": None}]), "row 1: there is no text in the column abc"),
        (json.dumps([row(), "text"]), "record 2 is no object with named fields"),
        (json.dumps([row(abc="")] * 12 + [row()] * 20), "12 of 32 rows have no music"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "only a pointer of Git LFS"),
    ],
)
def test_a_broken_dump_is_refused_with_its_row(tmp_path: Path, content: str, sentence: str) -> None:
    """TheSession-data#4, #6, #8, #10."""
    path = tmp_path / "tunes.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read(path)
    assert sentence in str(error.value) and str(path) in str(error.value) and "\n" not in str(error.value)


def test_rows_that_quotation_marks_have_split(tmp_path: Path) -> None:
    good = "".join(
        f'{n},{n},"Tune ""{n}""",jig,6/8,Gmajor,"|:""G""GAB:|\nG3|",2001-01-01,x\n' for n in range(1, 5)
    )
    path = tmp_path / "tunes.csv"
    head = ",".join(COLUMNS) + "\n"
    path.write_text(head + good)
    assert [tune.title for tune in read(path)[0]] == ['Tune "1"', 'Tune "2"', 'Tune "3"', 'Tune "4"']
    for broken, sentence in (
        ('5,5,"A "good" tune",jig,6/8,Gmajor,"GAB|",2001-01-01,x\n', "row 5 (near line 10) is broken CSV"),
        ("5,5,A, B,jig,6/8,Gmajor,GAB|,2001-01-01,x\n", "row 5 (it ends in line 10) has 10 columns, not 9"),
        (
            '5,5,A,jig,6/8,Gmajor,"GAB|\n6,6,B,jig,6/8,Gmajor,GAB|",2001-01-01,x\n',
            "row 5: another row stands inside",
        ),
        ('5,5,A,jig,6/8,Gmajor,"GAB|,2001-01-01,x\n', "row 5 (near line 10) is broken CSV"),
    ):
        path.write_text(head + good + broken)
        with pytest.raises(InputError) as error:
            read(path)
        assert sentence in str(error.value), str(error.value)


def test_a_dump_of_later_days_needs_an_acknowledgement(tmp_path: Path) -> None:
    path = dump(tmp_path / "tunes.json", [row(), row(setting_id="9", date="2025-10-08 00:00:01")])
    with pytest.raises(LicenceError, match=r"Large Language Models.*corpus.acknowledge: \[thesession\]"):
        open_source(f"thesession:{path}")
    source = open_source(f"thesession:{path}", ["thesession"])
    assert source.licence.acknowledged and source.licence.name == "thesession-2025"
    assert {tune.licence for tune in source.read() if isinstance(tune, Tune)} == {"thesession-2025"}
    before = open_source(f"thesession:{dump(path, [row(date='2025-10-07 23:59:59')])}")
    assert before.licence.allows_training and "taken on trust" not in before.licence.note
    assert "taken on trust" in open_source(f"thesession:{dump(path, [row(date='')])}").licence.note


def test_a_clone_says_itself_what_its_terms_are(tmp_path: Path) -> None:
    dump(tmp_path / "json" / "tunes.json", [row()])
    (tmp_path / "LICENSE.md").write_text(CLAUSE)
    for place in (tmp_path, tmp_path / "json" / "tunes.json"):
        with pytest.raises(LicenceError, match="“You may not process this with Large Language Models.”"):
            open_source(f"thesession:{place}")
    (tmp_path / "json" / "tunes.json").write_text("version https://git-lfs.github.com/spec/v1\n")
    dump(tmp_path / "csv" / "tunes.csv", [row()])
    assert open_source(f"thesession:{tmp_path}", ["thesession"]).title.startswith("The Session, 1 settings")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """GitHub in small: what lies in the folder that is given."""
    folder = tmp_path / "github"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setattr(thesession, "GITHUB", f"http://127.0.0.1:{web.server_port}/api")
        monkeypatch.setattr(thesession, "RAW", f"http://127.0.0.1:{web.server_port}/raw")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        yield folder
        web.shutdown()
        thread.join()


def published(server: Path, revision: str, licence: str, rows: list[dict[str, Any]]) -> None:
    dump(server / "raw" / revision / "csv" / "tunes.csv", rows)
    (server / "raw" / revision / "LICENSE.md").write_text(licence)


def test_the_download_is_the_last_revision_before_the_clause(server: Path, tmp_path: Path) -> None:
    (server / "api" / "commits").mkdir(parents=True)
    (server / "api" / "commits" / "2c07104").write_text(
        json.dumps({"sha": "2c07104f", "parents": [{"sha": "abc1"}]})
    )
    published(server, "abc1", "Open Database License\n", [row(date="2025-10-07 10:41:35")])
    published(server, "def2", CLAUSE, [row(), row(setting_id="9", date="2025-11-13 19:01:49")])
    source = open_source("thesession:download")
    assert source.title == "The Session, 1 settings up to 2025-10-07" and source.licence.name == "ODbL-1.0"
    assert [tune.id for tune in source.read() if isinstance(tune, Tune)] == ["thesession:8:8"]
    kept = tmp_path / "cache" / "hf_abc" / "thesession" / "abc1"
    assert sorted(file.name for file in kept.iterdir()) == ["LICENSE.md", "tunes.csv"]
    with pytest.raises(LicenceError, match="thesession:download@def2 forbids training"):
        open_source("thesession:download@def2")
    assert not (kept.parent / "def2" / "tunes.csv").exists()  # its terms are read first
    later = open_source("thesession:download@def2", ["thesession"])
    assert later.licence.acknowledged and later.licence.clause.startswith("You may not process")
    (server / "raw" / "abc1" / "csv" / "tunes.csv").unlink()
    assert open_source("thesession:download@abc1").mark() == source.mark()  # fetched once


def test_what_can_go_wrong_with_a_download(server: Path) -> None:
    with pytest.raises(
        InputError, match="(?i)commits/2c07104 cannot be downloaded .*not found.*name the file"
    ):
        open_source("thesession:download")
    (server / "api" / "commits").mkdir(parents=True)
    (server / "api" / "commits" / "2c07104").write_text('{"message": "rate limit"}')
    with pytest.raises(InputError, match="does not know the commit 2c07104"):
        open_source("thesession:download")
    (server / "api" / "commits" / "2c07104").write_text("<html>")
    with pytest.raises(InputError, match="did not answer with JSON"):
        open_source("thesession:download")
    with pytest.raises(InputError, match="is no revision"):
        open_source("thesession:download@../../etc")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not there")
@pytest.mark.parametrize("name", ["json/tunes.json", "csv/tunes.csv"])
def test_real_rows(name: str) -> None:
    tunes, refused = read(SHARED / name)
    assert (len(tunes), refused) == (25, [])
    messages = check_book([tune.text for tune in tunes])
    assert sum(compiles(found) for found in messages) >= 24
