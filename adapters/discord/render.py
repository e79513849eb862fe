"""From a neutral message to an embed and buttons, within all that Discord limits."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from adapters.discord.markdown import code, cut, escaped, quoted
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
    counted,
    shortened,
)

# https://docs.discord.com/developers/resources/message#embed-object-embed-limits
TITLE, DESCRIPTION, FIELD_NAME, FIELD, FOOTER, TOGETHER = 256, 4096, 256, 1024, 2048, 6000
FIELDS = 25
FIELDS_TOGETHER = 2500
ROWS, PER_ROW, LABEL = 5, 5, 80
PREFIX = "sb"
NOTHING = "\u200b"

MARKS = {
    Mark.DOT: "•",
    Mark.COVERED: "✅",
    Mark.PARTIAL: "🟡",
    Mark.MISSING: "⬜",
    Mark.CONTRADICTED: "❌",
}
COLOURS = {
    Tone.PLAIN: 0x5B6B7F,
    Tone.QUESTION: 0x3B6FE0,
    Tone.CORRECT: 0x2E9E5B,
    Tone.PARTIAL: 0xD9A520,
    Tone.INCORRECT: 0xC94F4F,
    Tone.NOTICE: 0x8A63C9,
}
_ACTIONS = {action.value: action for action in Action}
_STYLES = {
    Action.UPHOLD: discord.ButtonStyle.primary,
    Action.RULE_CORRECT: discord.ButtonStyle.success,
    Action.RULE_INCORRECT: discord.ButtonStyle.danger,
}


def embed_of(message: Message, *, marker: str = "") -> discord.Embed:
    """The message as one embed; ``marker`` ends its footer, to be found again by."""
    head, last = _parted(message.blocks)
    title = escaped(message.title)
    parts = [_block(block) for block in head]
    if len(title) > TITLE:
        # A title shows 256 characters; the question must be there in full.
        parts.insert(0, f"**{title}**")
        title = ""
    embed = discord.Embed(title=title or None, colour=COLOURS[message.tone])
    _add_fields(embed, last)
    footer = _footer(message.footer, marker)
    if footer:
        embed.set_footer(text=footer)
    room = min(DESCRIPTION, TOGETHER - len(embed))
    embed.description = cut("\n\n".join(part for part in parts if part), room) or None
    if not len(embed):
        embed.description = NOTHING
    return embed


def view_of(buttons: Sequence[Button]) -> discord.ui.View | None:
    """The buttons; discord.py keeps no view in memory, since they are told by their ids."""
    shown = list(buttons)[: ROWS * PER_ROW]
    if not shown:
        return None
    view = discord.ui.View(timeout=None)
    for number, button in enumerate(shown):
        view.add_item(
            discord.ui.Button(
                style=_style(button),
                label=shortened(button.label or "…", LABEL),
                custom_id=custom_id(button.action, button.target),
                row=number // PER_ROW,
            )
        )
    view.stop()
    return view


def custom_id(action: Action, target: int) -> str:
    """What a button is told by when it is pressed, for as long as it shows."""
    return f"{PREFIX}:{action.value}:{target}"


def pressed(text: str) -> tuple[Action, int] | None:
    """The action and target behind a custom id; None if it is none of these buttons'."""
    prefix, _, rest = text.partition(":")
    name, _, target = rest.partition(":")
    action = _ACTIONS.get(name)
    if prefix != PREFIX or action is None or not (target.isascii() and target.isdecimal()):
        return None
    return action, int(target)


def spans_of(spans: Sequence[Inline]) -> str:
    """Spans as markdown."""
    return "".join(_span(span) for span in spans)


def _style(button: Button) -> discord.ButtonStyle:
    if button.primary:
        return discord.ButtonStyle.primary
    return _STYLES.get(button.action, discord.ButtonStyle.secondary)


def _parted(blocks: Sequence[Block]) -> tuple[Sequence[Block], list[Facts]]:
    """The blocks, and the facts that end them: those can be an embed's fields, which come last."""
    last: list[Facts] = []
    for block in reversed(blocks):
        if not isinstance(block, Facts):
            break
        last.insert(0, block)
    pairs = sum(len(facts.pairs) for facts in last)
    if pairs > FIELDS:
        return blocks, []
    return blocks[: len(blocks) - len(last)], last


def _add_fields(embed: discord.Embed, facts: Sequence[Facts]) -> None:
    pairs = [pair for each in facts for pair in each.pairs]
    most = min(FIELD, FIELDS_TOGETHER // max(1, len(pairs)))
    for label, spans in pairs:
        name = cut(escaped(label), min(FIELD_NAME, most)) or NOTHING
        embed.add_field(name=name, value=cut(spans_of(spans), most) or NOTHING)


def _footer(text: str, marker: str) -> str:
    """A footer knows no markdown."""
    room = FOOTER - 3 - len(marker)
    return " · ".join(part for part in (shortened(text, room), marker) if part)


def _span(span: Inline) -> str:
    match span:
        case str():
            return escaped(span)
        case Mention(name=name):
            return escaped(name)
        case When(at=at, relative=relative):
            return discord.utils.format_dt(at, "R" if relative else "f")
        case Strong(text=text):
            return f"**{escaped(text)}**"
        case Code(text=text):
            return code(text)


def _block(block: Block) -> str:
    match block:
        case Paragraph(spans=spans):
            return spans_of(spans)
        case Quote(text=text, source=source):
            words = quoted(escaped(text))
            return f"**{escaped(source)}**\n{words}" if source else words
        case Facts(pairs=pairs):
            return "\n".join(f"**{escaped(label)}:** {spans_of(spans)}" for label, spans in pairs)
        case Items():
            return _items(block)
        case Ranking(rows=rows):
            width = max((len(str(row.rank)) for row in rows), default=1)
            return "\n".join(_row(row, width) for row in rows)


def _items(block: Items) -> str:
    lines = [f"**{escaped(block.heading)}**"] if block.heading else []
    return "\n".join([*lines, *(_item(each) for each in block.items)])


def _item(item: Item) -> str:
    line = f"{MARKS[item.mark]} {spans_of(item.spans)}"
    if not item.detail:
        return line
    return f"{line}\n-# {escaped(' '.join(item.detail.split()))}"


def _row(row: RankRow, width: int) -> str:
    """Ranks stand below each other; names are as wide as they are."""
    name = escaped(row.member.name)
    shown = f"**{name}**" if row.highlight else name
    streak = f" · streak {row.streak}" if row.streak else ""
    points = counted(row.points, "point")
    return f"`{row.rank:>{width}}` {shown} · {points} · {row.answered} answered{streak}"
