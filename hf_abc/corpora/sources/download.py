"""Published files, fetched once into the user's cache folder. Nothing is downloaded that a recipe did not ask
for, and what is there is not asked for again.
"""

import json
import os
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from hf_abc.errors import InputError, OutputError

_PIECE = 2**20
_SECONDS = 60


def cache_folder() -> Path:
    """Where downloads are kept: `hf_abc` in XDG_CACHE_HOME or in ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hf_abc"


def fetch(url: str, name: str) -> Path:
    """The file at a URL, kept as `name` in the cache folder; it appears there whole or not at all.

    Raises InputError without a network, for an answer that is an error and for one that breaks off.
    """
    path = cache_folder() / name
    if path.is_file():
        return path
    aside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _open(url) as answer, aside.open("wb") as file:
            size = 0
            while piece := answer.read(_PIECE):
                size += file.write(piece)
            if (wanted := answer.headers.get("Content-Length")) and int(wanted) != size:
                raise InputError(f"{url} broke off after {size:,} of {int(wanted):,} bytes: try again")
        os.replace(aside, path)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise _unreachable(url, error) from error
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}): set XDG_CACHE_HOME") from error
    finally:
        with suppress(OSError):
            aside.unlink()
    return path


def fetch_json(url: str) -> Any:
    """The JSON that a URL answers with. Raises InputError as `fetch` does, and for another answer."""
    try:
        with _open(url) as answer:
            return json.load(answer)
    except (OSError, TimeoutError) as error:
        raise _unreachable(url, error) from error
    except ValueError as error:
        raise InputError(f"{url} did not answer with JSON: try again later") from error


def _open(url: str) -> Any:
    return urllib.request.urlopen(
        urllib.request.Request(url, headers={"User-Agent": "hf-abc"}), timeout=_SECONDS
    )


def _unreachable(url: str, error: Exception) -> InputError:
    reason = getattr(error, "reason", None) or error
    return InputError(
        f"{url} cannot be downloaded ({reason}): connect to the network, or fetch it elsewhere and name the "
        "file in the recipe"
    )
