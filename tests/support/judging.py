"""A judge that grades by a reply's first word, and what stories ask of a study."""

from __future__ import annotations

from dataclasses import replace

from bot.commands.core import Call
from bot.commands.press import press
from bot.domain.boards import Window
from bot.domain.grading import (
    GradingTask,
    Hitch,
    JudgeInfo,
    Judgement,
    PointGrade,
    PointStatus,
    Usage,
)
from bot.domain.rounds import Answer
from bot.errors import JudgeUnavailableError
from bot.messages.message import Action, Message
from bot.study import answering
from bot.study.answering import Accepted
from bot.study.regrading import bring_back, regrade
from bot.study.views import leaderboard
from tests.support.harness import Study

JUDGE = JudgeInfo("offline", "scripted", "1")


class ScriptedJudge:
    """Grades by what the reply says: good, half, bad, off-topic, foreign; or is out of order."""

    def __init__(self) -> None:
        self.down: JudgeUnavailableError | None = None
        self.seen: list[str] = []

    @property
    def info(self) -> JudgeInfo:
        return JUDGE

    def spare(self) -> int:
        return 0

    def estimate(self, task: GradingTask) -> Usage:
        del task
        return Usage()

    async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
        del stand_in
        self.seen.append(task.reply)
        if self.down is not None:
            raise self.down
        word = task.reply.split()[0]
        score = {"good": 1.0, "half": 0.5, "foreign": None}.get(word, 0.0)
        status = PointStatus.COVERED if score == 1.0 else PointStatus.MISSING
        points = tuple(PointGrade(p.id, p.text, status) for p in task.question.key_points)
        return Judgement(score, points, f"feedback on {word}", JUDGE, attempt=word != "off-topic")


async def points(session: Study, window: Window = Window.WEEK) -> dict[str, int]:
    board = await leaderboard(session.parts.services, session.group, window)
    return {s.member: s.points for s in board.standings}


async def change(session: Study, **settings: object) -> None:
    async with session.parts.store.write() as tx:
        group = await tx.groups.get(session.group.id)
        assert group is not None
        changed = replace(group.settings, **settings)  # type: ignore[arg-type] # settings by name
        await tx.groups.update(replace(group, settings=changed))


async def answer_of(session: Study, accepted: Accepted) -> Answer:
    async with session.parts.store.read() as tx:
        answer = await tx.answers.get(accepted.answer_id or 0)
    assert answer is not None
    return answer


async def edit(session: Study, accepted: Accepted, text: str) -> Accepted:
    answer = await answer_of(session, accepted)
    async with session.parts.store.write() as tx:
        return await answering.edited(tx, answer, text, session.clock())


async def delete(session: Study, accepted: Accepted) -> None:
    answer = await answer_of(session, accepted)
    async with session.parts.store.write() as tx:
        await answering.withdraw(tx, answer, session.clock())


MODEL = JudgeInfo("llm", "scripted-model", "1")
AWAY = Hitch("network", "The model can't be reached. Check OPENAI_BASE_URL.")


class ModelJudge(ScriptedJudge):
    """A model that may be ``away``: then the scripted offline judge stands in, half at best."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.estimated = Usage(prompt_tokens=700, completion_tokens=100, cost_usd=0.01, calls=1)

    @property
    def info(self) -> JudgeInfo:
        return MODEL

    def spare(self) -> int:
        return 0 if self.away else 64

    def estimate(self, task: GradingTask) -> Usage:
        del task
        return self.estimated

    async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
        if self.away and not stand_in:
            raise JudgeUnavailableError(AWAY.words)
        judgement = await super().grade(task)
        if not self.away:
            return replace(judgement, judge=MODEL)
        score = None if judgement.score is None else min(0.5, judgement.score)
        return replace(judgement, score=score, provisional=True, hitch=AWAY)


async def come_back(session: Study) -> None:
    """What the worker's timer does, and then the work itself."""
    services = session.parts.services
    async with services.store.read() as tx:
        waiting = await tx.regrades.awaiting(services.clock(), services.grader.spare())
    await bring_back(services)
    for revision_id in waiting:
        await regrade(services, revision_id)
    await session.work()


async def told(session: Study, name: str) -> list[str]:
    """What a member was told in private."""
    member = await session.member(name)
    posts = await session.posts()
    return [str(p.body) for p in posts if p.only_member_id == member.id and p.body]


async def pressed(session: Study, name: str, action: Action, target: int) -> Message:
    """What a press of a button answers; Olga is an organiser."""
    member = await session.member(name)
    call = Call(session.group, session.channel, member, organiser=name == "Olga")
    return (await press(session.parts.services, call, action, target)).message


async def graded(session: Study, name: str, text: str) -> Answer:
    """A reply with all that follows from it."""
    accepted = await session.reply(name, text)
    await session.work()
    return await answer_of(session, accepted)
