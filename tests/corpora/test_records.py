"""JSON and CSV, record by record."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.corpora.sources import records as module
from hf_abc.corpora.sources.records import csv_records, json_records, records
from hf_abc.errors import InputError

ROWS = st.lists(
    st.dictionaries(st.text(max_size=3), st.text(max_size=8) | st.integers() | st.none(), max_size=3)
)


@given(ROWS, st.booleans(), st.integers(1, 9))
def test_any_list_comes_back_whatever_the_pieces(
    rows: list[dict[str, object]], lines: bool, piece: int
) -> None:
    text = "\n".join(json.dumps(row) for row in rows) if lines else json.dumps(rows, indent=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PIECE", 50 * piece)  # an escape must not be longer than what is read on
        if not rows and lines:
            return
        assert list(json_records(io.BytesIO(text.encode()), "f")) == rows


def test_marks_at_the_start_and_other_encodings() -> None:
    assert list(json_records(io.BytesIO(b'\xef\xbb\xbf [{"a": "\xff"}]'), "f")) == [{"a": "\ufffd"}]
    assert list(csv_records(io.BytesIO(b'\xef\xbb\xbfa,b\r\n1,"x\r\ny"\r\n'), "f")) == [
        {"a": "1", "b": "x\r\ny"}
    ]
    assert list(csv_records(io.BytesIO(b""), "f")) == []


def test_damage_in_the_middle_is_named_and_not_read_over() -> None:
    good = json.dumps([{"abc": "G" * 100}] * 200)
    broken = good[:9000] + '"' + good[9000:]
    found = []
    with pytest.raises(InputError, match=r"f, record 80 is broken JSON"):
        found.extend(json_records(io.BytesIO(broken.encode()), "f"))
    assert len(found) == 79


def test_a_record_without_an_end_costs_no_more_than_its_limit() -> None:
    endless = b'[{"abc": "' + b"G" * 20_000_000
    with pytest.raises(InputError, match="record 1 is broken JSON"):
        list(json_records(io.BytesIO(endless), "f"))


def test_the_suffix_decides(tmp_path: Path) -> None:
    (tmp_path / "a.CSV").write_text("a\n1\n")
    (tmp_path / "a.jsonl").write_text('{"a": "1"}\n')
    assert list(records(tmp_path / "a.CSV")) == list(records(tmp_path / "a.jsonl")) == [{"a": "1"}]
