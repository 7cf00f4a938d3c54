"""Endings, `[1` and `[2`: their numbers, and where their brackets stop."""

from hf_abc.rendering.staff import Measure


def shorten_endings(measures: list[Measure]) -> None:
    """Stop a second ending that nobody closed after as many measures as the first had: its bracket is a
    picture only.

    The standard lets an ending run to the next double bar, and old books forget that one.
    """
    first = 0
    for start, measure in enumerate(measures):
        if not measure.ending:
            continue
        stop = next((n for n in range(start, len(measures)) if measures[n].ending_stop), len(measures) - 1)
        if measure.ending == "1":
            first = stop - start + 1
        elif first and stop - start + 1 > first + 2:
            measures[stop].ending_stop = False
            measures[start + first - 1].ending_stop = True


def ending_numbers(text: str) -> str:
    """`1,3` and `1-3` as MusicXML wants them: "1, 3" and "1, 2, 3"."""
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdigit():
            numbers += range(
                int(first), min(int(last) if last.isdigit() else int(first), int(first) + 16) + 1
            )
    return ", ".join(str(number) for number in numbers) or "1"
