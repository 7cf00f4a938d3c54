"""The files behind a path: a file, a folder, an archive, archives in archives; each as a stream of bytes.

Nothing is unpacked under a name that the archive chose: a member goes into an anonymous temporary file (small
ones stay in memory) and its name is only a label. An archive may unpack to 200 times its size and 4 GiB in
all, archives in it included, and is left where it goes beyond that (real tunebooks shrink by 3 to 8). What
cannot be read comes out as `Unreadable`, and the rest is read on.
"""

import bz2
import errno
import gzip
import lzma
import os
import re
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from hf_abc.errors import InputError, OutputError

RATIO = 200
TOTAL = 4 * 2**30
DEPTH = 4
_FREE = 16 * 2**20  # what any archive may unpack to, however small it is
_PIECE = 2**20
_KEPT = 8 * 2**20  # members up to this size stay in memory
_COMPRESSED = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open))
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz")
_FOREIGN = {b"Rar!": "RAR", b"7z\xbc\xaf": "7z"}
_LONG_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_BROKEN = (
    EOFError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    NotImplementedError,  # a compression that Python lacks
    OSError,
    ValueError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class File:
    """A file: its name below the path (`airs/one.abc`, `book.zip/one.abc`) and its bytes.

    `stream` can seek, stands at its start and is closed when the next file is asked for.
    """

    name: str
    stream: IO[bytes]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file or member that cannot be read, or that is of another kind, and why."""

    name: str
    reason: str


class _TooMuch(Exception):
    """An archive unpacks to more than it may."""


class _Header(tarfile.TarInfo):
    """Headers of a tar as tarfile reads them, but a broken one is an error, not the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Header":
        try:
            found = super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # the zeros that end every tar
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from error
        if found.type in _LONG_HEADERS and found.size > _PIECE:
            raise _TooMuch  # tarfile would hold it in memory
        return found


class _Budget:
    """How many bytes an archive may still unpack to; what it takes, its own archive gives too."""

    def __init__(self, size: int, parent: "_Budget | None" = None) -> None:
        self.left = min(max(_FREE, RATIO * size), TOTAL)
        self.parent = parent

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _TooMuch
        if self.parent is not None:
            self.parent.take(size)


class _Counted:
    """A stream of unpacked bytes that is read once, front to back, and pays for them."""

    def __init__(
        self, stream: IO[bytes] | gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile, budget: _Budget
    ) -> None:
        self.stream, self.budget = stream, budget
        self.ahead = b""

    def peek(self, size: int) -> bytes:
        self.ahead = self.read(size)
        return self.ahead

    def read(self, size: int) -> bytes:
        found, self.ahead = self.ahead[:size], self.ahead[size:]
        if len(found) < size:
            more = self.stream.read(size - len(found))
            self.budget.take(len(more))
            found += more
        return found


def files_in(path: Path, wanted: Callable[[str], bool]) -> Iterator[File | Unreadable]:
    """The files of a file, folder or archive, in the order of their names (archives: in their own order).

    `wanted` is asked for each name in a folder or an archive; a file that is named itself is always read.
    Files and folders whose names begin with a dot are passed over. Raises InputError where the path itself is
    missing or cannot be read.
    """
    if path.is_dir():
        for file in _walk(path):
            yield from _file(file, file.relative_to(path).as_posix(), wanted)
    elif path.exists():
        try:
            path.open("rb").close()
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror}): change its permissions") from error
        yield from _file(path, path.name, wanted, named=True)
    else:
        raise InputError(f"{path} does not exist: name a file, a folder or an archive")


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(parent, name).is_file():
                yield Path(parent, name)


def _file(
    path: Path, name: str, wanted: Callable[[str], bool], *, named: bool = False
) -> Iterator[File | Unreadable]:
    if not (named or wanted(name) or _suffix(name) in _ARCHIVES):
        yield _another_kind(name)
        return
    try:
        with path.open("rb") as stream:
            yield from _unpacked(stream, label(name), wanted, _Budget(path.stat().st_size), 0, named)
    except OSError as error:
        yield Unreadable(label(name), f"it cannot be read ({error.strerror})")


def _unpacked(
    stream: IO[bytes],
    name: str,
    wanted: Callable[[str], bool],
    budget: _Budget,
    depth: int,
    named: bool = False,
) -> Iterator[File | Unreadable]:
    """A file as it is, or what it holds if it is an archive: its first bytes decide, not its name."""
    head = stream.read(512)
    stream.seek(0)
    try:
        if head.startswith((b"PK\3\4", b"PK\5\6", b"PK\7\x08")):
            members = _zip(stream, name, wanted, budget, depth)
        elif _is_tar(head):
            members = _tar(_Counted(stream, _Budget(TOTAL)), name, wanted, budget, depth)
        elif opener := next((opener for mark, opener in _COMPRESSED if head.startswith(mark)), None):
            members = _compressed(opener(stream), name, wanted, budget, depth)
        elif foreign := next((kind for mark, kind in _FOREIGN.items() if head.startswith(mark)), ""):
            yield Unreadable(name, f"an archive of the kind {foreign}: unpack it first")
            return
        elif _suffix(name) in _ARCHIVES:
            yield Unreadable(name, "it is called an archive and is none")
            return
        elif named or wanted(name):
            yield File(name, stream)
            return
        else:
            yield _another_kind(name)
            return
        if depth >= DEPTH:
            yield Unreadable(name, f"archives in archives, more than {DEPTH} deep")
            return
        yield from members
    except _TooMuch:
        yield Unreadable(
            name, f"it unpacks to more than {RATIO} times its size: no tunebook, and not read on"
        )
    except RuntimeError:
        yield Unreadable(name, "it is locked with a password: unpack it first")
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise OutputError(
                f"the folder for temporary files is full: free some space for {name}"
            ) from error
        yield Unreadable(name, "the archive is damaged or breaks off here")


def _zip(
    stream: IO[bytes], name: str, wanted: Callable[[str], bool], budget: _Budget, depth: int
) -> Iterator[File | Unreadable]:
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            inside = label(f"{name}/{member.filename}")
            if member.is_dir() or _hidden(member.filename):
                continue
            if refusal := _refusal(member.filename, stat.S_ISLNK(member.external_attr >> 16), wanted):
                yield Unreadable(inside, refusal)
            elif member.flag_bits & 1:
                yield Unreadable(inside, "it is locked with a password: unpack it first")
            else:
                try:
                    with archive.open(member) as source:
                        yield from _member(source, inside, wanted, budget, member.compress_size, depth)
                except _BROKEN as error:
                    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                        raise
                    yield Unreadable(inside, "this member of the archive is damaged")


def _tar(
    source: _Counted, name: str, wanted: Callable[[str], bool], budget: _Budget, depth: int
) -> Iterator[File | Unreadable]:
    with tarfile.open(fileobj=source, mode="r|", tarinfo=_Header) as archive:  # type: ignore[call-overload]
        for member in archive:
            inside = label(f"{name}/{member.name}")
            if member.isdir() or _hidden(member.name):
                continue
            if refusal := _refusal(member.name, not member.isreg() or member.issparse(), wanted):
                yield Unreadable(inside, refusal)
            elif (content := archive.extractfile(member)) is not None:
                yield from _member(content, inside, wanted, budget, member.size, depth)


def _compressed(
    source: gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile,
    name: str,
    wanted: Callable[[str], bool],
    budget: _Budget,
    depth: int,
) -> Iterator[File | Unreadable]:
    with source:
        counted = _Counted(source, budget)
        if _is_tar(counted.peek(512)):
            yield from _tar(counted, name, wanted, _Budget(TOTAL), depth)
            return
        inside = name.removesuffix(_suffix(name)) if _suffix(name) in _ARCHIVES else name
        with tempfile.SpooledTemporaryFile(_KEPT) as copy:
            while piece := counted.read(_PIECE):
                copy.write(piece)
            copy.seek(0)
            yield from _unpacked(copy, inside, wanted, budget, depth + 1, named=True)


def _member(
    source: IO[bytes], name: str, wanted: Callable[[str], bool], budget: _Budget, size: int, depth: int
) -> Iterator[File | Unreadable]:
    with tempfile.SpooledTemporaryFile(_KEPT) as copy:
        while piece := source.read(_PIECE):
            budget.take(len(piece))
            copy.write(piece)
        copy.seek(0)
        yield from _unpacked(copy, name, wanted, _Budget(size, budget), depth + 1)


def _refusal(name: str, special: bool, wanted: Callable[[str], bool]) -> str:
    """Why a member of an archive is not read, or nothing."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if ".." in parts or name.startswith(("/", "\\")) or re.match("[A-Za-z]:", name):
        return "its name leads out of the archive"
    if special:
        return "a link or a device, not a file"
    if not (wanted(name) or _suffix(name) in _ARCHIVES):
        return _another_kind(name).reason
    return ""


def _hidden(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in parts)


def _another_kind(name: str) -> Unreadable:
    return Unreadable(label(name), f"another kind of file ({_suffix(name) or 'without a suffix'})")


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def label(name: str) -> str:
    """A name that can stand in an id, on one line: no control characters, no colon, no backslash."""
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "_", name.replace("\\", "/").replace(":", "_"))
