"""What can go wrong with the database, in words that say what to do."""

from __future__ import annotations


class StorageError(Exception):
    """The database can't be used. The message says why and what to do, without passwords."""
