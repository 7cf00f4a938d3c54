"""What the Hub or the network answered, as one sentence: what is wrong, where, and what to do."""

import re

from hf_abc.errors import OutputError

NOTHING = "nothing was published"
UNSURE = "nothing was published, unless only the answer was lost"
KEPT = "the files are published, their tag is not"


def told(error: Exception, repo_id: str, doing: str, state: str = NOTHING) -> OutputError:
    """The sentence for an error that came while `doing` something for a repository; `state` says what stands
    on the Hub now.
    """
    cause: BaseException | None = error
    while cause is not None and getattr(cause, "response", None) is None:
        cause = cause.__cause__  # an upload's error wraps the answer of the store
    error = cause if isinstance(cause, Exception) else error
    status = getattr(getattr(error, "response", None), "status_code", None)
    state = NOTHING if state == UNSURE and status else state
    return OutputError(f"{_what(error, status, repo_id)} ({doing}); {state}")


def _what(error: Exception, status: int | None, repo_id: str) -> str:
    from huggingface_hub import constants

    owner = repo_id.partition("/")[0]
    if type(error).__name__ == "OfflineModeIsEnabled":
        return "HF_HUB_OFFLINE is set, so nothing is sent: unset it"
    if status == 401:
        return "the Hub does not know your login: type `hf auth login` with a token that may write"
    if status == 402:
        return f"the Hub wants to be paid for this ({_said(error)}): see the plan of {owner}"
    if status == 403:
        return (
            f"your token may not write to {repo_id}: take one with write access to {owner}, or another name"
        )
    if status == 404:
        return f"the Hub has no {repo_id}, or hides it from your token: check the name and the token"
    if status in (409, 412):
        return f"{repo_id} has changed in the meantime: type the same command again"
    if status == 413:
        return f"the Hub finds a file of {repo_id} too large: publish a smaller one"
    if status == 429:
        wait = getattr(error, "response", None)
        seconds = wait.headers.get("Retry-After", "") if wait is not None else ""
        when = f"in {seconds} seconds" if seconds.isdigit() else "in some minutes"
        return f"the Hub asks for patience, too much was sent (429): type the same command again {when}"
    if status and status >= 500:
        return f"the Hub has trouble of its own ({status}): type the same command again later"
    if status:
        return f"the Hub refuses {repo_id} ({status}: {_said(error)}): change what it names"
    if isinstance(error, ValueError):
        return f"the Hub's library refuses {repo_id}: {_said(error)}"
    return (
        f"the connection to {constants.ENDPOINT} broke off ({_said(error)}): check the network and type the "
        "same command again"
    )


def _said(error: Exception) -> str:
    """What the other side said, on one line, without addresses and request numbers."""
    said = getattr(error, "server_message", None) or str(error) or type(error).__name__
    said = re.sub(r"\(Request ID:[^)]*\)|https?://\S+", "", said)
    return " ".join(said.split())[:200].rstrip(".:")
