"""What members do on the web: talk, reply to a round, answer by form, edit, command, press.

A post and what the core makes of it are stored in one transaction: both or neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from adapters.web.context import Identity, Room, Web
from adapters.web.messenger import PLATFORM
from adapters.web.wire import to_json
from adapters.web.words import clean_name, clean_post, name_key, storable
from bot.commands.core import Call, Response
from bot.commands.decks import import_deck
from bot.commands.press import press as press_button
from bot.commands.run import run_text
from bot.domain.chat import NewPost, Post
from bot.domain.group import AnswerMode, Member
from bot.domain.rounds import Answer, Round, RoundState
from bot.errors import ConflictError, ForbiddenError, NotFoundError
from bot.messages.judging import appealed_message
from bot.messages.message import Action
from bot.store import Tx
from bot.study import answering, appeals
from bot.study.answering import Accepted, Outcome, Reply
from bot.study.decks import GivenFile

GONE = "That message isn't there any more."
TALK = Accepted(Outcome.CONVERSATION, None)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a member's message; ``post_id`` is None where none was stored."""

    accepted: Accepted
    post_id: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a command or button answered; ``post_id`` is None where it wasn't posted."""

    response: Response
    post_id: int | None


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that was pressed; ``text`` is an appeal's reason, "" for none."""

    action: Action
    target: int
    text: str = ""


async def talk(web: Web, identity: Identity, name: str, text: str, thread_id: int | None) -> Done:
    """A message in the channel, or in a thread that isn't a round's."""
    async with web.services.store.write() as tx:
        room = await web.room(tx)
        member, _ = await web.actor(tx, room, identity, name)
        if thread_id is not None:
            await _thread(tx, room, thread_id)
        new = NewPost(room.channel.id, member.id, clean_post(text), thread_id=thread_id)
        post = await tx.chat.add(new, web.services.clock())
    web.hub.poke()
    return Done(TALK, post.id)


async def reply(web: Web, identity: Identity, round_id: int, name: str, text: str) -> Done:
    """A reply in a round's thread: an answer, a revision or conversation."""
    now = web.services.clock()
    async with web.services.store.write() as tx:
        room, round_ = await _room_and_round(web, tx, round_id)
        member, _ = await web.actor(tx, room, identity, name)
        thread_id = await round_thread(tx, room, round_)
        if thread_id is None:
            raise ConflictError("That question isn't posted here yet. Try again in a moment.")
        new = NewPost(
            room.channel.id, member.id, clean_post(text), thread_id=thread_id, round_id=round_.id
        )
        post = await tx.chat.add(new, now)
        words = Reply(post.text, now, room.channel.id, str(post.id))
        try:
            accepted = await answering.accept(tx, room.group, round_, member, words, now)
        except ConflictError as error:
            # A closed round can still be talked about in its thread.
            accepted = Accepted(Outcome.CONVERSATION, None, note=str(error))
        else:
            _keep_sealed(accepted)
    web.hub.poke()
    return Done(accepted, post.id)


def _keep_sealed(accepted: Accepted) -> None:
    """Refuse a reply that is told to go through the Answer button: stored, it would spoil."""
    if accepted.outcome is Outcome.CONVERSATION and accepted.answer_id is None and accepted.note:
        raise ConflictError(accepted.note)


async def answer(web: Web, identity: Identity, round_id: int, name: str, text: str) -> Done:
    """An answer by form, or a revision of it; the thread shows that the member answered."""
    now = web.services.clock()
    async with web.services.store.write() as tx:
        room, round_ = await _room_and_round(web, tx, round_id)
        member, _ = await web.actor(tx, room, identity, name)
        words = answering.check_text(storable(text))
        post = await _answer_post(tx, web, room, round_, member, words)
        message_id = str(post.id) if post else None
        made = Reply(words, now, room.channel.id, message_id, form=True)
        accepted = await answering.accept(tx, room.group, round_, member, made, now)
    web.hub.poke()
    return Done(accepted, post.id if post else None)


async def edit(web: Web, identity: Identity, post_id: int, name: str, text: str) -> Done:
    """A member's own message in other words: a new revision if it is their answer."""
    now = web.services.clock()
    async with web.services.store.write() as tx:
        room = await web.room(tx)
        member, _ = await web.actor(tx, room, identity, name)
        post = await _own_post(tx, room, member, post_id)
        if post.body is not None:
            raise ForbiddenError("Only your own words can be edited.")
        words = clean_post(text)
        found = await _answer_of(tx, room, post)
        accepted = await answering.edited(tx, found, words, now) if found else TALK
        await tx.chat.edit(post.id, now, text=words)
    web.hub.poke()
    return Done(accepted, post.id)


async def delete(web: Web, identity: Identity, post_id: int, name: str) -> None:
    """A member's own message, or one that only they see; an answer is withdrawn with it."""
    now = web.services.clock()
    async with web.services.store.write() as tx:
        room = await web.room(tx)
        member, _ = await web.actor(tx, room, identity, name)
        post = await _own_post(tx, room, member, post_id)
        found = await _answer_of(tx, room, post)
        if found is not None:
            await answering.withdraw(tx, found, now)
        await tx.chat.delete(post.id, now)
    web.hub.poke()


async def command(
    web: Web, identity: Identity, name: str, text: str, thread_id: int | None, *, forms: bool = True
) -> list[Said]:
    """Run a chat command as a member; what it says is posted, to them alone where private.

    With ``forms`` the caller opens guided forms itself, and their stand-in isn't posted.
    """
    call = await _call(web, identity, name, thread_id)
    line = storable(text).strip()
    responses = await run_text(web.services, call, line)
    async with web.services.store.write() as tx:
        kept = await _afterwards(tx, call, name)
        said = []
        for response in responses:
            by = kept if not (forms and response.form) else None
            post = await _store(tx, web, by, line, thread_id, response) if by else None
            said.append(Said(response, post.id if post else None))
    web.hub.poke()
    return said


async def import_guide(
    web: Web, identity: Identity, name: str, file: GivenFile, values: Mapping[str, str]
) -> Said:
    """``/study deck import`` with a file. Raises StudyErrors: nothing is posted then."""
    call = await _call(web, identity, name, None)
    if not call.organiser:
        raise ForbiddenError("Only organisers can bring guides.")
    response = await import_deck(web.services, replace(call, file=file), values)
    line = f"/study deck import {storable(file.name)}"
    async with web.services.store.write() as tx:
        post = await _store(tx, web, call, line, None, response)
    web.hub.poke()
    return Said(response, post.id if post else None)


async def press(
    web: Web, identity: Identity, name: str, pressed: Pressed, thread_id: int | None
) -> list[Said]:
    """Press a message's button as a member; what it says is posted as a command's answer is."""
    call = await _call(web, identity, name, thread_id)
    if pressed.action is Action.APPEAL and pressed.text.strip():
        response = await _appeal(web, call, pressed)
    else:
        response = await press_button(web.services, call, pressed.action, pressed.target)
    async with web.services.store.write() as tx:
        kept = await _afterwards(tx, call, name)
        post = await _store(tx, web, kept, "", thread_id, response) if kept else None
    web.hub.poke()
    return [Said(response, post.id if post else None)]


async def _appeal(web: Web, call: Call, pressed: Pressed) -> Response:
    """An appeal with its reason: of that round, where ``/appeal`` takes the newest answer."""
    filed = await appeals.appeal(
        web.services, call.group, call.member, pressed.text, round_id=pressed.target
    )
    message = appealed_message(filed.prompt, new=filed.new, reason=filed.appeal.reason)
    return Response(message, private=True)


async def _call(web: Web, identity: Identity, name: str, thread_id: int | None) -> Call:
    """Who acts, and where; the thread to answer in is there."""
    async with web.services.store.write() as tx:
        room = await web.room(tx)
        member, organiser = await web.actor(tx, room, identity, name)
        if thread_id is not None:
            await _thread(tx, room, thread_id)
    admin = web.sessions is None
    return Call(room.group, room.channel, member, organiser, admin=admin)


async def _afterwards(tx: Tx, call: Call, name: str) -> Call | None:
    """The call once it was served: by the member that `/link` made of two, if it did.

    None after `/privacy forget` has erased the very member who asked: then nothing is kept.
    """
    if await tx.members.get(call.member.id) is not None:
        return call
    key = name_key(clean_name(name))
    linked = await tx.members.of_account(call.group.id, PLATFORM, key)
    return replace(call, member=linked) if linked else None


async def _store(
    tx: Tx, web: Web, call: Call, line: str, thread_id: int | None, response: Response
) -> Post:
    """What was answered. Erasing the member takes it along: they are its author or reader."""
    new = NewPost(
        channel_id=call.channel.id,
        author_id=None if response.private else call.member.id,
        text=line[:200],
        body=to_json(response.message),
        thread_id=thread_id,
        only_member_id=call.member.id if response.private else None,
    )
    return await tx.chat.add(new, web.services.clock())


async def _room_and_round(web: Web, tx: Tx, round_id: int) -> tuple[Room, Round]:
    """Where the channel has left a group, what that asked here is still that group's.

    Raises NotFoundError.
    """
    room = await web.room(tx)
    round_ = await tx.rounds.get(round_id)
    if round_ is not None and round_.group_id != room.group.id:
        group = await tx.groups.get(round_.group_id)
        if group is not None and await round_thread(tx, room, round_) is not None:
            return replace(room, group=group), round_
    return room, await round_of(tx, room, round_id)


async def round_of(tx: Tx, room: Room, round_id: int) -> Round:
    """The room's round with that id. Raises NotFoundError."""
    round_ = await tx.rounds.get(round_id)
    if round_ is None or round_.group_id != room.group.id:
        raise NotFoundError(f"There is no round {round_id} here.")
    return round_


async def round_thread(tx: Tx, room: Room, round_: Round) -> int | None:
    """The post that a round's thread hangs under, None before it is posted."""
    for out in await tx.outbox.posts(round_.id):
        if out.channel_id == room.channel.id and out.external_id:
            return int(out.external_id)
    return None


async def _thread(tx: Tx, room: Room, thread_id: int) -> Post:
    post = await tx.chat.get(thread_id)
    if post is None or post.channel_id != room.channel.id or post.thread_id is not None:
        raise NotFoundError("That thread isn't there any more.")
    return post


async def _own_post(tx: Tx, room: Room, member: Member, post_id: int) -> Post:
    post = await tx.chat.get(post_id)
    if post is None or post.channel_id != room.channel.id or post.deleted_at is not None:
        raise NotFoundError(GONE)
    if post.only_member_id not in (None, member.id):
        # Whether a private message exists is nobody else's business.
        raise NotFoundError(GONE)
    if member.id not in (post.author_id, post.only_member_id):
        raise ForbiddenError("Only its author can change that message.")
    return post


async def _answer_of(tx: Tx, room: Room, post: Post) -> Answer | None:
    return await tx.answers.by_message(room.channel.id, str(post.id))


async def _answer_post(
    tx: Tx, web: Web, room: Room, round_: Round, member: Member, words: str
) -> Post | None:
    """The post that stands for a form's answer: the sealed one there is, or a new one."""
    now = web.services.clock()
    thread_id = await round_thread(tx, room, round_)
    if thread_id is None or round_.state is RoundState.CLOSED:
        return None
    existing = await tx.answers.find(round_.id, member.id)
    # By the mode alone: an earlier reply in the open doesn't unseal what comes by form.
    sealed = room.group.settings.answers is not AnswerMode.THREAD
    if existing is not None and existing.message_id and existing.message_id.isdecimal():
        post = await tx.chat.get(int(existing.message_id))
        if post is not None and post.deleted_at is None and post.sealed:
            await tx.chat.edit(post.id, now, text=words)
            return post
    new = NewPost(
        channel_id=room.channel.id,
        author_id=member.id,
        text=words,
        thread_id=thread_id,
        round_id=round_.id,
        sealed=sealed,
    )
    return await tx.chat.add(new, now)
