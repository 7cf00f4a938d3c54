"""Playing sound at once, with a program that this computer has; otherwise the listening page opens.

The player is the user's own and needs the user's session (sound server, screen), so it is the one program
that does not run inside the limits of process.py; it gets a file that we have made and no text of a tune.
"""

import shutil
import subprocess
import webbrowser
from collections.abc import Sequence
from pathlib import Path

PLAYERS = (
    ("mpv", "--no-video", "--really-quiet"),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
    ("afplay",),  # macOS
    ("play", "-q"),  # sox
    ("cvlc", "--play-and-exit", "--quiet"),
    ("mplayer", "-really-quiet"),
)


_SILENT = b"audio open failed"  # ffplay's word where there is no sound card; its status is 0 all the same


def player() -> tuple[str, ...] | None:
    """The command of the first player that is there."""
    return next((command for command in PLAYERS if shutil.which(command[0])), None)


def play(files: Sequence[Path], page: Path) -> str:
    """Play the files one after another, or open the page where there is no player or it fails; returns what
    was done.

    Ctrl-C stops the music.
    """
    command = player()
    if command is not None:
        for file in files:
            done = subprocess.run(
                [*command, str(file.absolute())],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                check=False,
            )
            if done.returncode or _SILENT in done.stderr:
                break
        else:
            return f"played with {command[0]}"
    opened = page.is_file() and webbrowser.open(page.absolute().as_uri())
    why = f"{command[0]} cannot play here" if command else "no player is installed (ffplay, mpv, sox ...)"
    return f"{why}: {'opened' if opened else 'open'} {page}"
