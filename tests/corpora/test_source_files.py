"""Files in folders and archives: all of them, in order, within limits, and nothing outside."""

import bz2
import errno
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hf_abc.corpora.sources.files import DEPTH, File, Unreadable, files_in, label
from hf_abc.errors import InputError, OutputError

TUNE = b"X:1\nT:A\nK:G\nGABc|\n"


def is_abc(name: str) -> bool:
    return name.endswith(".abc")


def found(path: Path) -> dict[str, bytes | str]:
    """What is read below a path: content, or why not."""
    return {f.name: f.stream.read() if isinstance(f, File) else f.reason for f in files_in(path, is_abc)}


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: dict[str, bytes], *special: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for name, kind in special:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    return out.getvalue()


def test_a_folder_in_the_order_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("c.abc", "a.abc", "b/x.abc", ".git/y.abc", ".hidden.abc", "notes.mid"):
        (tmp_path / name).write_bytes(TUNE)
    read = found(tmp_path)
    assert list(read) == ["a.abc", "c.abc", "notes.mid", "b/x.abc"]
    assert read["notes.mid"] == "another kind of file (.mid)" and read["b/x.abc"] == TUNE


def test_a_file_that_is_named_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "tunes").write_bytes(TUNE)
    assert found(tmp_path / "tunes") == {"tunes": TUNE}
    with pytest.raises(InputError, match="nothing.abc does not exist"):
        found(tmp_path / "nothing.abc")


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("t.tar", lambda data: data),
        ("t.tar.gz", gzip.compress),
        ("t.tgz", gzip.compress),
        ("t.tar.bz2", bz2.compress),
        ("t.tar.xz", lzma.compress),
        ("called.abc", gzip.compress),
    ],
)
def test_every_kind_of_tar(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    data = tarred(
        {"airs/one.abc": TUNE, "two.abc": b"X:2\n", "three.json": b"{}", "../out.abc": TUNE},
        ("link.abc", tarfile.SYMTYPE), ("hard.abc", tarfile.LNKTYPE), ("pipe.abc", tarfile.FIFOTYPE),
    )  # fmt: skip
    (tmp_path / name).write_bytes(pack(data))
    assert found(tmp_path) == {
        f"{name}/airs/one.abc": TUNE,
        f"{name}/two.abc": b"X:2\n",
        f"{name}/three.json": "another kind of file (.json)",
        f"{name}/../out.abc": "its name leads out of the archive",
        f"{name}/link.abc": "a link or a device, not a file",
        f"{name}/hard.abc": "a link or a device, not a file",
        f"{name}/pipe.abc": "a link or a device, not a file",
    }


def test_zip_archives_and_archives_in_them(tmp_path: Path) -> None:
    inner = zipped({"in.abc": TUNE, "__MACOSX/._in.abc": b"\0\5"})
    names = {"a/one.abc": TUNE, "inner.zip": inner, "/root.abc": TUNE, "..\\up.abc": TUNE, "C:\\x.abc": TUNE}
    (tmp_path / "z.zip").write_bytes(zipped(names))
    (tmp_path / "single.abc.gz").write_bytes(gzip.compress(TUNE))
    out = "its name leads out of the archive"
    assert found(tmp_path) == {
        "single.abc": TUNE,
        "z.zip/a/one.abc": TUNE,
        "z.zip/inner.zip/in.abc": TUNE,
        "z.zip//root.abc": out,
        "z.zip/../up.abc": out,
        "z.zip/C_/x.abc": out,
    }


def test_a_locked_archive_says_so(tmp_path: Path) -> None:
    data = bytearray(zipped({"one.abc": TUNE}))
    for mark in (b"PK\3\4", b"PK\1\2"):  # set the flag of encryption in both headers
        data[data.index(mark) + (6 if mark == b"PK\3\4" else 8)] |= 1
    (tmp_path / "locked.zip").write_bytes(data)
    assert found(tmp_path) == {"locked.zip/one.abc": "it is locked with a password: unpack it first"}


def test_damaged_archives_give_what_they_hold(tmp_path: Path) -> None:
    whole = tarred({f"{n}.abc": TUNE for n in range(3)})
    noise = bytes(range(256)) * 300
    broken = tarred({"0.abc": TUNE, "1.abc": noise, "2.abc": TUNE})
    (tmp_path / "cut.tar").write_bytes(whole[:1200])
    (tmp_path / "cut2.tar").write_bytes(whole[:1024])
    (tmp_path / "cut3.tar.gz").write_bytes(gzip.compress(broken)[:-200])
    (tmp_path / "cut4.zip").write_bytes(zipped({"a.abc": TUNE})[:60])
    (tmp_path / "none.zip").write_bytes(b"hello")
    (tmp_path / "other.gz").write_bytes(b"Rar!\x1a\7\0")
    bad = bytearray(zipped({"a.abc": noise, "b.abc": TUNE}))
    bad[45] ^= 0xFF
    (tmp_path / "crc.zip").write_bytes(bad)
    (tmp_path / "zeros.tar").write_bytes(whole[:1024] + b"junk" * 512)
    read = found(tmp_path)
    off = "the archive is damaged or breaks off here"
    assert read == {
        "cut3.tar.gz/0.abc": TUNE, "cut3.tar.gz": off,
        "crc.zip/a.abc": "this member of the archive is damaged", "crc.zip/b.abc": TUNE,
        "cut.tar/0.abc": TUNE, "cut.tar": off, "cut2.tar/0.abc": TUNE, "cut2.tar": off,
        "cut4.zip": off, "none.zip": "it is called an archive and is none",
        "other.gz": "an archive of the kind RAR: unpack it first",
        "zeros.tar/0.abc": TUNE, "zeros.tar": off,
    }  # fmt: skip


def test_bombs_are_left_where_they_grow(tmp_path: Path) -> None:
    zeros = bytes(40_000_000)
    (tmp_path / "one.abc.gz").write_bytes(gzip.compress(zeros))
    (tmp_path / "two.zip").write_bytes(zipped({"a.abc": zeros}))
    (tmp_path / "three.tar.gz").write_bytes(gzip.compress(tarred({"skipped.bin": zeros, "a.abc": TUNE})))
    nested = zipped({f"{n}.zip": zipped({"a.abc": bytes(10_000_000)}) for n in range(5)})
    (tmp_path / "many.zip").write_bytes(nested)
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 10_000_000
    (tmp_path / "header.tar.gz").write_bytes(gzip.compress(header.tobuf() + bytes(10_000_000)))
    read = found(tmp_path)
    assert len(read.pop("many.zip/0.zip/a.abc")) == 10_000_000  # 16 MB are free
    assert read.pop("three.tar.gz/skipped.bin") == "another kind of file (.bin)"
    assert sorted(read) == [
        "header.tar.gz", "many.zip", "many.zip/1.zip", "one.abc.gz", "three.tar.gz", "two.zip",
    ]  # fmt: skip
    assert {"it unpacks to more than 200 times its size: no tunebook, and not read on"} == set(read.values())


def test_archives_are_opened_only_so_deep(tmp_path: Path) -> None:
    data = TUNE
    for _ in range(DEPTH + 2):
        data = zipped({"n.zip" if data != TUNE else "n.abc": data})
    (tmp_path / "deep.zip").write_bytes(data)
    (reason,) = found(tmp_path).values()
    assert reason == f"archives in archives, more than {DEPTH} deep"


def test_a_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.abc").write_bytes(TUNE)
    (tmp_path / "b.abc").write_bytes(TUNE)
    real = Path.open

    def locked(self: Path, *arguments: str) -> object:
        if self.name == "a.abc":
            raise PermissionError(13, "Permission denied")
        return real(self, *arguments)

    monkeypatch.setattr(Path, "open", locked)
    assert list(files_in(tmp_path, is_abc))[0] == Unreadable("a.abc", "it cannot be read (Permission denied)")
    with pytest.raises(InputError, match="Permission denied"):
        list(files_in(tmp_path / "a.abc", is_abc))


def test_a_full_disk_is_no_damaged_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "z.zip").write_bytes(zipped({"a.abc": TUNE}))
    (tmp_path / "z.abc.gz").write_bytes(gzip.compress(TUNE))
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", full)
    for name in ("z.zip", "z.abc.gz"):
        with pytest.raises(OutputError, match="the folder for temporary files is full"):
            found(tmp_path / name)


def test_labels_stand_on_one_line() -> None:
    assert label("a:b\nc\\d\x07") == "a_b_c/d_"
