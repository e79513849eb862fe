"""Guides as people have them, and how they are handed over."""

from __future__ import annotations

from bot.study.decks import GivenFile

GUIDE = """\
# Cell biology

## Energy

### What does a mitochondrion do?

It makes most of the cell's ATP by oxidative phosphorylation. Its inner membrane holds the
electron transport chain. It has its own circular DNA.

### What is ATP?

ATP is the molecule that carries energy for most work in a cell. Breaking its phosphate bond
releases that energy.

## Membranes

### What is osmosis?

Osmosis is the net movement of water across a membrane that lets water through but not the
solute. Water moves towards the higher concentration of solute.
"""


def given(
    text: str | bytes = GUIDE, name: str = "biology.md", size: int | None = None
) -> GivenFile:
    """A file as an adapter hands it over."""
    data = text.encode() if isinstance(text, str) else text

    async def read() -> bytes:
        return data

    return GivenFile(name, len(data) if size is None else size, read)
