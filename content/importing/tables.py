"""CSV and its kin: a question a row."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from bot.errors import InvalidError
from content.importing.answers import answer_of, as_written
from content.importing.columns import FIRST_TWO, Columns, columns_of
from content.importing.guide import Entry, Guide
from content.importing.lines import lines_of
from content.importing.prose import LEVELS

DELIMITERS = ("\t", ",", ";", "|")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE = 60  # rows that are looked at to tell the delimiter
_ODD_ROWS = 20  # as many notes on rows of another width, then one for the rest

Row = tuple[int, list[str]]


def cell_text(text: str) -> str:
    """A cell as a deck's text: its lines, bullets and paragraphs."""
    return answer_of(lines_of(text), as_written)


def rows_of(name: str, text: str, delimiter: str, first: int = 1) -> Iterator[Row]:
    """Each row with the line that it begins on; ``first`` is the line of the text's beginning.

    Raises InvalidError where quotes don't match. Tabs separate without quotes if need be.
    """
    try:
        csv.field_size_limit(max(csv.field_size_limit(), len(text)))
        rows = list(_rows(text, delimiter, first, strict=True))
    except csv.Error as error:
        if delimiter == "\t":
            yield from _unquoted(text, first)
            return
        line = _last_good(text, delimiter, first)
        raise InvalidError(
            f"{name}:{line}: the quotes of this row don't match ({error}): put \" round the whole"
            ' field and write "" for a quote inside it.'
        ) from error
    yield from rows


def _rows(text: str, delimiter: str, first: int, *, strict: bool) -> Iterator[Row]:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=strict)
    before = 0
    for row in reader:
        if any(cell.strip() for cell in row):
            yield first + before, row
        before = reader.line_num


def _unquoted(text: str, first: int) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), first):
        if line.strip():
            yield number, line.split("\t")


def _last_good(text: str, delimiter: str, first: int) -> int:
    """The line of the row at which reading fails."""
    line = first
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    try:
        for _ in reader:
            line = first + reader.line_num
    except csv.Error:
        return line
    return line


def delimiter_of(text: str, *, named: bool) -> str | None:
    """What separates the columns; None if the text is no table.

    ``named``: the file is called a table, so that a comma is believed without a header.
    """
    sample = "".join(islice(_chunks(text), _SAMPLE))
    best: tuple[tuple[bool, float, int], str] | None = None
    for delimiter in DELIMITERS:
        rows = _sampled(sample, delimiter)
        if not rows:
            continue
        widths = Counter(map(len, rows))
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
        headed = columns_of(rows[0]) is not None
        regular = count / len(rows)
        if width < 2 and not headed:
            continue
        if not headed and not named and (delimiter != "\t" or regular < 0.8 or len(rows) < 2):
            continue
        key = (headed, regular, -DELIMITERS.index(delimiter))
        if best is None or key > best[0]:
            best = key, delimiter
    return best[1] if best else None


def _chunks(text: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(r"[^\n]*\n|[^\n]+\Z", text))


def _sampled(sample: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(sample.splitlines(keepends=True), delimiter=delimiter)
    try:
        return [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error:
        return []


def read_table(name: str, text: str, delimiter: str) -> Guide:
    """The questions of a table. Raises InvalidError where it can't be taken apart."""
    guide = Guide(f"a table ({_NAMES.get(delimiter, delimiter)}-separated)")
    rows = list(rows_of(name, text, delimiter))
    columns = columns_of(rows[0][1]) if rows else None
    if columns is None:
        columns = FIRST_TWO
        guide.note(
            "no header names the columns: the first is taken for the question and the second for"
            " the answer. If the first row is a header, call its columns question and answer",
            rows[0][0] if rows else None,
        )
    else:
        rows = rows[1:]
    add_rows(guide, rows, columns, delimiter)
    return guide


def add_rows(guide: Guide, rows: Sequence[Row], columns: Columns, delimiter: str) -> None:
    """Adds a question for each row."""
    odd = 0
    for line, row in rows:
        fitting = _fitted(row, columns, delimiter)
        if fitting is None or fitting != row:
            odd += 1
            if odd <= _ODD_ROWS:
                guide.note(_about_width(row, columns, delimiter, kept=fitting is not None), line)
        if fitting is not None:
            guide.entries.append(entry_of(guide, columns, fitting, line))
    if odd > _ODD_ROWS:
        guide.note(f"{odd - _ODD_ROWS} more rows have another number of columns, too")


def _fitted(row: list[str], columns: Columns, delimiter: str) -> list[str] | None:
    """The row with what overflows put back into its answer, if that is the last column."""
    extra = [cell for cell in row[columns.width :] if cell.strip()]
    if not extra or columns is FIRST_TWO:
        return row
    if columns.roles["answer"] != columns.width - 1:
        return None
    return [*row[: columns.width - 1], delimiter.join(row[columns.width - 1 :])]


def _about_width(row: list[str], columns: Columns, delimiter: str, *, kept: bool) -> str:
    done = "the rest was added to the answer" if kept else "left out"
    return (
        f"{done}: the row has {len(row)} columns where the header has {columns.width};"
        f" put quotes round text that holds a {_NAMES.get(delimiter, delimiter)}"
    )


def entry_of(guide: Guide, columns: Columns, row: Sequence[str], line: int) -> Entry:
    """One row as a question."""
    level = columns.cell(row, "difficulty").lower()
    if level and level not in LEVELS:
        guide.note(f"the difficulty “{level[:20]}” must be 1, 2 or 3: taken as 1", line)
    number = columns.cell(row, "number")
    return Entry(
        prompt=as_written(columns.cell(row, "prompt")),
        answer=cell_text(columns.cell(row, "answer")),
        line=line,
        section=as_written(columns.cell(row, "section")),
        number=int(number) if number.isdecimal() and len(number) < 9 else None,
        difficulty=LEVELS.get(level, 1),
        key_points=_listed(columns.cell(row, "key points"), "\n;|"),
        follow_ups=_listed(columns.cell(row, "follow-ups"), "\n;|"),
        misconceptions=_listed(columns.cell(row, "misconceptions"), "\n;|"),
        terms=_listed(columns.cell(row, "terms"), "\n|"),
        sources=_listed(columns.cell(row, "sources"), "\n;|"),
    )


def _listed(cell: str, separators: str) -> tuple[str, ...]:
    """A cell's items: on lines of their own, or else between the first separator it has."""
    separator = next((each for each in separators if each in cell), "\n")
    items = (re.sub(r"^\s*(?:[-*\u2022]|\d{1,2}[.)])\s+", "", i) for i in cell.split(separator))
    return tuple(item for item in map(as_written, items) if item)
