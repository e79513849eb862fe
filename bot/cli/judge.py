"""``studybot judge``: how good the judge is, on graded answers and on attempts to fool it."""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from bot.cli import report
from bot.cli.context import load_settings
from bot.cli.judge_rows import Row, read_rows
from bot.cli.judging import Judged, configured_grader, judge_all, slots_of
from bot.cli.options import Json
from bot.cli.output import CommandError, console, print_json, say, tell
from bot.cli.progress import progress
from bot.domain.grading import GradingTask, JudgeInfo, Verdict, verdict_of
from bot.settings import Settings

if TYPE_CHECKING:
    from content.checks import Case

FIGURES = ("pearson", "spearman", "qwk", "rmse")
# From this share of a reply's shingles on it is told to be a near-copy.
NEAR_COPY = 0.9
_BASELINES = {"token_f1": "token F1", "rouge_l": "ROUGE-L", "tfidf_cosine": "TF-IDF cosine"}

JudgeName = Annotated[
    str | None,
    typer.Option("--judge", metavar="NAME", help="offline or llm; the configured one if left out."),
]

app = typer.Typer(no_args_is_help=True)
app.command()(report.report)


@app.callback()
def judge() -> None:
    """Measure the judge."""


@app.command("eval")
def evaluate(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Graded answers, one a line.")],
    judge_name: JudgeName = None,
    rows_out: Annotated[
        Path | None,
        typer.Option("--rows", metavar="OUT.jsonl", help="Write each row's id and grade there."),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Measure how well the judge agrees with human graders.

    Each line is an object with question, reference and answer; if need be also id, score (0 to
    1, by humans), key_points and misconceptions. Three plain measures are told beside the judge.
    Nothing is stored, and nobody's answer counts as a copy. Cost is in US dollars.
    """
    settings = load_settings()
    rows = read_rows(file)
    if cut := sum(row.cut for row in rows):
        tell(f"Answers cut to 8,000 characters: {cut}.")
    if rows_out is not None and rows_out.exists() and rows_out.samefile(file):
        raise CommandError("--rows would overwrite the answers: name another file.", 2)
    with ExitStack() as stack:
        out = None
        if rows_out is not None:
            out = stack.enter_context(rows_out.open("w", encoding="utf-8", newline="\n"))
        write = _writer(rows, out)
        info, judged = _run(settings, judge_name, [row.task for row in rows], write)
    data = _measured(rows, judged, info)
    if as_json:
        print_json(data)
    else:
        _show_figures(data)


@app.command()
def check(judge_name: JudgeName = None, *, as_json: Json = False) -> None:
    """Try to fool the judge with the shipped adversarial set.

    Exits 1 if a reply that doesn't answer (an injection, keyword soup, the question restated,
    something off-topic or empty) is graded as correct; other misses are told, and exit 0.
    """
    from content.checks import load_checks

    settings = load_settings()
    cases = load_checks().cases
    tasks = [GradingTask(case.question, case.reply) for case in cases]
    info, judged = _run(settings, judge_name, tasks, lambda *_: None)
    results = [_result(case, each, info) for case, each in zip(cases, judged, strict=True)]
    data = _summed(cases, results, info)
    if as_json:
        print_json(data)
    else:
        _show_check(data)
    if any(result.hole for result in results):
        raise typer.Exit(1)


def _run(
    settings: Settings,
    name: str | None,
    tasks: Sequence[GradingTask],
    done: Callable[[int, Judged], None],
) -> tuple[JudgeInfo, list[Judged]]:
    async def run() -> tuple[JudgeInfo, list[Judged]]:
        with progress("Judging", len(tasks)) as step:

            def told(number: int, judged: Judged) -> None:
                done(number, judged)
                step()

            async with configured_grader(settings, name) as grader:
                slots = slots_of(settings, grader.info)
                return grader.info, await judge_all(grader, tasks, slots, told)

    return asyncio.run(run())


def _writer(rows: Sequence[Row], out: TextIO | None) -> Callable[[int, Judged], None]:
    """Writes a row's grade as it comes, so that a run that is stopped leaves what it did."""
    from bot.cli.grade import as_grade

    def write(number: int, judged: Judged) -> None:
        if out is not None:
            line = {"id": rows[number].id, "grade": as_grade(judged.judgement)}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()

    return write


def _measured(rows: Sequence[Row], judged: Sequence[Judged], info: JudgeInfo) -> dict[str, Any]:
    from bot.judge.baselines import Compared, baselines

    scores = [each.judgement.score for each in judged]
    both = [
        (score, row.score, Compared.of(row.task.reply, row.task.question.reference))
        for score, row in zip(scores, rows, strict=True)
        if score is not None and row.score is not None
    ]
    humans = [human for _, human, _ in both]
    pairs = [pair for _, _, pair in both]
    graded = sum(score is not None for score in scores)
    answered = [each.ms for each in judged if each.ms]
    return {
        "judge": _judge_data(info),
        "n": len(rows),
        "graded": graded,
        "ungraded": len(rows) - graded,
        "compared": len(both),
        **_figures([score for score, _, _ in both], humans),
        "ms_per_answer": round(sum(answered) / len(answered), 3) if answered else None,
        "cost": round(sum(each.judgement.usage.cost_usd for each in judged), 6),
        "baselines": {
            name: _figures([measure(pair) for pair in pairs], humans)
            for name, measure in baselines(pairs).items()
        },
    }


def _figures(scores: Sequence[float], humans: Sequence[float]) -> dict[str, float | None]:
    from bot.judge import metrics

    found = {name: getattr(metrics, name)(scores, humans) for name in FIGURES}
    return {name: None if math.isnan(each) else round(each, 4) for name, each in found.items()}


def _judge_data(info: JudgeInfo) -> dict[str, str]:
    return {"kind": info.kind, "model": info.model, "version": info.version}


def _show_figures(data: dict[str, Any]) -> None:
    from rich import box  # only tables pay for it
    from rich.table import Table

    judge = data["judge"]
    say(
        f"{data['n']} answers, {data['graded']} graded, {data['compared']} of them with a human"
        f" score; {data['ms_per_answer'] or 0:.2f} ms an answer, ${data['cost']:.4f} in all."
    )
    table = Table("", box=box.SIMPLE)
    for name in FIGURES:
        table.add_column(name, justify="right")
    named = {_BASELINES[name]: figures for name, figures in data["baselines"].items()}
    for name, figures in {f"{judge['kind']} judge, {judge['model']}": data, **named}.items():
        shown = ("-" if figures[each] is None else f"{figures[each]:.3f}" for each in FIGURES)
        table.add_row(name, *shown)
    console().print(table)


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of a case. A hole is a reply without an answer that counts as correct."""

    passed: bool
    hole: bool
    verdict: Verdict
    score: float | None
    expected: tuple[Verdict, ...]


def _result(case: Case, judged: Judged, info: JudgeInfo) -> _Result:
    from bot.judge.similarity import near_copy
    from content.checks import Kind

    score = judged.judgement.score
    verdict, expected = verdict_of(score), case.bands[info.kind]
    passed = verdict in expected
    if case.copied is not None:
        passed = passed and near_copy(case.reply, case.copied) >= NEAR_COPY
    empty = {Kind.INJECTION, Kind.SOUP, Kind.RESTATED, Kind.OFF_TOPIC, Kind.EMPTY}
    hole = case.kind in empty and verdict is Verdict.CORRECT and verdict not in expected
    return _Result(passed, hole, verdict, score, expected)


def _summed(cases: Sequence[Case], results: Sequence[_Result], info: JudgeInfo) -> dict[str, Any]:
    n = Counter(case.kind.value for case in cases)
    passed = Counter(
        case.kind.value for case, result in zip(cases, results, strict=True) if result.passed
    )
    return {
        "judge": _judge_data(info),
        "n": len(cases),
        "passed": passed.total(),
        "kinds": {kind: {"n": n[kind], "passed": passed[kind]} for kind in n},
        "failures": [
            {
                "id": case.id,
                "kind": case.kind.value,
                "expected": [verdict.value for verdict in result.expected],
                "verdict": result.verdict.value,
                "score": result.score,
                "hole": result.hole,
            }
            for case, result in zip(cases, results, strict=True)
            if not result.passed
        ],
    }


def _show_check(data: dict[str, Any]) -> None:
    from rich import box  # only tables pay for it
    from rich.table import Table

    table = Table("kind", box=box.SIMPLE)
    for heading in ("cases", "passed"):
        table.add_column(heading, justify="right")
    for kind, each in data["kinds"].items():
        table.add_row(kind, str(each["n"]), str(each["passed"]))
    console().print(table)
    for failure in data["failures"]:
        score = "" if failure["score"] is None else f" ({failure['score']:.2f})"
        expected = " or ".join(failure["expected"])
        mark = "HOLE " if failure["hole"] else ""
        say(f"{mark}{failure['id']}: {failure['verdict']}{score}, not {expected}")
    judge = data["judge"]
    share = 100 * data["passed"] / max(1, data["n"])
    say(
        f"{data['passed']} of {data['n']} passed ({share:.1f}%),"
        f" {judge['kind']} judge, {judge['model']} {judge['version']}."
    )
