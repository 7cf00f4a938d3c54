"""Pages that tell an experiment: the table between two marks is written by the experiment's own program."""

from pathlib import Path

from hf_abc.record import atomic_write

MARK = "<!-- table -->"


def write_table(page: Path, table: str) -> None:
    """Put a Markdown table between the marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(MARK)
    atomic_write(page, f"{before}{MARK}\n{table}\n{MARK}{rest.partition(MARK)[2]}")
