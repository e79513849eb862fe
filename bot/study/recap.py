"""The weekly recap: what the last seven dates brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.domain.boards import Standing, ranked
from bot.domain.grading import points_of
from bot.domain.group import Group
from bot.domain.rounds import POSTED, GradedAnswer, Round, RoundState
from bot.messages.build import most_missed, ranking
from bot.messages.message import (
    Block,
    Items,
    Mark,
    Mention,
    Message,
    Quote,
    When,
    counted,
    item,
    paragraph,
    shortened,
)
from bot.store import Tx
from bot.study.streaks import attempted
from bot.study.views import with_streaks

DAYS = 7
TOP = 10
QUOTE_LENGTH = 600


async def recap_message(tx: Tx, group: Group, last_day: date, now: datetime) -> Message:
    """The recap of the seven local dates that end on ``last_day``."""
    since = last_day - timedelta(days=DAYS - 1)
    rounds = [
        r
        for r in await tx.rounds.recent(group.id, limit=4 * DAYS)
        if since <= r.local_date <= last_day and r.state in POSTED
    ]
    answers = {r.id: _attempts(await tx.answers.in_round(r.id)) for r in rounds}
    totals = await tx.boards.totals(group.id, since, organisers=group.settings.organisers_ranked)
    standings = await with_streaks(tx, group, ranked(totals))
    blocks = [
        _summary(rounds, answers),
        *_top(standings),
        *_streaks(standings),
        *await _best(tx, group, rounds, answers),
        *_missed(rounds, answers),
        paragraph("as of ", When(now)),
    ]
    title = f"The week in {group.name}"
    return Message(title=title, blocks=tuple(blocks), footer=_dates(since, last_day))


def _attempts(answers: list[GradedAnswer]) -> list[GradedAnswer]:
    """Only those that try to answer: chatter neither counts nor misses a point."""
    counted = attempted(answers)
    return [answer for answer in answers if answer.answer.member_id in counted]


def _dates(since: date, last_day: date) -> str:
    return f"{since.isoformat()} to {last_day.isoformat()}"


def _summary(rounds: Sequence[Round], answers: dict[int, list[GradedAnswer]]) -> Block:
    if not rounds:
        return paragraph("No question was posted this week. Streaks are safe.")
    given = sum(len(each) for each in answers.values())
    people = len({a.answer.member_id for each in answers.values() for a in each})
    return paragraph(
        f"{counted(len(rounds), 'question')}, {counted(given, 'answer')} "
        f"from {counted(people, 'member')}."
    )


def _top(standings: Sequence[Standing]) -> list[Block]:
    # Ties are never cut in two: everybody who shares the tenth rank is shown.
    top = [standing for standing in standings if standing.rank <= TOP]
    return [ranking(top)] if top else []


def _streaks(standings: Sequence[Standing]) -> list[Block]:
    longest = sorted(standings, key=lambda s: (-s.streak, s.member.casefold()))[:3]
    lines = tuple(
        item(Mention(s.member_id, s.member), f" · {counted(s.streak, 'round')} in a row")
        for s in longest
        if s.streak > 1
    )
    return [Items(lines, heading="Streaks")] if lines else []


async def _best(
    tx: Tx, group: Group, rounds: Sequence[Round], answers: dict[int, list[GradedAnswer]]
) -> list[Block]:
    """The week's best answer that everybody may see: its round closed, its author not hidden."""
    hidden = {m.id for m in await tx.members.in_group(group.id) if m.hidden}
    candidates = [
        (a.grade.score, -a.revision.created_at.timestamp(), a, r)
        for r in rounds
        if r.state is RoundState.CLOSED
        for a in answers[r.id]
        if a.grade is not None and a.revision is not None and a.grade.score is not None
        if a.answer.member_id not in hidden and await _counts(tx, a)
    ]
    if not candidates:
        return []
    score, _, best, round_ = max(candidates, key=lambda c: (c[0], c[1]))
    text = shortened(best.revision.text, QUOTE_LENGTH) if best.revision else ""
    prompt = round_.question.prompt if round_.question else ""
    who = Mention(best.answer.member_id, best.member_name)
    lead = paragraph(
        "Best answer: ", who, f" with {counted(points_of(score), 'point')} on “{prompt}”"
    )
    return [lead, Quote(text)]


async def _counts(tx: Tx, answer: GradedAnswer) -> bool:
    score = await tx.boards.score(answer.answer.round_id, answer.answer.member_id)
    return score is not None and score.withheld is None


def _missed(rounds: Sequence[Round], answers: dict[int, list[GradedAnswer]]) -> list[Block]:
    """The key point of a closed round that the largest number of answers lacked."""
    worst: Counter[str] = Counter()
    totals: dict[str, tuple[int, str]] = {}
    for round_ in rounds:
        if round_.question is None or round_.state is not RoundState.CLOSED:
            continue
        grades = [a.grade for a in answers[round_.id] if a.grade and a.grade.score is not None]
        found = most_missed(round_.question, grades)
        if found is not None:
            worst[found[0]] = found[1]
            totals[found[0]] = (len(grades), round_.question.prompt)
    if not worst:
        return []
    text, count = worst.most_common(1)[0]
    of, prompt = totals[text]
    line = item(text, mark=Mark.MISSING, detail=f"missed in {count} of {of} answers to “{prompt}”")
    return [Items((line,), heading="Most missed")]
