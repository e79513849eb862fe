"""Reads guides in the formats that people have them in, and makes decks of them.

``reader`` finds out what a file is and hands it to the room for its format; each of those
gives a ``guide.Guide``, of which ``building`` makes the deck.
"""

from __future__ import annotations

from content.importing.reader import FileReader

__all__ = ["FileReader"]
