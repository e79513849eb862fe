"""A neutral Message as JSON, the form in which the web's posts are stored, and back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.messages.message import (
    Action,
    Block,
    Button,
    Code,
    Facts,
    Inline,
    Item,
    Items,
    Mark,
    Mention,
    Message,
    Paragraph,
    Quote,
    Ranking,
    RankRow,
    Strong,
    Tone,
    When,
)

Json = dict[str, Any]


def to_json(message: Message) -> Json:
    """The message as JSON-ready data."""
    return {
        "title": message.title,
        "blocks": [_block(block) for block in message.blocks],
        "buttons": [
            {
                "action": button.action.value,
                "label": button.label,
                "target": button.target,
                "primary": button.primary,
            }
            for button in message.buttons
        ],
        "footer": message.footer,
        "tone": message.tone.value,
    }


def from_json(data: Json) -> Message:
    """The inverse of ``to_json``. Raises ValueError on any other shape."""
    try:
        return Message(
            title=str(data["title"]),
            blocks=tuple(_read_block(block) for block in data["blocks"]),
            buttons=tuple(
                Button(Action(b["action"]), b["label"], _target(b), b["primary"])
                for b in data["buttons"]
            ),
            footer=str(data["footer"]),
            tone=Tone(data["tone"]),
        )
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"not a stored message: {error!r}") from error


def _target(button: Json) -> int:
    # Messages stored before appeals could be decided by a click say round_id.
    return int(button["target"] if "target" in button else button["round_id"])


def _span(span: Inline) -> str | Json:
    match span:
        case str():
            return span
        case Mention():
            return {"mention": span.member_id, "name": span.name}
        case When():
            return {"when": span.at.isoformat(), "relative": span.relative}
        case Strong():
            return {"strong": span.text}
        case Code():
            return {"code": span.text}


def _spans(spans: Iterable[Inline]) -> list[str | Json]:
    return [_span(span) for span in spans]


def _block(block: Block) -> Json:
    match block:
        case Paragraph():
            return {"paragraph": _spans(block.spans)}
        case Quote():
            return {"quote": block.text, "source": block.source}
        case Items():
            rows = [
                {"spans": _spans(each.spans), "mark": each.mark.value, "detail": each.detail}
                for each in block.items
            ]
            return {"items": rows, "heading": block.heading}
        case Facts():
            return {"facts": [[label, _spans(spans)] for label, spans in block.pairs]}
        case Ranking():
            return {"ranking": [_rank_row(row) for row in block.rows]}


def _rank_row(row: RankRow) -> Json:
    return {
        "rank": row.rank,
        "member": _span(row.member),
        "points": row.points,
        "answered": row.answered,
        "streak": row.streak,
        "highlight": row.highlight,
    }


def _read_span(data: str | Json) -> Inline:
    if isinstance(data, str):
        return data
    if "mention" in data:
        return Mention(data["mention"], data["name"])
    if "when" in data:
        return When(datetime.fromisoformat(data["when"]), data["relative"])
    if "strong" in data:
        return Strong(data["strong"])
    return Code(data["code"])


def _read_spans(data: Iterable[str | Json]) -> tuple[Inline, ...]:
    return tuple(_read_span(span) for span in data)


def _read_block(data: Json) -> Block:
    if "paragraph" in data:
        return Paragraph(_read_spans(data["paragraph"]))
    if "quote" in data:
        return Quote(data["quote"], data["source"])
    if "items" in data:
        return Items(tuple(_read_item(row) for row in data["items"]), data["heading"])
    if "facts" in data:
        return Facts(tuple((label, _read_spans(spans)) for label, spans in data["facts"]))
    return Ranking(tuple(_read_rank_row(row) for row in data["ranking"]))


def _read_item(row: Json) -> Item:
    return Item(_read_spans(row["spans"]), Mark(row["mark"]), row["detail"])


def _read_rank_row(row: Json) -> RankRow:
    member = row["member"]
    return RankRow(
        rank=row["rank"],
        member=Mention(member["mention"], member["name"]),
        points=row["points"],
        answered=row["answered"],
        streak=row["streak"],
        highlight=row["highlight"],
    )
