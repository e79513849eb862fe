"""Commands for everybody."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.core import Call, Command, Response, Values
from bot.domain.boards import Standing, Window
from bot.domain.deck import Deck
from bot.domain.explain import Citation, Explanation
from bot.domain.grading import points_of, verdict_of
from bot.domain.rounds import GradedAnswer
from bot.messages.build import VERDICT_TITLES, board_message
from bot.messages.message import (
    Block,
    Code,
    Facts,
    Inline,
    Item,
    Items,
    Message,
    counted,
    item,
    paragraph,
)
from bot.store import Tx
from bot.study.services import Services
from bot.study.shelves import deck_by_id, explain
from bot.study.views import leaderboard, parse_window, shown, streak_now


async def explain_term(services: Services, call: Call, values: Values) -> Response:
    """``/explain TERM``: the guide's own words, with section and question."""
    deck = await deck_by_id(services, call.group.deck_id)
    found = await explain(services, values["term"], deck)
    decks = (*services.library.decks(), *([deck] if deck else ()))
    return Response(explanation_message(decks, found), private=not found.found)


def explanation_message(decks: Sequence[Deck], found: Explanation) -> Message:
    """An explanation with its citations, or the nearest terms when the guide lacks it."""
    blocks: list[Block] = [paragraph(part) for part in found.text.split("\n\n")]
    if found.sources:
        titled = {deck.id: deck for deck in decks}
        lines = tuple(_citation(titled.get(source.deck), source) for source in found.sources)
        blocks.append(Items(lines, heading="From the guide"))
    if found.related:
        label = "Related: " if found.found else "Look one up: "
        spans: list[Inline] = [label]
        for term in found.related[:5]:
            spans += [Code(f"/explain {term}"), "  "]
        blocks.append(paragraph(*spans[:-1]))
    return Message(title=found.title, blocks=tuple(blocks))


def _citation(deck: Deck | None, source: Citation) -> Item:
    question = deck.question(source.question) if deck else None
    prompt = question.prompt if question else source.question
    return item(prompt, detail=f"{source.section} · {deck.title if deck else source.deck}")


async def show_leaderboard(services: Services, call: Call, values: Values) -> Response:
    """``/leaderboard [window]``: the week's unless another window is named."""
    window = parse_window(values["window"]) if "window" in values else Window.WEEK
    board = await leaderboard(services, call.group, window)
    message = board_message(board.window, board.standings, board.as_of, viewer=call.member.id)
    return Response(message)


async def me(services: Services, call: Call, _: Values) -> Response:
    """``/me``: where the caller stands."""
    boards = {
        window: await leaderboard(services, call.group, window)
        for window in (Window.WEEK, Window.ALL)
    }
    async with services.store.read() as tx:
        streak = await streak_now(tx, call.group, call.member)
        answers = await tx.answers.of_member(call.member.id, limit=5)
        lines = [await _latest(tx, answer) for answer in answers]
    places = [
        (label, (_place(boards[window].standings, call.member.id),))
        for label, window in (("This week", Window.WEEK), ("All time", Window.ALL))
    ]
    run = f"{streak.current} in a row, best {streak.best}, freezes kept: {streak.freezes}"
    blocks: list[Block] = [Facts((*places, ("Streak", (run,))))]
    if lines:
        blocks.append(Items(tuple(lines), heading="Latest answers"))
    else:
        blocks.append(paragraph("No answers yet. Reply in today's thread to begin."))
    return Response(Message(title=call.member.name, blocks=tuple(blocks)), private=True)


def _place(standings: Sequence[Standing], member_id: int) -> str:
    own = next((s for s in standings if s.member_id == member_id), None)
    if own is None:
        return "no points yet"
    points = counted(own.points, "point")
    return f"rank {own.rank} of {len(standings)}, {points}, {own.answered} answered"


async def _latest(tx: Tx, answer: GradedAnswer) -> Item:
    round_ = await tx.rounds.get(answer.answer.round_id)
    prompt = round_.question.prompt if round_ and round_.question else "a question"
    day = round_.local_date.isoformat() if round_ else ""
    seen = await shown(tx, answer.answer)
    if answer.answer.withdrawn_at is not None:
        result = "withdrawn"
    elif seen.grade is None:
        result = "waiting for its grade"
    else:
        result = VERDICT_TITLES[verdict_of(seen.grade.score)]
        if seen.grade.score is not None:
            result += f", {counted(points_of(seen.grade.score), 'point')}"
    return item(prompt, detail=f"{day} · {result}")


def help_message(commands: tuple[Command, ...], *, organiser: bool) -> Message:
    """The help page for a member or an organiser."""
    how = (
        "Every day I post one question from the guide. Reply in its thread in your own words: "
        "your first reply is your answer, and it is graded against the reference answer's key "
        "points. Edit it, or begin a reply with “answer:”, to revise it before you see a verdict."
    )
    blocks: list[Block] = [paragraph(how)]
    for heading, wanted in (("Commands", False), ("For organisers", True)):
        rows = tuple(
            item(Code(command.usage), detail=command.summary)
            for command in commands
            if command.organisers is wanted
        )
        if rows and (organiser or not wanted):
            blocks.append(Items(rows, heading=heading))
    return Message(title="How this works", blocks=tuple(blocks))
