"""What a run leaves behind besides its weights: run.json, and the marks that a stage is finished.

run.json is the only source of the numbers in a card or a README. Everything here is written aside and
renamed, so a reader never meets half a file, and a stage that was killed leaves nothing or its whole result.
"""

import dataclasses
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import OutputError, ToolError
from .process import run

SECTIONS = (
    "recipe",
    "code",
    "versions",
    "hardware",
    "seed",
    "timings",
    "corpus",
    "tokenizer",
    "training",
    "evaluation",
    "samples",
    "plain_samples",
    "guarded_samples",
    "examples",
)
"""The sections of run.json, in the order in which they are written."""

_PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "datasets",
    "accelerate",
    "safetensors",
    "numpy",
    "symusic",
    "music21",
    "verovio",
)
_FINISHED = ".finished"


class Record:
    """run.json of a run folder: a few named sections, each written as soon as it is known."""

    def __init__(self, folder: Path) -> None:
        """Read the folder's run.json; a folder without one gives an empty record (nothing is written yet)."""
        self.path = folder / "run.json"
        self.values: dict[str, Any] = {}
        if self.path.is_file():
            try:
                self.values = json.loads(self.path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise OutputError(
                    f"{self.path} is not the record of a run ({error}): remove it or choose another folder"
                ) from error

    def begin(self, recipe: Any, seed: int) -> None:
        """Write down what is known before the work starts: recipe, code, versions, hardware and seed."""
        first = {
            "recipe": plain(recipe),
            "code": code(),
            "versions": versions(),
            "hardware": hardware(),
            "seed": seed,
        }
        self.values.update(first)
        self._write()

    def get(self, section: str, default: Any = None) -> Any:
        """The value of a section, or `default` where it has not been written."""
        return self.values.get(section, default)

    def set(self, section: str, values: Any) -> None:
        """Replace a section and write the file."""
        if section not in SECTIONS:
            raise ValueError(f"{section!r} is not a section of run.json: {', '.join(SECTIONS)}")
        self.values[section] = plain(values)
        self._write()

    def update(self, section: str, values: Mapping[str, Any]) -> None:
        """Add to a section that is a mapping, or change some of its keys, and write the file."""
        self.set(section, {**self.get(section, {}), **plain(values)})

    def _write(self) -> None:
        ordered = {name: self.values[name] for name in SECTIONS if name in self.values}
        atomic_write(self.path, json.dumps(ordered, indent=2, ensure_ascii=False) + "\n")


def plain(value: Any) -> Any:
    """The value as JSON knows it: dataclasses and mappings become dicts, sequences lists, paths strings."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value


def fingerprint(value: Any) -> str:
    """sha256 of the value's canonical JSON: equal for equal values, whatever the order of their keys."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def code() -> dict[str, Any]:
    """Version of the package and, in a clone, its git revision and whether files differ from it."""
    root = Path(__file__).resolve().parent.parent
    found: dict[str, Any] = {
        "version": importlib.metadata.version("hf-abc"),
        "revision": None,
        "changed": None,
    }
    git = shutil.which("git")
    if git and (root / ".git").exists():
        with suppress(ToolError):
            revision = run([git, "-C", str(root), "rev-parse", "HEAD"])
            changed = run([git, "-C", str(root), "status", "--porcelain", "--untracked-files=no"])
            if revision.returncode == 0:
                found["revision"] = revision.stdout.decode().strip()
                found["changed"] = bool(changed.stdout.strip())
    return found


def versions() -> dict[str, str]:
    """Python and the libraries that a result depends on, read without importing any of them."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def hardware() -> dict[str, Any]:
    """System, processor, usable cores and memory in GiB of this machine."""
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = round(psutil.virtual_memory().total / 2**30, 1)
    return {"system": platform.platform(), "processor": _processor(), "cores": cores, "memory_gib": memory}


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def peak_memory_gib() -> float:
    """The most memory that this process has held so far, in GiB."""
    if sys.platform == "win32":
        import psutil

        return round(psutil.Process().memory_info().peak_wset / 2**30, 2)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, others kibibytes
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30, 2)


def atomic_write(path: Path, data: str | bytes) -> None:
    """Write a file aside and rename it into place: readers see the old file or the new one, never a part.

    A file that holds just this already is left alone.
    """
    content = data.encode("utf-8") if isinstance(data, str) else data
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.parent / f".{path.name}.partial"
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise


def finished(folder: Path, mark: str) -> bool:
    """Whether the folder holds the finished result of a stage for the inputs whose fingerprint is `mark`."""
    try:
        return (folder / _FINISHED).read_text(encoding="utf-8").strip() == mark
    except (OSError, UnicodeDecodeError):
        return False


def mark_finished(folder: Path, mark: str) -> None:
    """Say that the folder holds the finished result for the inputs whose fingerprint is `mark`."""
    atomic_write(folder / _FINISHED, mark + "\n")


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new empty folder beside `folder` that takes its place when the block ends well, else it goes.

    What a killed run left behind is cleared away first.
    """
    aside = folder.parent / f".{folder.name}.partial"
    old = folder.parent / f".{folder.name}.old"
    for leftover in (aside, old):
        shutil.rmtree(leftover, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
