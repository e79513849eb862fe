"""The language model as a Grader: cached, voted on, and stood in for when it is away."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.domain.grading import GradingTask, Hitch, JudgeInfo, Judgement, Usage
from bot.errors import JudgeUnavailableError
from bot.judge import feedback
from bot.judge.directed import JUDGE_DIRECTED, strip_directed
from bot.judge.guards import is_contentless
from bot.judge.llm.breaker import Breaker
from bot.judge.llm.prompt import VERSION, Rubric, grading_prompt, rubric_of
from bot.judge.llm.quotes import Quotable
from bot.judge.llm.reading import Vote, combined, read_vote, score_of
from bot.judge.matching import Vocabulary
from bot.judge.text import read
from bot.ports import Allowance, Grader, LanguageModel, ModelError, Prompt

log = logging.getLogger(__name__)

Recall = Callable[[str], Awaitable[Judgement | None]]
"""Looks a judgement up by its cache key."""

NOT_THE_SERVER = frozenset({"refusal", "budget"})
"""Hitches that say nothing of whether the next call will go well."""
FATAL = frozenset({"key", "model"})
"""Hitches that no further try will mend before somebody changes a setting."""
WRITTEN_TOKENS = 60
WRITTEN_TOKENS_A_POINT = 45


@dataclass(slots=True)
class _Attempt:
    """How the breaker sees a judgement under way, whose calls fail only once for it.

    ``tries``: it is the one that tries whether a model that was away is back.
    """

    tries: bool = False
    noted: bool = False


@dataclass(frozen=True, slots=True)
class _Work:
    """A task with what goes to the model: the reply without what is aimed at the judge."""

    task: GradingTask
    reply: str
    directed: bool
    rubric: Rubric
    key: str
    attempt: _Attempt


class _NotAskedError(ModelError):
    """What went wrong before, for a call that is not made because of it."""


class LlmGrader:
    """Asks a model; ``stand_in`` grades, provisionally, what it can't.

    Only contentless replies are left to ``stand_in`` while the model is up. The same work
    under way twice is done once. ``recall`` finds what was judged before.
    """

    def __init__(
        self,
        model: LanguageModel,
        allowance: Allowance,
        stand_in: Grader,
        *,
        votes: int = 1,
        recall: Recall | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self._model = model
        self._allowance = allowance
        self._stand_in = stand_in
        self._votes = votes
        self._recall = recall
        self._breaker = breaker or Breaker()
        self._under_way: dict[str, asyncio.Task[Judgement]] = {}
        self._last = ModelError("server", "The language model was not called.")
        self._dry_until = 0.0

    @property
    def info(self) -> JudgeInfo:
        """The model, and the prompt's version with the number of votes if more than one."""
        version = VERSION if self._votes == 1 else f"{VERSION}x{self._votes}"
        return JudgeInfo("llm", self._model.name, version)

    def spare(self) -> int:
        """How many replies that were stood in for it could take on now."""
        return self._breaker.spare() if time.monotonic() >= self._dry_until else 0

    def estimate(self, task: GradingTask) -> Usage:
        """About what judging the reply costs, at four characters a token."""
        work = self._work(task)
        if work is None:
            return Usage()
        prompt = grading_prompt(task.question, task.language, work.reply)
        return self._estimate(prompt, work.rubric)

    async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
        """Judge one reply; see ``bot.ports.Grader``."""
        work = self._work(task)
        if work is None:
            return await self._stand_in.grade(task)
        known = await self._recall(work.key) if self._recall else None
        if known is not None:
            return replace(known, cache_key=work.key)
        try:
            return await self._once(work)
        except ModelError as error:
            if not stand_in:
                raise JudgeUnavailableError(str(error), error.retry_after) from error
            judgement = await self._stand_in.grade(task)
            hitch = Hitch(error.kind, str(error))
            return replace(judgement, provisional=True, hitch=hitch, usage=error.usage)

    def _work(self, task: GradingTask) -> _Work | None:
        """What to ask; None for a reply that says nothing, or nothing but words to the judge."""
        if is_contentless(task.reply):
            return None
        text, directed = strip_directed(task.reply, task.language)
        said = sum(not token.stop for token in text.tokens)
        if is_contentless(text.raw) or (directed and said < 2):
            return None
        rubric = rubric_of(task.question, task.language)
        return _Work(task, text.raw, directed, rubric, self._key(task), _Attempt())

    def _key(self, task: GradingTask) -> str:
        info = self.info
        parts = (
            task.question.rubric_hash,
            task.language,
            info.model,
            info.version,
            hashlib.sha256(task.reply.encode("utf-8", "surrogatepass")).hexdigest(),
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    async def _once(self, work: _Work) -> Judgement:
        """Join the same work if it is under way, else begin it."""
        running = self._under_way.get(work.key)
        if running is None:
            running = asyncio.create_task(self._asked(work))
            self._under_way[work.key] = running
            running.add_done_callback(lambda task: self._ended(work.key, task))
        # Whoever waits may be cancelled; what is paid for is finished for the others.
        return await asyncio.shield(running)

    def _ended(self, key: str, task: asyncio.Task[Judgement]) -> None:
        self._under_way.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen, though nobody may be left to await it

    async def close(self) -> None:
        """Cut off what is under way and close the model's connections."""
        running = list(self._under_way.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._model.close()

    async def _asked(self, work: _Work) -> Judgement:
        attempt = work.attempt
        attempt.tries = not self._breaker.closed
        if not self._breaker.admit():
            raise self._not_asked()
        try:
            judgement = await self._judged(work)
        except ModelError as error:
            self._note(error, attempt)
            raise
        except BaseException:
            if attempt.tries:
                self._breaker.left()
            raise
        if not self._breaker.closed:
            log.warning("%s grades again", self._model.name)
        self._breaker.succeeded()
        return judgement

    def _not_asked(self) -> ModelError:
        return _NotAskedError(self._last.kind, str(self._last))

    def _note(self, error: ModelError, attempt: _Attempt) -> None:
        if attempt.noted or isinstance(error, _NotAskedError):
            return
        attempt.noted = True
        if error.kind == "budget":
            self._dry_until = time.monotonic() + (error.retry_after or 0.0)
        if not (attempt.tries or self._breaker.closed):
            return  # under way when it opened: how the next try ends is another's to say
        if error.kind in NOT_THE_SERVER:
            self._breaker.left()
        else:
            self._last = error
            closed = self._breaker.closed
            self._breaker.failed(at_once=error.kind in FATAL, for_seconds=error.retry_after)
            if closed and not self._breaker.closed:
                log.warning("the offline judge stands in from now on: %s", error)

    async def _judged(self, work: _Work) -> Judgement:
        began = time.perf_counter()
        reply = Quotable(work.reply)
        trusted = _touches(work) if work.directed else _any
        asked = [self._vote(work, reply, trusted) for _ in range(self._votes)]
        # All of them end here: one that was left behind would outlive the database.
        results = await asyncio.gather(*asked, return_exceptions=True)
        votes, used = _counted(results)
        latency = (time.perf_counter() - began) * 1000
        return self._judgement(work, combined(votes), replace(used, latency_ms=latency))

    async def _vote(
        self, work: _Work, reply: Quotable, trusted: Callable[[str], bool]
    ) -> tuple[Vote, Usage]:
        """One vote and what it cost; an answer of the wrong shape is asked for once more."""
        task = work.task
        prompt = grading_prompt(task.question, task.language, work.reply)
        spent = Usage()
        for last in (False, True):
            try:
                completion = await self._call(work, prompt, self._estimate(prompt, work.rubric, 1))
            except ModelError as error:
                raise _costing(error, spent + error.usage) from error
            spent += completion[1]
            try:
                return read_vote(completion[0], work.rubric, reply, trusted), spent
            except ModelError as error:
                if last:
                    raise _costing(error, spent) from error
        raise AssertionError("the loop above always ends")  # pragma: no cover

    async def _call(
        self, work: _Work, prompt: Prompt, estimate: Usage
    ) -> tuple[dict[str, object], Usage]:
        async with self._allowance.call(work.task.group_id, estimate) as ticket:
            if not (work.attempt.tries or self._breaker.closed):
                # It opened while this waited for its turn: nobody is to wait for more failures.
                raise self._not_asked()
            try:
                completion = await self._model.complete(prompt)
            except ModelError as error:
                ticket.spent(error.usage, failed=True)
                # Before the slot goes to the next, which may then not be made.
                self._note(error, work.attempt)
                raise
            except asyncio.CancelledError:
                # Most servers finish, and bill, what nobody waits for any more.
                ticket.spent(estimate, failed=True)
                raise
            ticket.spent(completion.usage)
        return completion.data, completion.usage

    def _estimate(self, prompt: Prompt, rubric: Rubric, votes: int | None = None) -> Usage:
        calls = self._votes if votes is None else votes
        given = (len(prompt.system) + len(prompt.user)) // 4
        written = WRITTEN_TOKENS + WRITTEN_TOKENS_A_POINT * len(rubric.points)
        cost = self._model.price(given, written)
        return Usage(given * calls, written * calls, cost * calls, calls=calls)

    def _judgement(self, work: _Work, vote: Vote, usage: Usage) -> Judgement:
        score = score_of(work.rubric, vote.points)
        aimed = work.directed or vote.aimed
        return Judgement(
            score=score,
            points=vote.points,
            feedback=_feedback(vote, score),
            judge=self.info,
            attempt=vote.attempt or score > 0,
            flags=(JUDGE_DIRECTED,) if aimed else (),
            usage=usage,
            raw_score=score,
            cache_key=work.key,
        )


def _feedback(vote: Vote, score: float) -> str:
    """The model's own words, unless what it claims was taken back here."""
    if vote.feedback and not vote.dropped:
        return vote.feedback
    return feedback.explain(score, vote.points, (), closing="")


def _costing(error: ModelError, usage: Usage) -> ModelError:
    """The error with all that was paid for nothing."""
    return type(error)(error.kind, str(error), retry_after=error.retry_after, usage=usage)


def _counted(
    results: Sequence[tuple[Vote, Usage] | BaseException],
) -> tuple[list[Vote], Usage]:
    """The votes and what they cost. Raises the first failure, with what all of them cost."""
    errors = [each for each in results if isinstance(each, BaseException)]
    given = [each for each in results if not isinstance(each, BaseException)]
    used = sum((usage for _, usage in given), Usage())
    for error in errors:
        if not isinstance(error, ModelError):
            raise error
        used += error.usage
    # What the server did before what was not asked of it any more.
    for error in sorted(errors, key=lambda each: isinstance(each, _NotAskedError)):
        if isinstance(error, ModelError):
            raise _costing(error, used) from error
    return [vote for vote, _ in given], used


def _any(_: str) -> bool:
    return True


def _touches(work: _Work) -> Callable[[str], bool]:
    """In a reply that talks to the judge, evidence must share a word with the rubric.

    A model that was talked into a grade tends to quote what talked it into it.
    """
    question, language = work.task.question, work.task.language
    points = work.rubric.points
    texts = [question.reference, *(text for p in points for text in (p.text, *p.wordings))]
    vocabulary = Vocabulary([read(text, language) for text in texts], language)
    return lambda quote: any(vocabulary.hits(read(quote, language)))
