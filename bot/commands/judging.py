"""Commands about grades: members appeal, organisers decide."""

from __future__ import annotations

from dataclasses import replace

from bot.commands.core import Call, Form, FormField, Option, Response, Values
from bot.domain.group import Group
from bot.errors import InvalidError, NotFoundError
from bot.messages.judging import appealed_message, decided_text, queue_message
from bot.messages.message import Message, paragraph
from bot.store import Tx
from bot.study import appeals
from bot.study.services import Services

GRADE_OPTIONS = (
    Option("answer", "Its number, such as 12, or a member's name for today's answer"),
    Option("score", "0 to 100 points, or correct, partial, incorrect or uphold"),
    Option("note", "What to tell its author"),
)


async def appeal(services: Services, call: Call, values: Values) -> Response:
    """``/appeal [reason]``: ask organisers to look at the newest grade."""
    filed = await appeals.appeal(services, call.group, call.member, values.get("reason", ""))
    message = appealed_message(filed.prompt, new=filed.new, reason=filed.appeal.reason)
    return Response(message, private=True)


async def show_queue(services: Services, call: Call, _: Values) -> Response:
    """``/study appeals``: what waits for an organiser."""
    return await queue_response(services, call)


async def queue_response(services: Services, call: Call, said: str = "") -> Response:
    """The queue, after a sentence on what was decided just now."""
    async with services.store.read() as tx:
        cases, total = await appeals.queue(tx, call.group)
    return Response(queue_message(cases, total, said), private=True)


async def grade(services: Services, call: Call, values: Values) -> Response:
    """``/study grade ANSWER SCORE [note]``: a human's word; with nothing named, the form."""
    if not values:
        async with services.store.read() as tx:
            cases, _ = await appeals.queue(tx, call.group, limit=1)
        how = paragraph("Type it like this: /study grade 12 80 and a note for its author.")
        form = _form(str(cases[0].answer.id) if cases else "")
        return Response(Message("Grade an answer", (how,)), private=True, form=form)
    for option in GRADE_OPTIONS[:2]:
        if option.name not in values:
            raise InvalidError(
                f"/study grade needs the {option.name}. Type it like this: /study grade 12 80"
            )
    ruling = appeals.parse_ruling(values["score"])
    async with services.store.read() as tx:
        answer_id = await _answer_id(tx, call.group, values["answer"])
    note = values.get("note", "")
    done = await appeals.decide(services, call.group, call.member, answer_id, ruling, note)
    text = decided_text(done.member_name, done.prompt, done.points, upheld=done.upheld)
    return Response(Message("Graded", (paragraph(text),)), private=True)


def _form(answer: str) -> Form:
    """The guided form, begun with the answer that has waited longest for an organiser."""
    rows = (("Answer", answer, True), ("Score", "", True), ("Note", "", False))
    fields = tuple(
        FormField(replace(option, required=required), label, value)
        for option, (label, value, required) in zip(GRADE_OPTIONS, rows, strict=True)
    )
    return Form("Grade an answer", "study grade", fields)


async def _answer_id(tx: Tx, group: Group, wanted: str) -> int:
    """An answer by its number, or by its author's name in the current round."""
    number = wanted.strip().removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) < 18:
        return int(number)
    round_ = await tx.rounds.current(group.id)
    name = wanted.strip().removeprefix("@")
    found = [m for m in await tx.members.named(name) if m.group_id == group.id]
    answers = [await tx.answers.find(round_.id, m.id) for m in found] if round_ else []
    given = [answer.id for answer in answers if answer is not None]
    if len(given) > 1:
        numbers = " and ".join(f"#{each}" for each in given)
        raise InvalidError(f"Several members are called {found[0].name}. Say which: {numbers}.")
    if given:
        return given[0]
    if found:
        raise NotFoundError(f"{found[0].name} has no answer to the current question.")
    raise NotFoundError(
        f"There is no answer or member “{wanted[:40]}”. Answers have numbers such as 12: "
        "/study appeals shows them."
    )
