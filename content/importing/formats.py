"""Files that are no text: what they are, and what their owner can do about it."""

from __future__ import annotations

import io
import zipfile

from bot.errors import InvalidError

AS_TEXT = "save it as plain text or Markdown and import that"
AS_CSV = "save the sheet as CSV and import that"
_PHOTO = "type the guide out as text"
_UNPACK = "unpack it and import the file that is in it"

_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF", AS_TEXT),
    (b"{\\rtf", "a rich text document (RTF)", AS_TEXT),
    (b"\xd0\xcf\x11\xe0", "an old Office document", "save it as text, or a sheet as CSV"),
    (b"\x89PNG", "a picture (PNG)", _PHOTO),
    (b"\xff\xd8\xff", "a picture (JPEG)", _PHOTO),
    (b"GIF8", "a picture (GIF)", _PHOTO),
    (b"RIFF", "a picture or a recording", _PHOTO),
    (b"SQLite format 3\x00", "a database", "in Anki, choose Export and make an .apkg of the deck"),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"7z\xbc\xaf", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"(\xb5/\xfd", "a Zstandard archive", _UNPACK),
    (b"\x7fELF", "a program", AS_TEXT),
    (b"MZ\x90", "a program", AS_TEXT),
)
# What a zip holds, by the beginning of a member's name.
_PACKED: tuple[tuple[str, str, str], ...] = (
    ("word/", "a Word document", AS_TEXT),
    ("xl/", "an Excel sheet", AS_CSV),
    ("ppt/", "a PowerPoint presentation", AS_TEXT),
    ("META-INF/container.xml", "an e-book (EPUB)", AS_TEXT),
    ("content.xml", "an OpenDocument file", "save it as text, or a sheet as CSV"),
)
_PAGE = ("<!doctype html", "<html", "<head", "<body")


def check_readable(name: str, data: bytes) -> None:
    """Raises InvalidError naming the format of what is no text."""
    for beginning, kind, cure in _BEGINNINGS:
        if data.startswith(beginning) or (kind == "a PDF" and beginning in data[:1024]):
            raise InvalidError(f"“{name}” is {kind}: {cure}.")


def check_no_page(name: str, text: str) -> None:
    """Raises InvalidError for a web page's source."""
    if text[:500].lstrip().lower().startswith(_PAGE):
        raise InvalidError(
            f"“{name}” is a web page: copy what you see in the browser into a text file and"
            " import that."
        )


def is_zip(data: bytes) -> bool:
    """Whether the bytes begin as a zip archive does, an empty one included."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))


def open_zip(name: str, data: bytes) -> zipfile.ZipFile:
    """The archive in memory. Raises InvalidError if it is broken."""
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InvalidError(f"“{name}” is a broken zip archive: save or export it again.") from error


def unreadable_zip(name: str, members: list[str]) -> InvalidError:
    """The failure to raise for an archive that is no Anki package."""
    for beginning, kind, cure in _PACKED:
        if any(member.startswith(beginning) for member in members):
            return InvalidError(f"“{name}” is {kind}: {cure}.")
    texts = [each for each in members if each.lower().endswith((".md", ".txt", ".csv", ".tsv"))]
    if texts:
        return InvalidError(
            f"“{name}” is a zip archive: unpack it and import the files in it one by one,"
            f" such as {texts[0][:80]!r}."
        )
    return InvalidError(f"“{name}” is a zip archive without a guide: {_UNPACK}.")
