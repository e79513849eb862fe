# ruff: noqa: INP001  (a script, not part of a package)
"""How well the offline judge agrees with human graders, beside plain baselines.

    python benchmarks/judge_offline.py FILE.jsonl...

Each line is {question, reference, answer, score 0..1}. Prints, per file and method, n, Pearson,
Spearman, QWK (bins 0..5), RMSE and milliseconds an answer, then each method's mean over the
files; a first pass warms the caches. The judge gets the question, the reference and the answer,
nothing else, and its whole score is measured. Answers that it leaves ungraded are not in n.
The shipped weights may have been fitted on the file: tools/fit_offline_judge.py leaves
questions out.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.domain.deck import Question
from bot.domain.grading import GradingTask
from bot.judge.baselines import Baseline, Compared, baselines
from bot.judge.drafting import draft_key_points, wanted_points
from bot.judge.metrics import pearson, qwk, rmse, spearman
from bot.judge.offline import OfflineJudge
from bot.judge.text import read


@dataclass(frozen=True)
class Row:
    """One graded answer, beside its reference."""

    task: GradingTask
    score: float
    pair: Compared


Method = Callable[[Row], float | None]
MEASURES = (pearson, spearman, qwk, rmse)


def load(path: Path) -> list[Row]:
    """The file's rows."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        question = Question("row", data["question"], data["reference"], ())
        pair = Compared.of(data["answer"], data["reference"])
        rows.append(Row(GradingTask(question, data["answer"]), float(data["score"]), pair))
    return rows


@lru_cache(maxsize=512)
def point_stems(question: Question) -> tuple[int, tuple[frozenset[str], ...]]:
    """How many key points the prompt asks for, and the stems of each drafted one."""
    points = draft_key_points(question)
    stems = (frozenset(t.stem for t in read(point.text).content()) for point in points)
    return wanted_points(question.prompt, len(points)), tuple(stems)


def coverage(row: Row) -> float:
    """The mean share of the key points' stems that the answer has, of the best wanted points."""
    wanted, points = point_stems(row.task.question)
    said = {token.stem for token in read(row.task.reply).content()}
    shares = sorted((len(said & stems) / max(1, len(stems)) for stems in points), reverse=True)
    return sum(shares[:wanted]) / max(1, wanted)


def _of_pair(baseline: Baseline) -> Method:
    return lambda row: baseline(row.pair)


def measure(method: Method, rows: list[Row]) -> list[float]:
    """One line of the table: n, the four measures, milliseconds."""
    begin = time.perf_counter()
    judged = [(method(row), row.score) for row in rows]
    took = (time.perf_counter() - begin) * 1000 / max(1, len(rows))
    got = [score for score, _ in judged if score is not None]
    human = [truth for score, truth in judged if score is not None]
    return [len(got), *(measured(got, human) for measured in MEASURES), took]


def table(title: str, lines: Mapping[str, Sequence[float]]) -> str:
    """The lines below their heads."""
    heads = "".join(f"{head:>9}" for head in ("pearson", "spearman", "qwk", "rmse", "ms"))
    out = [f"{title[:19]:20}{'n':>6}{heads}"]
    for name, (n, *figures, took) in lines.items():
        shown = "".join(f"{figure:9.3f}" for figure in figures)
        out.append(f"{name:20}{n:6.0f}{shown}{took:9.2f}")
    return "\n".join(out) + "\n\n"


def main() -> None:
    """Measure every file named on the command line."""
    judge = OfflineJudge()
    tables: list[dict[str, list[float]]] = []
    for path in map(Path, sys.argv[1:]):
        rows = load(path)
        methods: dict[str, Method] = {
            "offline judge": lambda row: judge.judge(row.task).score,
            "key-point coverage": coverage,
            **{
                name: _of_pair(baseline)
                for name, baseline in baselines([row.pair for row in rows]).items()
            },
        }
        for row in rows:
            judge.judge(row.task)
        tables.append({name: measure(method, rows) for name, method in methods.items()})
        sys.stdout.write(table(path.name, tables[-1]))
    if len(tables) > 1:
        means = {
            name: [fmean(column) for column in zip(*(each[name] for each in tables), strict=True)]
            for name in tables[0]
        }
        sys.stdout.write(table(f"mean of {len(tables)} files", means))


if __name__ == "__main__":
    main()
