"""run.json, fingerprints, and the promise that nothing half-written is ever seen."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc import record
from hf_abc.errors import OutputError
from hf_abc.recipe import Recipe
from hf_abc.record import Record, atomic_write, fingerprint, finished, mark_finished, replacing

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_sections_are_written_as_they_come(tmp_path: Path) -> None:
    run = Record(tmp_path)
    assert not run.path.exists()
    run.set("training", {"steps": 3})
    run.update("training", {"loss": 1.5})
    run.begin(Recipe(name="x"), seed=7)
    again = Record(tmp_path)
    assert again.get("training") == {"steps": 3, "loss": 1.5}
    assert again.get("seed") == 7
    assert again.get("recipe")["training"]["clip"] == 1.0
    assert again.get("evaluation") is None
    assert list(json.loads(run.path.read_text())) == [
        "recipe",
        "code",
        "versions",
        "hardware",
        "seed",
        "training",
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["run.json"]


def test_what_is_known_before_the_work(tmp_path: Path) -> None:
    run = Record(tmp_path)
    run.begin(Recipe(), seed=1)
    assert run.get("code")["version"] == "0.1.0"
    assert {"python", "torch", "transformers"} <= set(run.get("versions"))
    assert run.get("hardware")["cores"] >= 1
    assert run.get("hardware")["memory_gib"] > 0
    assert record.peak_memory_gib() > 0


def test_an_unknown_section_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="evalution"):
        Record(tmp_path).set("evalution", {})


def test_a_foreign_run_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(OutputError, match="run.json"):
        Record(tmp_path)


@given(JSON)
def test_fingerprints_do_not_depend_on_the_order_of_keys(value: object) -> None:
    def turned(item: object) -> object:
        if isinstance(item, dict):
            return {key: turned(item[key]) for key in reversed(list(item))}
        return [turned(part) for part in item] if isinstance(item, list) else item

    assert fingerprint(value) == fingerprint(turned(value))


def test_fingerprints_tell_values_apart() -> None:
    @dataclass
    class Point:
        x: int
        where: Path

    values = [1, "1", [1], {"x": 1}, {"x": 1, "where": "b"}, None, Recipe(), Recipe(seed=2)]
    assert len({fingerprint(value) for value in values}) == len(values)
    assert fingerprint(Point(1, Path("b"))) == fingerprint({"where": "b", "x": 1})
    assert (
        fingerprint({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )  # sha256 of {}


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "file"
    atomic_write(path, "old")
    monkeypatch.setattr(
        record.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(OSError, match="No space"):
        atomic_write(path, b"new" * 1000)
    assert path.read_text() == "old"
    assert [file.name for file in path.parent.iterdir()] == ["file"]


def test_the_same_content_is_not_written_again(tmp_path: Path) -> None:
    atomic_write(tmp_path / "file", "text")
    before = (tmp_path / "file").stat()
    atomic_write(tmp_path / "file", b"text")
    after = (tmp_path / "file").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_marks_of_finished_stages(tmp_path: Path) -> None:
    assert not finished(tmp_path / "none", "a")
    mark_finished(tmp_path, "a")
    assert finished(tmp_path, "a")
    assert not finished(tmp_path, "b")


def test_a_folder_is_replaced_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    for text in ("first", "second"):
        with replacing(folder) as aside:
            assert list(aside.iterdir()) == []
            (aside / "file").write_text(text)
            assert not folder.exists() or (folder / "file").read_text() == "first"
        assert (folder / "file").read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_keeps_the_old_folder(tmp_path: Path, error: type[BaseException]) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "file").write_text("old")
    with pytest.raises(error), replacing(folder) as aside:
        (aside / "file").write_text("new")
        raise error
    assert (folder / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_leftovers_of_a_killed_run_do_not_mix_in(tmp_path: Path) -> None:
    killed = tmp_path / ".out.partial"
    killed.mkdir()
    (killed / "half").write_text("half")
    with replacing(tmp_path / "out") as aside:
        assert list(aside.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
