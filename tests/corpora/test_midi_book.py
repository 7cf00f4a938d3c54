"""A folder of MIDI as a tunebook: rows, report, interruption, resumption; and as a source of a corpus."""

import csv
import json
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hf_abc.cli import main
from hf_abc.corpora import midi_book, midi_workers
from hf_abc.corpora.midi_book import convert_midi, readable
from hf_abc.corpora.sources import Refused, open_source
from hf_abc.errors import InputError, OutputError
from hf_abc.notation.tune import Tune, split_book

Midi = Callable[..., bytes]
COUNT = 7
DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "midi"


@pytest.fixture
def folder(tmp_path: Path, midi_bytes: Midi) -> Path:
    """Seven pieces, a broken one between them, and a text."""
    place = tmp_path / "music"
    (place / "more").mkdir(parents=True)
    for n in range(COUNT):
        notes = [(i * 0.5, 0.5, 60 + n + (i * (n + 1)) % 12) for i in range(160)]
        (place / ("more" if n % 2 else ".") / f"piece_{n}.mid").write_bytes(midi_bytes(notes))
    (place / "broken.mid").write_bytes(b"MThd")
    (place / "LICENSE.txt").write_text("yours")
    return place


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "files.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def test_every_file_has_its_row_and_every_tune_its_number(folder: Path, tmp_path: Path) -> None:
    report = convert_midi(folder, tmp_path / "out", workers=1)
    table = rows(tmp_path / "out")
    assert {row["file"] for row in table} == {
        "LICENSE.txt",
        "broken.mid",
        *(f"{'more/' if n % 2 else ''}piece_{n}.mid" for n in range(COUNT)),
    }
    tunes = list(split_book((tmp_path / "out" / "tunes.abc").read_text(encoding="utf-8")))
    assert [tune[:4] for tune in tunes] == [f"X:{n}\n" for n in range(1, COUNT + 1)]
    kept = [row for row in table if not row["reason"]]
    assert [row["number"] for row in kept] == [str(n) for n in range(1, COUNT + 1)]
    assert [
        f"T:{Path(row['file']).stem.replace('_', ' ')}" in tune for row, tune in zip(kept, tunes, strict=True)
    ]
    assert all(row["recall"] == "1.0" for row in kept)
    assert (report["files"], report["converted"], report["refused"]) == (COUNT + 2, COUNT, 2)
    assert sum(report["reasons"].values()) == 2 and report["finished"]
    assert report == json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert "9 files read = 7 converted + 2 refused." in readable(report)


def test_a_file_for_each(folder: Path, tmp_path: Path) -> None:
    convert_midi(folder, tmp_path / "out", each=True, with_recall=False, workers=1)
    found = sorted(p.relative_to(tmp_path / "out" / "tunes").as_posix() for p in tmp_path.rglob("*.abc"))
    assert found == sorted(f"{'more/' if n % 2 else ''}piece_{n}.mid.abc" for n in range(COUNT))
    assert (tmp_path / "out/tunes/piece_0.mid.abc").read_text(encoding="utf-8").startswith("X:1\nT:piece 0\n")
    assert json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["recall"] is None


@pytest.mark.parametrize("each, stop", [(False, 1), (True, 4), (False, 8)])
def test_an_interrupted_run_goes_on_and_ends_the_same(
    each: bool, stop: int, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert_midi(folder, tmp_path / "whole", each=each, workers=1)
    monkeypatch.setattr(midi_workers, "BATCH", 1)
    done = 0

    def interrupt(count: int) -> None:
        nonlocal done
        done += count
        if done >= stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_midi(folder, tmp_path / "out", each=each, workers=1, step=interrupt)
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert not report["finished"] and report["files"] == stop == len(rows(tmp_path / "out"))
    counted: list[int] = []
    convert_midi(folder, tmp_path / "out", each=each, workers=1, step=counted.append)
    assert counted[0] == stop and sum(counted) == COUNT + 2
    assert files(tmp_path / "out") == files(tmp_path / "whole")


@pytest.mark.parametrize("lost", [1, 200])
def test_what_a_killed_run_broke_off_is_done_again(lost: int, folder: Path, tmp_path: Path) -> None:
    convert_midi(folder, tmp_path / "whole", workers=1)
    for name in ("tunes.abc", "files.csv"):
        convert_midi(folder, tmp_path / "out" / name, workers=1)
        (tmp_path / "out" / name / ".finished").unlink()
        path = tmp_path / "out" / name / name
        path.write_bytes(path.read_bytes()[:-lost])
        convert_midi(folder, tmp_path / "out" / name, workers=1)
        assert files(tmp_path / "out" / name) == files(tmp_path / "whole")


def test_a_finished_one_is_kept(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = convert_midi(folder, tmp_path / "out", workers=1)
    monkeypatch.setattr(midi_book, "convert_files", lambda *a, **k: pytest.fail("converted again"))
    assert convert_midi(folder, tmp_path / "out", workers=1) == report


def test_what_cannot_be(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        convert_midi(tmp_path / "nothing", tmp_path / "out")
    with pytest.raises(OutputError, match="something else"):
        convert_midi(folder, folder)
    convert_midi(folder, tmp_path / "out", workers=1)
    (tmp_path / "out" / ".finished").unlink()
    (folder / "a.mid").write_bytes(b"new")
    with pytest.raises(InputError, match="the files have changed"):
        convert_midi(folder, tmp_path / "out", workers=1)


def test_archives_and_what_hides_in_them(folder: Path, tmp_path: Path) -> None:
    good = (folder / "piece_0.mid").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../escaped.mid", good)
        archive.writestr("/absolute.mid", good)
        archive.writestr("bomb.mid", b"\0" * 9_000_000)
        archive.writestr("fine/one.mid", good)
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as tar:
        tar.add(folder / "piece_0.mid", "one.mid")
        link = tarfile.TarInfo("link.mid")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    (tmp_path / "both").mkdir()
    whole = (tmp_path / "b.tar.gz").read_bytes()
    (tmp_path / "both" / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    for name in ("a.zip", "b.tar.gz"):
        (tmp_path / name).rename(tmp_path / "both" / name)
    before = {p for p in tmp_path.rglob("*") if "out" not in p.parts}
    convert_midi(tmp_path / "both", tmp_path / "out", each=True, with_recall=False, workers=1)
    table = {row["file"]: row["reason"] for row in rows(tmp_path / "out")}
    assert [name for name, reason in table.items() if not reason] == [
        "a.zip/fine/one.mid",
        "b.tar.gz/one.mid",
    ]
    assert "leads out" in table["a.zip/../../escaped.mid"]
    assert "8 MiB" in table["a.zip/bomb.mid"] or "times its size" in table["a.zip/bomb.mid"]
    assert "link" in table["b.tar.gz/link.mid"]
    assert "breaks off" in table["cut.tar.gz"]
    assert {p for p in tmp_path.rglob("*") if "out" not in p.parts} == before
    assert not (tmp_path.parent / "escaped.mid.abc").exists()


def test_the_verb(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["midi2abc", str(folder), "--out", str(tmp_path / "out"), "--no-recall", "--workers", "1"]
    assert main(arguments) == 0
    assert "9 files read = 7 converted + 2 refused." in capsys.readouterr().out
    assert main(["midi2abc", str(folder), "--out", str(tmp_path / "x"), "--workers", "-1"]) == 1
    assert "--workers -1" in capsys.readouterr().err


def test_as_a_source_of_a_corpus(folder: Path) -> None:
    source = open_source(f"midi:{folder}")
    found = list(source.read())
    tunes = [tune for tune in found if isinstance(tune, Tune)]
    refused = [refusal for refusal in found if isinstance(refusal, Refused)]
    assert (len(tunes), len(refused), source.name) == (COUNT, 2, "music")
    assert tunes[0].id == "music:piece_0.mid:1" and tunes[0].licence == "unknown"
    assert tunes[0].title == "piece 0" and tunes[0].meter == "4/4"
    assert {refusal.where for refusal in refused} == {"LICENSE.txt", "broken.mid"}
    assert found == list(source.read())
    mark = source.mark()
    (folder / "broken.mid").unlink()
    assert open_source(f"midi:{folder}").mark() != mark


@pytest.mark.skipif(not DATA.is_dir(), reason="the MIDI collection is not here")
def test_real_and_hostile_files(tmp_path: Path) -> None:
    some = tmp_path / "some"
    some.mkdir()
    for path in [
        *sorted((DATA / "jazz-soft-test").glob("*.mid")),
        *sorted((DATA / "freedoom").glob("*.mid"))[:6],
    ]:
        os.symlink(path, some / path.name)
    report: dict[str, Any] = convert_midi(some, tmp_path / "out", workers=1)
    assert report["files"] == len(list(some.iterdir())) == report["converted"] + report["refused"]
    assert report["converted"] >= 15 and report["recall"]["mean"] > 0.97
    assert report["reasons"]["it has no notes"] == 12 and report["reasons"]["more than 63 voices"] == 5


def test_rows_are_read_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "files.csv"
    path.write_bytes(midi_book._HEAD + midi_book._line(('a,"b".mid', 1, 2, 3, 4, 1.0, "", 5)) + b"cut,off")
    found: Iterator[dict[str, str]] = midi_book._rows(path)
    assert [row["file"] for row in found] == ['a,"b".mid']
