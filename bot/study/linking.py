"""Two accounts of one person become one Member: nothing is lost, and nothing counts twice.

Of two answers to one round, the one written first scores; the other's wordings are kept behind
it, as practice. Rows are locked in the order that everybody locks them in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.codes import CodeKind
from bot.domain.grading import GradeState
from bot.domain.group import Account, Group, Member, Role
from bot.domain.rounds import Answer, Revision, RevisionState
from bot.errors import ConflictError, NotFoundError
from bot.store import Tx
from bot.study import codes
from bot.study.scoring import Subject, withheld_now
from bot.study.services import Services
from bot.study.streaks import recount
from bot.study.views import streak_now

TRIES = 3
"""How often merging begins anew when one of the two does something meanwhile."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two members to be merged."""

    member: Member
    accounts: list[Account]
    answers: int
    streak: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What would become one: the caller's ``own`` side and the ``other`` that made the code.

    ``shared`` counts the rounds that both answered.
    """

    own: Side
    other: Side
    shared: int


class _MovedOnError(Exception):
    """One of the members did something while their rows were being locked."""


async def offer(services: Services, group: Group, member: Member) -> str:
    """A code that makes whoever types it and this member one."""
    now = services.clock()
    async with services.store.write() as tx:
        return await codes.make(tx, CodeKind.LINK, group.id, member.id, now)


async def ask(services: Services, group: Group, member: Member, text: str) -> Plan:
    """Use a code up; what would be merged once the member says yes.

    Raises NotFoundError for a code that does nothing, ConflictError where there is nothing to
    merge: the code stands then.
    """
    now = services.clock()
    await codes.count_try(services.store, f"member:{member.id}", now)
    async with services.store.write() as tx:
        code = await codes.use(tx, CodeKind.LINK, text, now)
        if code.group_id != group.id:
            raise ConflictError(
                "That code is from another study group. Type it where that group posts: members "
                "are joined within one group."
            )
        own = await _side(tx, group, member)
        if code.member_id == member.id:
            raise ConflictError(_one_already(own))
        maker = await tx.members.get(code.member_id)
        if maker is None:
            raise NotFoundError(codes.NO_CODE)
        await codes.ask(tx, CodeKind.LINK_ANYWAY, code, maker.id, member.id, now=now)
        rounds = [set(await tx.answers.rounds_of(each.id)) for each in (maker, member)]
        return Plan(own, await _side(tx, group, maker), len(rounds[0] & rounds[1]))


def _one_already(own: Side) -> str:
    if len(own.accounts) > 1:
        names = " and ".join(f"{each.name} ({each.platform})" for each in own.accounts)
        return f"Your accounts are one member already: {names}."
    return "That is your own code. Type it with your other account, on the other platform."


async def _side(tx: Tx, group: Group, member: Member) -> Side:
    answers = await tx.answers.rounds_of(member.id)
    streak = await streak_now(tx, group, member)
    return Side(member, await tx.members.accounts(member.id), len(answers), streak.current)


async def confirm(services: Services, group: Group, member: Member, other_id: int) -> Member:
    """A yes to what ``ask`` told; the member that both are now. Raises ConflictError."""
    now = services.clock()
    for _ in range(TRIES):
        try:
            async with services.store.write() as tx:
                return await _make_one(tx, group, other_id, member.id, now)
        except _MovedOnError:
            continue
    raise ConflictError("You were answering just now. Press the button again in a moment.")


async def _make_one(tx: Tx, group: Group, maker: int, user: int, now: datetime) -> Member:
    """Merge a code's maker and its user into the older of the two, who keeps their name."""
    kept, gone = sorted((maker, user))
    theirs = [await tx.answers.rounds_of(each) for each in (kept, gone)]
    shared = sorted(theirs[0].keys() & theirs[1].keys())
    for round_id in shared:
        await tx.rounds.get(round_id, lock=True)
    for answer_id in sorted({*theirs[0].values(), *theirs[1].values()}):
        await tx.answers.get(answer_id, lock=True)
    people = await tx.members.lock([kept, gone])
    if len(people) < 2 or any(each.group_id != group.id for each in people):
        raise ConflictError(codes.OUTDATED)
    if theirs != [await tx.answers.rounds_of(each) for each in (kept, gone)]:
        raise _MovedOnError
    # Not before all is locked: two who say yes to each other would wait in a ring.
    await codes.answered(tx, CodeKind.LINK_ANYWAY, maker, user, now=now)
    for round_id in shared:
        await _settle(tx, theirs[0][round_id], theirs[1][round_id], now)
    if any(each.role is Role.ORGANISER for each in people):
        await tx.members.set_role(kept, Role.ORGANISER)
    if any(each.hidden for each in people):
        await tx.members.set_hidden(kept, hidden=True)
    await tx.members.merge(gone, kept)
    for round_id in shared:
        await _clear(tx, group, round_id, kept)
    await recount(tx, group.id, kept)
    found = await tx.members.get(kept)
    if found is None:
        raise LookupError(f"member {kept} vanished while being merged")
    return found


async def _settle(tx: Tx, first_id: int, second_id: int, now: datetime) -> None:
    """Make one answer of two to the same round."""
    found = [await tx.answers.get(each) for each in (first_id, second_id)]
    answers = [each for each in found if each is not None]
    ranks = {each.id: await _rank(tx, each) for each in answers}
    winner, loser = sorted(answers, key=lambda each: ranks[each.id])
    await _drop_appeal(tx, loser, now)
    waits = await _current(tx, winner)
    for revision in await tx.answers.revisions(loser.id):
        await _lay_aside(tx, winner, waits, loser, revision)
    await tx.boards.drop(loser.round_id, loser.member_id)
    await tx.answers.fold(loser.id, winner.id)


async def _rank(tx: Tx, answer: Answer) -> tuple[bool, bool, bool, bool, datetime, int]:
    """The least one stands: not withdrawn, with points, with a verdict, a try; then the first."""
    scored = await tx.boards.score(answer.round_id, answer.member_id)
    revision = await _current(tx, answer)
    grade = await tx.answers.grade(revision.id) if revision else None
    return (
        answer.withdrawn_at is not None,
        scored is None,
        answer.scoring_id is None,
        grade is not None and not grade.attempt,
        revision.created_at if revision else answer.created_at,
        answer.id,
    )


async def _current(tx: Tx, answer: Answer) -> Revision | None:
    """The wording that scores, or would."""
    revision_id = answer.scoring_id or answer.revision_id
    return await tx.answers.revision(revision_id) if revision_id else None


async def _lay_aside(
    tx: Tx, winner: Answer, standing: Revision | None, loser: Answer, revision: Revision
) -> None:
    """What becomes of a wording that no longer scores and still waits for its grade.

    Behind a verdict it is practice and is graded. Behind a reply that waits itself, it counts
    should that turn out to be no attempt.
    """
    if revision.state not in (RevisionState.PENDING, RevisionState.HELD):
        return
    if winner.scoring_id is not None and revision.state is RevisionState.PENDING:
        return
    waits = standing is not None and standing.state is RevisionState.PENDING
    counted = revision.id == loser.revision_id
    state = RevisionState.HELD if waits and counted else RevisionState.DROPPED
    await tx.answers.set_revision_state(revision.id, revision.state, state)


async def _drop_appeal(tx: Tx, answer: Answer, now: datetime) -> None:
    """What is practice now can't be appealed."""
    appeal = await tx.appeals.open_for(answer.id)
    if appeal is None:
        return
    await tx.appeals.resolve(appeal.id, None, now)
    grade = await tx.answers.grade(appeal.revision_id)
    if grade is not None and grade.state is GradeState.APPEALED:
        state = GradeState.UNGRADED if grade.score is None else GradeState.GRADED
        await tx.answers.set_grade_state(grade.id, state)


async def _clear(tx: Tx, group: Group, round_id: int, member_id: int) -> None:
    """Points withheld for a near-copy of what was their own all along count."""
    score = await tx.boards.score(round_id, member_id)
    round_ = await tx.rounds.get(round_id)
    answer = await tx.answers.find(round_id, member_id)
    if score is None or not score.withheld or answer is None or round_ is None:
        return
    revision = await _current(tx, answer)
    if revision is None or round_.question is None:
        return
    subject = Subject(group, round_, round_.question, answer, revision)
    await tx.boards.put(replace(score, withheld=await withheld_now(tx, subject)))
