"""Commands about who belongs together: channels of one group, its organisers, one's accounts."""

from __future__ import annotations

from bot.commands.core import Call, Response, Values
from bot.domain.group import Member, Role
from bot.messages.message import (
    Action,
    Block,
    Button,
    Code,
    Facts,
    Items,
    Mention,
    Message,
    Tone,
    counted,
    item,
    paragraph,
)
from bot.study import joining, linking, organising
from bot.study.joining import Joined, Place
from bot.study.linking import Side
from bot.study.services import Services


async def invite(services: Services, call: Call, _: Values) -> Response:
    """``/study invite``: a code by which one more channel joins."""
    code = await joining.invite(services, call.group, call.member)
    how = paragraph(
        "In the channel that should join, here or on another platform, type ",
        Code(f"/study join {code}"),
        ". Whoever types it must organise there. It works once, within 24 hours.",
    )
    then = paragraph("Both channels then get the same questions and share one leaderboard.")
    return Response(Message("Invite a channel", (how, then)), private=True)


async def join(services: Services, call: Call, values: Values) -> Response:
    """``/study join CODE`` in a channel that has a group already."""
    channel = call.channel
    place = Place(channel.platform, channel.external_id, channel.name, channel.server_id)
    who = f"member:{call.member.id}"
    done = await joining.join(services, place, values["code"], who, call.member)
    return _doubted(done) if done.asks else joined(done)


async def join_anyway(services: Services, call: Call, group_id: int) -> Response:
    """The button below a warning that the channel has a group with a past."""
    return joined(await joining.join_anyway(services, call.channel, call.member, group_id))


def joined(done: Joined) -> Response:
    """What everybody in a channel is told that posts for a group now."""
    first = (
        f"Questions of “{done.group.name}” come here from now on, and all share one leaderboard."
    )
    blocks = [paragraph(first)]
    if done.asked is not None:
        blocks.append(paragraph("The question that is open now follows."))
    elif done.group.paused:
        blocks.append(paragraph("Its schedule is paused: ", Code("/study resume"), " goes on."))
    return Response(Message("This channel has joined", tuple(blocks)))


def _doubted(done: Joined) -> Response:
    before, past = done.before, done.asks
    if before is None or past is None:
        raise ValueError("nothing is in the way of this channel's joining")
    lost = (
        f"This channel has a study group of its own, “{before.name}”, with "
        f"{counted(past.rounds, 'answered round')} and {counted(past.answers, 'answer')}. "
        f"They don't move along: members begin at 0 in “{done.group.name}”."
    )
    blocks: list[Block] = [paragraph(lost)]
    if done.way_back:
        rests = (
            f"“{before.name}” would post nowhere any more. An open round is closed, with its "
            "results; everything is kept. Within 24 hours another channel can take it over with "
        )
        blocks.append(paragraph(rests, Code(f"/study join {done.way_back}"), "."))
    button = Button(Action.JOIN, f"Join “{done.group.name}” all the same", done.group.id)
    title = "This channel has a group already"
    return Response(Message(title, tuple(blocks), (button,), tone=Tone.NOTICE), private=True)


async def leave(services: Services, call: Call, _: Values) -> Response:
    """``/study leave``: a second channel goes its own way."""
    others = await joining.leave(services, call.group, call.channel)
    names = ", ".join(each.name for each in others)
    text = (
        f"“{call.group.name}” goes on in {names}; a question that is open here can be answered "
        "in its thread until it closes. This channel has an empty group of its own now, paused: "
    )
    how = paragraph(text, Code("/study setup"), " and ", Code("/study resume"), " begin it.")
    return Response(Message("This channel has left", (how,)))


async def add_organiser(services: Services, call: Call, values: Values) -> Response:
    """``/study organisers add MEMBER``."""
    member = await organising.add(services, call.group, values["member"])
    text = paragraph(_mention(member), " can use every /study command of this group now.")
    return Response(Message("One more organiser", (text,)), private=True)


async def remove_organiser(services: Services, call: Call, values: Values) -> Response:
    """``/study organisers remove MEMBER``: never the last way in."""
    member = await organising.remove(services, call.group, values["member"], admin=call.admin)
    if member.id != call.member.id:
        text = paragraph(_mention(member), " is a member like all others now.")
    elif call.admin:
        text = paragraph("You are off the list. The platform still lets you organise here.")
    else:
        text = paragraph("You don't organise any more. Only another organiser can add you again.")
    return Response(Message("One organiser fewer", (text,)), private=True)


async def list_organisers(services: Services, call: Call, _: Values) -> Response:
    """``/study organisers list``."""
    named = await organising.named(services, call.group)
    blocks: list[Block] = []
    if named:
        blocks.append(Items(tuple(item(_mention(each)) for each in named)))
    else:
        blocks.append(paragraph("Nobody is named yet: ", Code("/study organisers add"), "."))
    if call.admin:
        blocks.append(
            paragraph("Whoever manages the Discord server or Slack workspace organises as well.")
        )
    return Response(Message("Organisers", tuple(blocks)), private=True)


def _mention(member: Member) -> Mention:
    return Mention(member.id, member.name)


async def link(services: Services, call: Call, values: Values) -> Response:
    """``/link``: a code to type with one's other account; ``/link CODE`` is what is typed there."""
    if "code" not in values:
        return await _offered(services, call)
    plan = await linking.ask(services, call.group, call.member, values["code"])
    facts = Facts(tuple(_side(side) for side in (plan.other, plan.own)))
    text = (
        "Only go on if both are you. From then on they are one member, with one line on the "
        "leaderboard and one streak, which is counted anew. This can't be undone."
    )
    blocks: list[Block] = [facts, paragraph(text)]
    if plan.shared:
        rounds = "1 round was" if plan.shared == 1 else f"{plan.shared} rounds were"
        both = f"{rounds} answered with both: the answer given first scores, the other is practice."
        blocks.append(paragraph(both))
    if Role.ORGANISER in (plan.own.member.role, plan.other.member.role):
        blocks.append(paragraph("One of them organises this group: with both accounts you will."))
    button = Button(Action.LINK, "Make them one", plan.other.member.id, primary=True)
    message = Message("Make these one member?", tuple(blocks), (button,), tone=Tone.NOTICE)
    return Response(message, private=True)


async def _offered(services: Services, call: Call) -> Response:
    """A code, and where it can be typed."""
    code = await linking.offer(services, call.group, call.member)
    how = paragraph(
        "With your other account, where this group posts too, type ",
        Code(f"/link {code}"),
        ". It works once, within 10 minutes. Give it to nobody else.",
    )
    blocks = [how]
    async with services.store.read() as tx:
        channels = await tx.groups.channels(call.group.id)
    if len({channel.platform for channel in channels}) < 2:
        alone = "So far this group posts on one platform alone. An organiser brings in another: "
        blocks.append(paragraph(alone, Code("/study invite"), "."))
    return Response(Message("Link your other account", tuple(blocks)), private=True)


def _side(side: Side) -> tuple[str, tuple[str, ...]]:
    platforms = ", ".join(sorted({account.platform for account in side.accounts}))
    streak = f"streak {side.streak}"
    return f"{side.member.name} ({platforms})", (f"{counted(side.answers, 'answer')}, {streak}",)


async def link_anyway(services: Services, call: Call, other_id: int) -> Response:
    """The button below what would be merged."""
    kept = await linking.confirm(services, call.group, call.member, other_id)
    text = paragraph("On the leaderboard you are ", _mention(kept), ", wherever you answer.")
    return Response(Message("Your accounts are one member", (text,)), private=True)
