"""A message as plain text: for the API, the command line and notifications."""

from __future__ import annotations

from bot.messages.message import (
    Block,
    Code,
    Facts,
    Inline,
    Items,
    Mark,
    Mention,
    Message,
    Paragraph,
    Quote,
    Ranking,
    Strong,
    When,
    counted,
)

_MARKS = {
    Mark.DOT: "-",
    Mark.COVERED: "[x]",
    Mark.PARTIAL: "[~]",
    Mark.MISSING: "[ ]",
    Mark.CONTRADICTED: "[!]",
}


def plain(message: Message) -> str:
    """The whole message, its blocks apart by blank lines. Buttons are left out."""
    parts = [message.title, *(_block(block) for block in message.blocks), message.footer]
    return "\n\n".join(part for part in parts if part)


def plain_spans(spans: tuple[Inline, ...]) -> str:
    """Spans as text; instants as UTC."""
    return "".join(_span(span) for span in spans)


def _span(span: Inline) -> str:
    match span:
        case str():
            return span
        case Mention(name=name):
            return name
        case When(at=at):
            return f"{at:%Y-%m-%d %H:%M} UTC"
        case Strong(text=text) | Code(text=text):
            return text


def _block(block: Block) -> str:
    match block:
        case Paragraph(spans=spans):
            return plain_spans(spans)
        case Quote(text=text, source=source):
            return f"{source}:\n{text}" if source else text
        case Facts(pairs=pairs):
            return "\n".join(f"{label}: {plain_spans(spans)}" for label, spans in pairs)
        case Items():
            return _items(block)
        case Ranking(rows=rows):
            return "\n".join(
                f"{row.rank}. {row.member.name}: {counted(row.points, 'point')}, "
                f"{row.answered} answered, streak {row.streak}"
                for row in rows
            )


def _items(block: Items) -> str:
    lines = [f"{block.heading}:"] if block.heading else []
    for each in block.items:
        lines.append(f"{_MARKS[each.mark]} {plain_spans(each.spans)}")
        if each.detail:
            lines.append(f"    {each.detail}")
    return "\n".join(lines)
