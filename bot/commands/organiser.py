"""Commands for organisers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from bot.commands.core import Call, Form, FormField, Option, OptionKind, Response, Values
from bot.domain.grading import GradeState
from bot.domain.group import AnswerMode, FeedbackMode, Group
from bot.domain.rounds import Round, RoundState
from bot.domain.schedule import Schedule
from bot.domain.work import OutKind
from bot.messages.message import (
    Action,
    Block,
    Button,
    Code,
    Facts,
    Inline,
    Items,
    Message,
    Tone,
    When,
    item,
    paragraph,
)
from bot.store import Tx
from bot.study import closing
from bot.study.costs import costs, in_words
from bot.study.groups import (
    Setup,
    daily_schedule,
    day_list,
    parse_days,
    parse_time,
    set_paused,
    set_up,
)
from bot.study.rounds import post_now
from bot.study.services import Services
from bot.study.shelves import deck_by_id, deck_of, names_of

LOOKS_BACK = 7
"""Rounds whose grades the status counts."""
_ANSWERS = {
    AnswerMode.THREAD: "replies in the question's thread",
    AnswerMode.SEALED: "sealed, through the Answer button",
    AnswerMode.BOTH: "in the thread, or sealed through the Answer button",
}
_HINTS = {
    OptionKind.TIME: "HH:MM, such as 09:00 or 18:30",
    OptionKind.ZONE: "A city or a zone, such as Berlin or America/New_York",
    OptionKind.DAYS: "every day, mon-fri, or days such as mon,wed,fri",
}
_FEEDBACK = {
    FeedbackMode.NOW: "at once",
    FeedbackMode.CLOSE: "when the round closes",
}


async def setup(services: Services, call: Call, values: Values) -> Response:
    """``/study setup``: change what is named; with nothing named, the guided form."""
    if not values:
        async with services.store.read() as tx:
            schedule = await daily_schedule(tx, call.group)
        message = await _setup_message(services, call.group, schedule, "How this group is set up")
        return Response(message, private=True, form=_form(services, call.group, schedule))
    group, schedule = await set_up(services, call.group, _parse(values))
    message = await _setup_message(services, group, schedule, "Saved")
    return Response(message, private=True)


def _parse(values: Values) -> Setup:
    return Setup(
        at=parse_time(values["time"]) if "time" in values else None,
        zone=values.get("zone"),
        days=parse_days(values["days"]) if "days" in values else None,
        deck_id=values.get("deck"),
        answers=AnswerMode(values["answers"]) if "answers" in values else None,
        feedback=FeedbackMode(values["feedback"]) if "feedback" in values else None,
    )


async def _setup_message(
    services: Services, group: Group, schedule: Schedule, title: str
) -> Message:
    deck = await deck_by_id(services, group.deck_id)
    facts: list[tuple[str, tuple[Inline, ...]]] = [
        ("Question", (f"{schedule.at:%H:%M}, {day_list(schedule.days)}, {group.zone}",)),
        ("Deck", (deck.title if deck else f"{group.deck_id} (missing)",)),
        ("Answers", (_ANSWERS[group.settings.answers],)),
        ("Feedback", (_FEEDBACK[group.settings.feedback],)),
        ("Next", _next(group, schedule)),
    ]
    return Message(title=title, blocks=(Facts(tuple(facts)),))


def _next(group: Group, schedule: Schedule) -> tuple[Inline, ...]:
    if group.paused:
        return ("paused; /study resume goes on",)
    return (When(schedule.next_at),) if schedule.next_at else ("never: no day is left",)


def _form(services: Services, group: Group, schedule: Schedule) -> Form:
    decks = names_of(services, group)
    answers = {mode.value: words for mode, words in _ANSWERS.items()}
    feedback = {mode.value: words for mode, words in _FEEDBACK.items()}
    settings = group.settings
    fields = (
        _typed("time", "Time", OptionKind.TIME, f"{schedule.at:%H:%M}"),
        _typed("zone", "Time zone", OptionKind.ZONE, group.zone),
        _typed("days", "Days", OptionKind.DAYS, day_list(schedule.days)),
        _chosen("deck", "Deck", OptionKind.DECK, group.deck_id, decks),
        _chosen("answers", "Answers", OptionKind.CHOICE, settings.answers.value, answers),
        _chosen("feedback", "Feedback", OptionKind.CHOICE, settings.feedback.value, feedback),
    )
    return Form("Set up this group", "study setup", fields)


def _typed(name: str, label: str, kind: OptionKind, value: str) -> FormField:
    return FormField(Option(name, _HINTS[kind], kind), label, value)


def _chosen(
    name: str, label: str, kind: OptionKind, value: str, choices: Mapping[str, str]
) -> FormField:
    """A field with its choices, each by its name and in words."""
    option = Option(name, label, kind, choices=tuple(choices))
    return FormField(option, label, value, tuple(choices.values()))


async def post(services: Services, call: Call, _: Values) -> Response:
    """``/study post``: today's question now; says so when it is already there."""
    round_, new = await post_now(services, call.group)
    if new:
        return Response(Message("Today's question is on its way."), private=True)
    return Response(_already_there(round_), private=True)


def _already_there(round_: Round) -> Message:
    text = "Answer in its thread."
    if round_.state in (RoundState.CLOSING, RoundState.CLOSED):
        text = "It is closed by now."
    elif round_.state is RoundState.POSTING:
        text = "It is being posted right now."
    prompt = f"“{round_.question.prompt}” " if round_.question else ""
    return Message(
        title="Today's question is already there",
        blocks=(paragraph(f"{prompt}{text}"),),
        buttons=(Button(Action.OPEN, "Open it", round_.id),),
    )


async def close(services: Services, call: Call, _: Values) -> Response:
    """``/study close``: close the open round now."""
    round_ = await closing.close_now(services, call.group)
    prompt = round_.question.prompt if round_.question else "The round"
    text = "Results follow in its thread as soon as every answer is graded."
    return Response(Message(f"Closed: {prompt}", (paragraph(text),)), private=True)


async def pause(services: Services, call: Call, _: Values) -> Response:
    """``/study pause``: no posts until resumed; streaks are safe."""
    if call.group.paused:
        return Response(Message("The schedule is paused already."), private=True)
    await set_paused(services, call.group, paused=True)
    text = "No question is posted until /study resume. Streaks are safe; an open round stays open."
    return Response(Message("Paused", (paragraph(text),)), private=True)


async def resume(services: Services, call: Call, _: Values) -> Response:
    """``/study resume``: go on from now, in every channel."""
    group = await set_paused(services, call.group, paused=False)
    async with services.store.read() as tx:
        schedule = await daily_schedule(tx, group)
    facts = Facts((("Next", _next(group, schedule)),))
    return Response(Message("The schedule goes on", (facts,)), private=True)


async def status(services: Services, call: Call, _: Values) -> Response:
    """``/study status``: schedule, today's round, and what needs an organiser."""
    async with services.store.read() as tx:
        schedule = await daily_schedule(tx, call.group)
        facts = [
            *await _round_facts(tx, call.group),
            *await _judge_facts(services, tx, call.group),
            *await _channel_facts(tx, call.group),
        ]
        notices = await tx.outbox.recent(call.group.id, OutKind.NOTICE, limit=5)
    deck = await deck_of(services, call.group)
    blocks: list[Block] = [
        Facts(
            (
                ("Next", _next(call.group, schedule)),
                ("Deck", (f"{deck.title}, {sum(1 for _ in deck.questions())} questions",)),
                *facts,
            )
        )
    ]
    if notices:
        lines = tuple(
            item(str(n.data["title"]), " · ", When(n.created_at), detail=str(n.data["text"]))
            for n in notices
        )
        blocks.append(Items(lines, heading="Latest notices"))
    tone = Tone.NOTICE if call.group.paused else Tone.PLAIN
    return Response(Message(f"{call.group.name}: status", tuple(blocks), tone=tone), private=True)


async def _round_facts(tx: Tx, group: Group) -> list[tuple[str, tuple[Inline, ...]]]:
    round_ = await tx.rounds.current(group.id)
    if round_ is None or round_.question is None:
        return [("Round", ("none yet; /study post asks one",))]
    counts = await tx.answers.counts([round_.id])
    waiting = await tx.answers.pending(round_.id)
    count = counts.get(round_.id, 0)
    answers = "1 answer" if count == 1 else f"{count:,} answers"
    text = f"{round_.state.value}, {answers}, {waiting} being graded"
    return [("Round", (f"“{round_.question.prompt}” · {text}",))]


async def _judge_facts(
    services: Services, tx: Tx, group: Group
) -> list[tuple[str, tuple[Inline, ...]]]:
    """Who judges; what waits for an organiser or for the model, and what the model cost."""
    info = services.grader.info
    facts: list[tuple[str, tuple[Inline, ...]]] = [("Judge", (f"{info.kind}, {info.model}",))]
    waiting = await tx.appeals.count(group.id)
    if waiting:
        facts.append(("Appeals", (f"{waiting} waiting; ", Code("/study appeals"))))
    unsettled = await _unsettled(tx, group)
    if unsettled:
        facts.append(("Not settled", (f"{unsettled} (in the latest {LOOKS_BACK} rounds)",)))
    cost = in_words(await costs(tx, services.clock(), group.id))
    if cost:
        facts.append(("Language model", (cost,)))
    return facts


async def _unsettled(tx: Tx, group: Group) -> str:
    """How many grades are provisional or failed, in words; "" for none."""
    counts: Counter[GradeState] = Counter()
    for round_ in await tx.rounds.recent(group.id, limit=LOOKS_BACK):
        answers = await tx.answers.in_round(round_.id)
        counts.update(answer.grade.state for answer in answers if answer.grade is not None)
    states = (GradeState.PROVISIONAL, GradeState.UNGRADED)
    return ", ".join(f"{counts[each]} {each.value}" for each in states if counts[each])


async def _channel_facts(tx: Tx, group: Group) -> list[tuple[str, tuple[Inline, ...]]]:
    return [
        (f"Channel {channel.name}", (channel.paused_reason or f"working ({channel.platform})",))
        for channel in await tx.groups.channels(group.id)
    ]
