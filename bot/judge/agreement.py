"""How far a judge agrees with the humans of its own groups, version by version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.appeals import Agreement
from bot.domain.grading import JudgeInfo, Verdict, verdict_of
from bot.judge.metrics import qwk, rmse

VERDICTS = (Verdict.CORRECT, Verdict.PARTIAL, Verdict.INCORRECT)


@dataclass(frozen=True, slots=True)
class Report:
    """One judge version beside the humans who looked at its grades.

    ``qwk`` is Cohen's kappa with quadratic weights over scores binned to 0..5, NaN where it is
    undefined; ``bias`` the mean of judge minus human. ``confusion`` counts (judge, human).
    """

    judge: JudgeInfo
    n: int
    appeals: int
    qwk: float
    rmse: float
    bias: float
    same_verdict: int
    confusion: dict[tuple[Verdict, Verdict], int]


def reports(pairs: Sequence[Agreement]) -> list[Report]:
    """A report for each judge version, the one with the most pairs first."""
    by_judge: dict[JudgeInfo, list[Agreement]] = {}
    for pair in pairs:
        by_judge.setdefault(pair.judge, []).append(pair)
    found = [_report(judge, mine) for judge, mine in by_judge.items()]
    return sorted(found, key=lambda each: (-each.n, each.judge.kind, each.judge.version))


def _report(judge: JudgeInfo, pairs: Sequence[Agreement]) -> Report:
    judged = [pair.judged for pair in pairs]
    human = [pair.human for pair in pairs]
    confusion = {(mine, theirs): 0 for mine in VERDICTS for theirs in VERDICTS}
    for pair in pairs:
        confusion[verdict_of(pair.judged), verdict_of(pair.human)] += 1
    return Report(
        judge=judge,
        n=len(pairs),
        appeals=sum(pair.appealed for pair in pairs),
        qwk=qwk(judged, human),
        rmse=rmse(judged, human),
        bias=sum(a - b for a, b in zip(judged, human, strict=True)) / len(pairs),
        same_verdict=sum(confusion[verdict, verdict] for verdict in VERDICTS),
        confusion=confusion,
    )
