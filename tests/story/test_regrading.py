"""Grading again: what was stood in for comes back by itself, mended references when asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.deck import Deck, Section
from bot.domain.explain import Explanation
from bot.domain.stored import DeckVersion, StoredDeck
from bot.domain.work import JobKind
from bot.messages.message import Action
from bot.ports import Library
from bot.study.regrading import Regraded, plan, regrade
from tests.support.harness import FakeClock, study
from tests.support.judging import (
    ModelJudge,
    ScriptedJudge,
    answer_of,
    come_back,
    delete,
    points,
    told,
)


class Mended:
    """The library with one question's reference in other words."""

    def __init__(self, library: Library, question_id: str) -> None:
        self._library = library
        self._question_id = question_id

    def decks(self) -> tuple[Deck, ...]:
        return tuple(self._mend(deck) for deck in self._library.decks())

    def own(self, group_id: int) -> tuple[str, ...]:
        return self._library.own(group_id)

    def deck(self, deck_id: str) -> Deck | None:
        found = self._library.deck(deck_id)
        return self._mend(found) if found else None

    def ready(self, deck_id: str) -> bool:
        return self._library.ready(deck_id)

    def prepare(self, deck: Deck) -> None:
        self._library.prepare(deck)

    def explain(self, term: str, deck: Deck | None = None) -> Explanation:
        return self._library.explain(term, deck)

    def suggest(self, prefix: str, deck_id: str | None = None, limit: int = 25) -> list[str]:
        return self._library.suggest(prefix, deck_id, limit)

    def versions(self) -> Mapping[str, DeckVersion]:
        return self._library.versions()

    def know(self, stored: Mapping[str, DeckVersion]) -> None:
        self._library.know(stored)

    def take_in(self, stored: StoredDeck) -> Deck:
        return self._mend(self._library.take_in(stored))

    def _mend(self, deck: Deck) -> Deck:
        def mended(section: Section) -> Section:
            questions = tuple(
                replace(q, reference="It is mended.") if q.id == self._question_id else q
                for q in section.questions
            )
            return replace(section, questions=questions)

        return replace(deck, sections=tuple(mended(s) for s in deck.sections))


async def test_what_was_stood_in_for_is_graded_again_and_its_author_told_once(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = ModelJudge()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "good answer")
        await session.work()
        assert (await session.grade_of(accepted))["state"] == "provisional"
        assert await points(session) == {"Ada": 50}
        assert "Provisional" in (await told(session, "Ada"))[-1]
        await come_back(session)
        assert await points(session) == {"Ada": 50}

        judge.away = False
        await come_back(session)
        assert (await session.grade_of(accepted))["state"] == "graded"
        assert await points(session) == {"Ada": 100}
        messages = await told(session, "Ada")
        assert len(messages) == 2
        assert "50 → 100 points" in messages[-1]
        await come_back(session)
        assert len(await told(session, "Ada")) == 2


async def test_organisers_are_told_of_an_outage_once_a_day_whatever_it_hits(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = ModelJudge()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        for name in ("Ada", "Bob", "Cleo"):
            await session.reply(name, "good answer")
        await session.work()
        notices = [t for t in await session.titles() if t == "The language model can't grade"]
        assert len(notices) == 1
        status = await session.command("Olga", "/study status")
        assert "OPENAI_BASE_URL" in status


async def test_nobody_is_told_of_a_grade_that_stays_the_same(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = ModelJudge()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "half of it")
        await session.work()
        before = await told(session, "Ada")
        judge.away = False
        await come_back(session)
        assert (await session.grade_of(accepted))["state"] == "graded"
        assert await told(session, "Ada") == before


async def test_an_answer_that_only_the_model_can_read_waits_for_it(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = ModelJudge()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "foreign words")
        await session.work()
        assert (await session.grade_of(accepted))["state"] == "ungraded"
        assert await points(session) == {}

        judge.away = False
        judge.seen.clear()
        await come_back(session)
        assert judge.seen == ["foreign words"]


async def test_a_regrade_that_fails_is_tried_again_later_and_the_old_grade_stands(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = ModelJudge()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "good answer")
        await session.work()
        answer = await answer_of(session, accepted)
        services = session.parts.services
        assert await regrade(services, answer.scoring_id or 0) is Regraded.LATER
        assert await points(session) == {"Ada": 50}
        judge.away = False
        async with services.store.read() as tx:
            assert await tx.regrades.awaiting(clock(), 10) == []
        clock.advance(seconds=11)
        await come_back(session)
        assert await points(session) == {"Ada": 100}


async def test_a_deleted_answer_is_not_graded_again(tmp_path: Path, clock: FakeClock) -> None:
    judge = ModelJudge()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "good answer")
        await session.work()
        await delete(session, accepted)
        judge.away = False
        await come_back(session)
        assert await points(session) == {}


async def test_an_appealed_grade_that_is_given_again_stays_in_the_queue(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = ModelJudge()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "good answer")
        await session.work()
        await session.command("Ada", "/appeal please", organiser=False)
        answer = await answer_of(session, accepted)
        judge.away = False
        services = session.parts.services
        assert await regrade(services, answer.scoring_id or 0) is Regraded.CHANGED
        assert (await session.grade_of(accepted))["state"] == "appealed"
        assert "1 appeal waits" in await session.command("Olga", "/study appeals")


async def test_a_provisional_grade_that_is_appealed_is_still_given_again_by_itself(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = ModelJudge()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "good answer")
        await session.work()
        await session.command("Ada", "/appeal", organiser=False)
        assert (await session.grade_of(accepted))["state"] == "provisional"
        judge.away = False
        await come_back(session)
        assert await points(session) == {"Ada": 100}
        assert (await session.grade_of(accepted))["state"] == "appealed"


async def test_a_mended_reference_makes_its_grades_stale_until_they_are_given_again(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        for name in ("Ada", "Bob"):
            await session.reply(name, "half right")
        await session.work()
        services = session.parts.services
        assert (await plan(services)).revision_ids == ()
        round_ = await session.round()
        assert round_.question is not None
        mended = replace(services, library=Mended(services.library, round_.question.id))
        first = await plan(mended, deck_id=round_.deck_id, question_id=round_.question.id)
        assert len(first.revision_ids) == 2
        # Stopped after the first: what is left is told by the grades themselves.
        assert await regrade(mended, first.revision_ids[0], mended=True) is Regraded.SAME
        assert (await plan(mended)).revision_ids == first.revision_ids[1:]
        await regrade(mended, first.revision_ids[1], mended=True)
        assert (await plan(mended)).revision_ids == ()
        kept = (await session.round()).question
        assert kept is not None
        assert kept.reference == "It is mended."


@pytest.mark.parametrize("scope", [{"group_id": 999}, {"deck_id": "none"}, {"answer_id": 999}])
async def test_a_plan_is_narrowed_to_what_is_named(
    tmp_path: Path, clock: FakeClock, scope: dict[str, int | str]
) -> None:
    judge = ModelJudge()
    async with study(tmp_path, clock, grader=ScriptedJudge()) as session:
        await session.reply("Ada", "half right")
        await session.work()
        services = replace(session.parts.services, grader=judge)
        everything = await plan(services)
        assert len(everything.revision_ids) == 1
        assert everything.estimate.cost_usd == pytest.approx(0.01)
        assert (await plan(services, **scope)).revision_ids == ()  # type: ignore[arg-type] # ids by name


async def test_without_the_model_its_grades_are_not_stale(tmp_path: Path, clock: FakeClock) -> None:
    async with study(tmp_path, clock, grader=ModelJudge()) as session:
        await session.reply("Ada", "half right")
        await session.work()
        services = replace(session.parts.services, grader=ScriptedJudge())
        assert (await plan(services)).revision_ids == ()


async def test_a_grade_given_again_after_close_counts_for_its_own_day_and_streak(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = ModelJudge()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "good answer")
        await session.work()
        await session.command("Olga", "/study close")
        await session.work()
        clock.advance(days=8)
        judge.away = False
        await come_back(session)
        assert await points(session) == {}
        board = await session.command("Ada", "/leaderboard all", organiser=False)
        assert "Ada: 100 points, 1 answered, streak 1" in board


async def test_feedback_offers_an_appeal_only_while_there_is_one_to_make(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "half right")
        await session.work()
        assert f"'{Action.APPEAL.value}'" in (await told(session, "Ada"))[-1]
        assert JobKind.REGRADE not in {j.kind for j in await session.parts.store.open_work(clock())}
