"""A group's data as files: one JSON document, or one CSV file a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

# What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection"), also in the
# wide forms that East Asian versions read the same way.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
FORMATS = ("json", "csv")


def files_of(data: Mapping[str, Any], formats: Iterable[str]) -> dict[str, str]:
    """File names with their text: ``group.json``, and a ``.csv`` for each list of rows."""
    files: dict[str, str] = {}
    if "json" in formats:
        files["group.json"] = as_json(data)
    if "csv" in formats:
        files |= {f"{name}.csv": as_csv(rows) for name, rows in data.items() if _is_rows(rows)}
    return files


def as_json(data: Mapping[str, Any]) -> str:
    """The whole as one JSON document."""
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Rows under the columns that any of them has; no cell can act as a formula."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_cell(column) for column in columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return out.getvalue()


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # The apostrophe makes a spreadsheet show the text as it is.
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
