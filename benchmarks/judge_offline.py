# ruff: noqa: INP001  (a script, not part of a package)
"""How well the offline judge agrees with human graders, beside three plain baselines.

    python benchmarks/judge_offline.py FILE.jsonl...

Each line is {question, reference, answer, score 0..1}. Prints, per file and method, n, Pearson,
Spearman, QWK (bins 0..5), RMSE and milliseconds an answer; a first pass warms the caches.
The shipped weights may have been fitted on the file: tools/fit_offline_judge.py leaves
questions out.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.domain.deck import Question
from bot.domain.grading import GradingTask
from bot.judge.metrics import pearson, qwk, rmse, spearman
from bot.judge.offline import OfflineJudge
from bot.judge.text import fold, words_of


@dataclass(frozen=True)
class Row:
    """One graded answer, with its words and the reference's."""

    task: GradingTask
    score: float
    said: list[str]
    wanted: list[str]


Method = Callable[[Row], float | None]


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


def measure(name: str, method: Method, rows: list[Row]) -> str:
    """One line of the table. Ungraded rows are left out of it, and so not counted in n."""
    begin = time.perf_counter()
    judged = [(method(row), row.score) for row in rows]
    took = (time.perf_counter() - begin) * 1000 / max(1, len(rows))
    got = [score for score, _ in judged if score is not None]
    human = [truth for score, truth in judged if score is not None]
    figures = [measured(got, human) for measured in (pearson, spearman, qwk, rmse)]
    return (
        f"{name:14}{len(got):6}" + "".join(f"{figure:9.3f}" for figure in figures) + f"{took:9.2f}"
    )


def main() -> None:
    """Measure every file named on the command line."""
    judge = OfflineJudge()
    for path in map(Path, sys.argv[1:]):
        rows = load(path)
        methods: dict[str, Method] = {
            "offline judge": lambda row: judge.judge(row.task).score,
            "ROUGE-L": rouge_l,
            "TF-IDF cosine": tfidf(rows),
            "token F1": token_f1,
        }
        for row in rows:
            judge.judge(row.task)
        heads = ("pearson", "spearman", "qwk", "rmse", "ms")
        lines = [f"{path.name:14}{'n':>6}" + "".join(f"{head:>9}" for head in heads)]
        lines += [measure(name, method, rows) for name, method in methods.items()]
        sys.stdout.write("\n".join(lines) + "\n\n")


if __name__ == "__main__":
    main()
