"""What one viewer may see of the chat, ready for the templates."""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.web.context import Room, Viewer
from adapters.web.wire import from_json
from bot.domain.appeals import Appeal, AppealState
from bot.domain.chat import Post
from bot.domain.grading import GradeState, Verdict, points_of, verdict_of
from bot.domain.rounds import Round, RoundState
from bot.messages.message import (
    IMPORTS,
    RULINGS,
    Action,
    Block,
    Message,
    Ranking,
    Tone,
    paragraph,
)
from bot.ports import Reaction
from bot.store import Tx
from bot.study.views import shown

log = logging.getLogger(__name__)

SHOWN = 80
_TOGETHER = timedelta(minutes=5)
BOT = "studybot"
APPEALABLE = (GradeState.GRADED, GradeState.PROVISIONAL, GradeState.UNGRADED)


@dataclass(frozen=True, slots=True)
class Card:
    """A round as its question card shows it, with the viewer's own part in it.

    ``verdict`` is "" for none yet; ``state`` is the shown grade's. ``reply_id`` is the post
    that holds the viewer's answer.
    """

    round: Round
    open: bool
    answered: bool = False
    verdict: str = ""
    points: int | None = None
    state: GradeState | None = None
    reply_id: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the lines of a page need besides their posts, read once.

    ``decided`` are the appeals that were, with their members' names; ``waiting`` the imports
    that are not.
    """

    messages: Mapping[int, Message | None]
    cards: Mapping[int, Card]
    decided: Mapping[int, str]
    waiting: Container[int]


@dataclass(frozen=True, slots=True)
class Line:
    """One post. ``hidden`` says that its words are sealed; ``used`` is the command behind it.

    ``spent`` are actions of its buttons that can't be taken any more; ``state`` is that of
    the viewer's own grade, on the posts that are about it. ``decided`` says what the message
    asked to decide, once it is.
    """

    id: int
    at: datetime
    author: str
    ours: bool
    mine: bool
    text: str
    message: Message | None
    edited: bool = False
    hidden: bool = False
    sealed: bool = False
    only_you: bool = False
    organisers: bool = False
    reaction: str = ""
    used: str = ""
    used_by: str = ""
    card: Card | None = None
    state: str = ""
    spent: frozenset[Action] = frozenset()
    decided: str = ""
    replies: int = 0
    can_edit: bool = False
    can_delete: bool = False
    follows: bool = False


async def channel_lines(tx: Tx, room: Room, viewer: Viewer) -> list[Line]:
    """The channel's newest posts that the viewer may see, oldest first."""
    posts = await tx.chat.timeline(room.channel.id, limit=SHOWN)
    counts = await tx.chat.thread_counts([post.id for post in posts])
    visible = [
        p for p in posts if may_see(p, viewer) and not (p.deleted_at and not counts.get(p.id))
    ]
    known = await _known(tx, visible, viewer)
    lines = [_line(post, viewer, known) for post in visible]
    return _joined([replace(line, replies=counts.get(line.id, 0)) for line in lines])


async def thread_lines(tx: Tx, room: Room, viewer: Viewer, root: Post) -> list[Line]:
    """A thread's posts that the viewer may see; feedback stands under the reply it is about."""
    posts = await tx.chat.timeline(room.channel.id, thread_id=root.id)
    visible = [p for p in posts if may_see(p, viewer) and p.deleted_at is None and p.id != root.id]
    known = await _known(tx, visible, viewer)
    lines = [_line(post, viewer, known) for post in visible]
    return _joined(_feedback_under_reply(lines))


async def root_line(tx: Tx, viewer: Viewer, root: Post) -> Line:
    """The post that a thread hangs under."""
    return _line(root, viewer, await _known(tx, [root], viewer))


def may_see(post: Post, viewer: Viewer) -> bool:
    """Whether a post may reach the viewer at all."""
    if post.only_member_id is not None:
        return post.only_member_id == viewer.id
    return viewer.organiser or not post.organisers


async def card_of(tx: Tx, round_: Round, viewer: Viewer) -> Card:
    """A round with the viewer's own part in it."""
    is_open = round_.state in (RoundState.OPEN, RoundState.POSTING)
    card = Card(round_, is_open)
    if viewer.member is None:
        return card
    answer = await tx.answers.find(round_.id, viewer.member.id)
    if answer is None or answer.withdrawn_at is not None:
        return card
    seen = await shown(tx, answer)
    card = replace(card, answered=True, verdict="received", reply_id=answer.message_id)
    if seen.grade is None:
        return card
    verdict = verdict_of(seen.grade.score)
    points = None if verdict is Verdict.UNGRADED else points_of(seen.grade.score)
    return replace(card, verdict=verdict.value, points=points, state=seen.grade.state)


async def _known(tx: Tx, posts: Sequence[Post], viewer: Viewer) -> Known:
    messages = {post.id: _own_lines_marked(_message(post), viewer) for post in posts}
    buttons = [b for message in messages.values() if message for b in message.buttons]
    rounds = {post.round_id for post in posts if post.round_id is not None}
    rounds |= {button.target for button in buttons if button.action is Action.APPEAL}
    cards: dict[int, Card] = {}
    for round_id in rounds:
        round_ = await tx.rounds.get(round_id)
        if round_ is not None:
            cards[round_id] = await card_of(tx, round_, viewer)
    decided: dict[int, str] = {}
    for appeal_id in {button.target for button in buttons if button.action in RULINGS}:
        appeal = await tx.appeals.get(appeal_id)
        if appeal is None or appeal.state is not AppealState.OPEN:
            decided[appeal_id] = await _appellant(tx, appeal)
    drafts = {button.target for button in buttons if button.action in IMPORTS}
    return Known(messages, cards, decided, await tx.decks.waiting(drafts))


async def _appellant(tx: Tx, appeal: Appeal | None) -> str:
    answer = await tx.answers.get(appeal.answer_id) if appeal else None
    member = await tx.members.get(answer.member_id) if answer else None
    return member.name if member else "a former member"


def spent_buttons(
    message: Message | None, cards: Mapping[int, Card], decided: Container[int] = ()
) -> frozenset[Action]:
    """What can't be done any more: decide what is decided, appeal what is, or has no grade."""
    spent: set[Action] = set()
    for button in message.buttons if message else ():
        card = cards.get(button.target)
        settled = card is None or card.state not in APPEALABLE
        ruled = button.action in RULINGS and button.target in decided
        if ruled or (button.action is Action.APPEAL and settled):
            spent.add(button.action)
    return frozenset(spent)


def _decided(message: Message | None, known: Known) -> str:
    """What a message asked to decide, where that is done."""
    if message is None:
        return ""
    ruled = [b.target for b in message.buttons if b.action in RULINGS]
    if ruled and ruled[0] in known.decided:
        return f"Appeal of {known.decided[ruled[0]]}"
    drafts = [b.target for b in message.buttons if b.action in IMPORTS]
    return message.title if drafts and drafts[0] not in known.waiting else ""


def _own_state(post: Post, message: Message | None, known: Known) -> str:
    """The state of the viewer's grade, on their reply, its feedback and the question."""
    about = {b.target for b in message.buttons if b.action is Action.APPEAL} if message else set()
    card = known.cards.get(post.round_id or next(iter(about), 0))
    if card is None or card.state is None or not (message or card.reply_id == str(post.id)):
        return ""
    return card.state.value


def _line(post: Post, viewer: Viewer, known: Known) -> Line:
    message = known.messages[post.id]
    card = known.cards.get(post.round_id or 0)
    ours = message is not None or post.author_id is None
    mine = post.author_id is not None and post.author_id == viewer.id
    sealed = post.sealed and card is not None and card.round.state is not RoundState.CLOSED
    hidden = sealed and not mine
    own_words = mine and not ours and post.deleted_at is None
    return Line(
        id=post.id,
        at=post.created_at,
        author=BOT if ours else post.author_name,
        ours=ours,
        mine=mine,
        text="" if hidden else post.text,
        message=message,
        edited=post.edited_at is not None and not ours,
        hidden=hidden,
        sealed=sealed,
        only_you=post.only_member_id is not None,
        organisers=post.organisers,
        # A verdict on a sealed answer is as private as its words.
        reaction=Reaction.RECEIVED.value if hidden and post.reaction else post.reaction or "",
        used=post.text if ours else "",
        used_by=post.author_name or viewer.name,
        card=card if message is not None and message.tone is Tone.QUESTION else None,
        state=_own_state(post, message, known),
        spent=spent_buttons(message, known.cards, known.decided),
        decided=_decided(message, known),
        can_edit=own_words,
        can_delete=own_words or (mine and ours) or post.only_member_id is not None,
    )


def _message(post: Post) -> Message | None:
    if post.deleted_at is not None:
        return Message(title="", blocks=(paragraph("This message was deleted."),))
    if post.body is None:
        return None
    try:
        return from_json(post.body)
    except ValueError:
        log.exception("the web post %s can't be read", post.id)
        return Message(title="", blocks=(paragraph("This message can't be shown any more."),))


def _own_lines_marked(message: Message | None, viewer: Viewer) -> Message | None:
    """On a posted board the viewer's line is marked, not that of who asked for it."""
    if message is None:
        return None
    blocks = tuple(_marked(each, viewer) for each in message.blocks)
    return replace(message, blocks=blocks)


def _marked(block: Block, viewer: Viewer) -> Block:
    if not isinstance(block, Ranking):
        return block
    return Ranking(
        tuple(replace(row, highlight=row.member.member_id == viewer.id) for row in block.rows)
    )


def _feedback_under_reply(lines: Sequence[Line]) -> list[Line]:
    """Private cards move up to the viewer's own reply before them."""
    result: list[Line] = []
    for line in lines:
        place = len(result)
        if line.only_you and line.ours and not line.used:
            own = [at for at, each in enumerate(result) if each.mine or each.only_you]
            place = own[-1] + 1 if own else place
        result.insert(place, line)
    return result


def _joined(lines: Sequence[Line]) -> list[Line]:
    """Lines that go on from the one before: same author, a few minutes apart."""
    result: list[Line] = []
    for line in lines:
        before = result[-1] if result else None
        follows = (
            before is not None
            and not line.ours
            and not before.ours
            and line.author == before.author
            and line.at - before.at < _TOGETHER
        )
        result.append(replace(line, follows=follows))
    return result
