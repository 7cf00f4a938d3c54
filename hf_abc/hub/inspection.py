"""What must not leave this machine: secrets, and paths that say where and by whom something was made.

Every file that is published is read, text as it stands, safetensors up to the end of their header, Parquet
value by value. Found is named by file and kind; a secret itself is never printed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from hf_abc.errors import InputError

_SECRETS = {
    "a token of the Hub": r"\bhf_[A-Za-z0-9]{30,}",
    "a token of GitHub": r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_\w{22,}",
    "a key of a cloud": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a key of an API": r"\bsk-[A-Za-z0-9_-]{32,}|\bAIza[A-Za-z0-9_-]{35}\b",
    "a token of a chat": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "an address with a password": r"\b[a-z][a-z0-9+.-]*://[^\s/:@\"']+:[^\s/:@\"']+@",
}
_PATH = re.compile(
    r"\bfile:///[^\s\"']+|(?<![\w./~<-])/(?:home|Users|root|tmp|var|mnt|media|opt|srv|work|workspace|data|private|scratch|content|kaggle)"
    r"/[\w.+-]+|\b[A-Za-z]:\\{1,2}[\w.+-]+\\|\\\\[\w.-]+\\[\w$.-]+"
)
_PIECE = 1 << 22


def inspect(files: Mapping[str, Path | bytes]) -> None:
    """Read files, by their names in the repository. InputError for the first secret or path."""
    from huggingface_hub import get_token

    own = [text for text in (get_token(), str(Path.home())) if text and len(text) > 6]
    for name, content in files.items():
        for text in _texts(name, content):
            for what, pattern in _SECRETS.items():
                if re.search(pattern, text):
                    raise InputError(
                        f"{name} holds {what}: take it out, and make it invalid if others saw it"
                    )
            if found := _PATH.search(text):
                raise InputError(
                    f"{name} holds the path {found[0]} of this machine: write it from the working folder or "
                    "from ~ in the recipe, or take it out of the file"
                )
            for secret in own:
                if secret in text:
                    raise InputError(f"{name} holds your token or your home folder: take it out of the file")


def _texts(name: str, content: Path | bytes) -> Iterator[str]:
    if isinstance(content, bytes):
        yield content.decode("utf-8", "replace")
    elif name.endswith(".safetensors"):
        with content.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            yield json.dumps(json.loads(stream.read(min(size, _PIECE)) or b"{}").get("__metadata__", {}))
    elif name.endswith(".parquet"):
        yield from _cells(content)
    elif not name.endswith((".mp3", ".png")):
        with content.open(encoding="utf-8", errors="replace") as text:
            last = ""
            while piece := text.read(_PIECE):
                yield last + piece
                last = piece[-200:]


def _cells(file: Path) -> Iterator[str]:
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(file).iter_batches(batch_size=2_000):
        for column in batch.columns:
            if str(column.type).endswith("string"):
                yield "\n".join(filter(None, column.to_pylist()))
