# ruff: noqa: INP001  (a script, not part of a package)
"""How well the offline judge agrees with human graders, beside four plain baselines.

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
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.domain.deck import Question
from bot.domain.grading import GradingTask
from bot.judge.drafting import draft_key_points, wanted_points
from bot.judge.metrics import pearson, qwk, rmse, spearman
from bot.judge.offline import OfflineJudge
from bot.judge.text import fold, read, words_of


@dataclass(frozen=True)
class Row:
    """One graded answer, with its words and the reference's."""

    task: GradingTask
    score: float
    said: list[str]
    wanted: list[str]


Method = Callable[[Row], float | None]
MEASURES = (pearson, spearman, qwk, rmse)


def load(path: Path) -> list[Row]:
    """The file's rows."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        question = Question("row", data["question"], data["reference"], ())
        words = [words_of(fold(data[key])[0]) for key in ("answer", "reference")]
        rows.append(Row(GradingTask(question, data["answer"]), float(data["score"]), *words))
    return rows


def f_measure(shared: float, row: Row) -> float:
    """F1 of ``shared`` words out of the answer's and the reference's."""
    return 2 * shared / max(1, len(row.said) + len(row.wanted))


def token_f1(row: Row) -> float:
    """F1 over the bags of words."""
    return f_measure((Counter(row.said) & Counter(row.wanted)).total(), row)


def rouge_l(row: Row) -> float:
    """F1 of the longest common subsequence of words."""
    best = [0] * (len(row.wanted) + 1)
    for word in row.said:
        before = 0
        for n, other in enumerate(row.wanted, 1):
            above = best[n]
            best[n] = before + 1 if word == other else max(above, best[n - 1])
            before = above
    return f_measure(best[-1], row)


def tfidf(rows: list[Row]) -> Method:
    """Cosine of TF-IDF vectors, document frequencies counted over the file itself."""
    texts = {tuple(words) for row in rows for words in (row.said, row.wanted)}
    seen = Counter(word for words in texts for word in set(words))

    def vector(words: list[str]) -> dict[str, float]:
        return {
            w: n * math.log((1 + len(texts)) / (1 + seen[w])) for w, n in Counter(words).items()
        }

    def cosine(row: Row) -> float:
        left, right = vector(row.said), vector(row.wanted)
        norms = math.hypot(*left.values()) * math.hypot(*right.values())
        return sum(v * right.get(w, 0.0) for w, v in left.items()) / norms if norms else 0.0

    return cosine


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
            "ROUGE-L": rouge_l,
            "TF-IDF cosine": tfidf(rows),
            "token F1": token_f1,
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
