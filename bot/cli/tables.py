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

Row = dict[str, Any]


def files_of(data: Mapping[str, Any], formats: Iterable[str]) -> dict[str, str]:
    """File names with their text: ``group.json``, and a ``.csv`` for each table with rows."""
    files: dict[str, str] = {}
    if "json" in formats:
        files["group.json"] = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    if "csv" in formats:
        files |= {f"{name}.csv": as_csv(rows) for name, rows in tables_of(data).items() if rows}
    return files


def tables_of(data: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Flat tables by name; rows inside rows become a table that names its parent.

    An answer's ``revisions`` are the rows of the table revisions, each with ``answer_id``.
    """
    tables: dict[str, list[Row]] = {}
    for name, value in data.items():
        _add(tables, name, [value] if isinstance(value, dict) else value)
    return tables


def as_csv(rows: list[Row]) -> str:
    """Rows under the columns that any of them has; no cell can act as a formula."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_cell(column) for column in columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return out.getvalue()


def _add(tables: dict[str, list[Row]], name: str, rows: list[Row]) -> None:
    inner = {key for row in rows for key, value in row.items() if value and _is_rows(value)}
    tables.setdefault(name, [])
    for row in rows:
        tables[name].append(_flat({k: v for k, v in row.items() if k not in inner}))
        parent = {f"{name.removesuffix('s')}_id": row.get("id")}
        for key in inner & row.keys():
            _add(tables, key, [parent | child for child in row[key] or []])


def _flat(row: Row) -> Row:
    """A row whose inner objects are columns: {"question": {"id": 1}} has ``question_id``."""
    flat: Row = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{key}_{inner}": each for inner, each in value.items()}
        else:
            flat[key] = value
    return flat


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
