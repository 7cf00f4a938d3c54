"""Publishing: a parcel becomes one revision of a repository on the Hub, with a tag of its own.

One commit holds all of it: files that differ are sent, files of earlier revisions that the parcel lacks are
taken away (they stay in the history), and files that are the same cost nothing. Until that commit nothing is
to be seen, so an interrupted push leaves the last revision as it was, and the same command goes on. The login
is the Hub library's own (`hf auth login` or HF_TOKEN); no token passes through here.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_abc.errors import InputError, OutputError
from hf_abc.hub.failures import KEPT, NOTHING, UNSURE, told
from hf_abc.hub.parcel import Parcel
from hf_abc.record import replacing

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_OWN = {".gitattributes"}
_HARMLESS = {".gitattributes", "README.md"}
"""What a fresh repository may hold."""


@dataclass(frozen=True, slots=True)
class Published:
    """Where a parcel is: address, commit, tag, and whether this push changed anything."""

    url: str
    commit: str
    tag: str
    changed: bool


def dry_run(parcel: Parcel, folder: Path) -> None:
    """Write what would be sent into a new folder. OutputError where the folder holds something."""
    if folder.exists() and any(folder.iterdir()):
        raise OutputError(f"{folder} holds other files: name a new or empty folder")
    if folder.exists():
        folder.rmdir()
    with replacing(folder) as aside:
        parcel.write(aside)


def publish(
    parcel: Parcel, repo_id: str, *, private: bool = False, say: Callable[[str], None] = lambda text: None
) -> Published:
    """Send a parcel. `private` makes a new repository private; an existing one stays what it is.

    Raises InputError without a login or for a name that is none, OutputError for a repository that holds
    something else or is public against `private`, and for all that the Hub and the network answer.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token

    check_name(repo_id)
    if get_token() is None:
        raise InputError("you are not logged in to the Hub: type `hf auth login` with a token that may write")
    api = HfApi()
    with _telling(repo_id, "logging in"):
        api.whoami()
    with _telling(repo_id, "making the repository"):
        made = api.create_repo(
            repo_id,
            repo_type=parcel.kind,
            private=private,
            exist_ok=True,
            space_sdk="gradio" if parcel.kind == "space" else None,
        )
    with _telling(repo_id, "looking at what is there"):
        head: Any = api.repo_info(repo_id, repo_type=parcel.kind)
    there = {file.rfilename for file in head.siblings or []}
    if there - _HARMLESS and parcel.mark not in there:
        raise OutputError(
            f"{repo_id} holds something else, not an earlier {parcel.kind}: choose another name"
        )
    if private and not head.private:
        raise OutputError(
            f"{repo_id} is public: make it private in its settings, or choose another name; {NOTHING}"
        )
    say(f"{parcel.size / 1e6:,.1f} MB in {len(parcel.files)} files to {made}")
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        CommitOperationAdd(name, content if isinstance(content, bytes) else str(content))
        for name, content in parcel.files.items()
    ]
    operations += [CommitOperationDelete(name) for name in sorted(there - set(parcel.files) - _OWN)]
    with _telling(repo_id, "sending the files", UNSURE):
        done = api.create_commit(
            repo_id,
            operations,
            commit_message="Published by hf_abc",
            repo_type=parcel.kind,
            parent_commit=head.sha,
        )
    with _telling(repo_id, "setting the tag", KEPT):
        tag = _tag(api, repo_id, parcel.kind, done.oid)
    return Published(str(made), done.oid, tag, done.oid != head.sha)


def _tag(api: "HfApi", repo_id: str, kind: str, commit: str) -> str:
    """The tag of a commit: the one that it has, or the next of v1, v2, ..."""
    tags = api.list_repo_refs(repo_id, repo_type=kind).tags
    numbers = [int(tag.name[1:]) for tag in tags if re.fullmatch(r"v\d+", tag.name)]
    for tag in tags:
        if tag.target_commit == commit and re.fullmatch(r"v\d+", tag.name):
            return tag.name
    name = f"v{max(numbers, default=0) + 1}"
    api.create_tag(repo_id, tag=name, revision=commit, repo_type=kind)
    return name


def check_name(repo_id: str) -> None:
    """Refuse what is no full name of a repository: InputError."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise InputError(f"{repo_id!r} is no name of a repository: {str(error).split(':')[0]}") from None
    if "/" not in repo_id:
        raise InputError(f"{repo_id!r} is half a name: write it with its owner, as in anna/{repo_id}")


@contextmanager
def _telling(repo_id: str, doing: str, state: str = NOTHING) -> Iterator[None]:
    """What the Hub's library, the network or a store raises inside becomes a sentence."""
    from huggingface_hub.errors import HfHubHTTPError

    network: Any = HfHubHTTPError.__mro__[1]  # the base class of its HTTP library's errors
    try:
        yield
    except (HfHubHTTPError, network, OSError, ValueError, RuntimeError) as error:
        raise told(error, repo_id, doing, state) from error
