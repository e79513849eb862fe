# ruff: noqa: INP001  (a script, not part of a package)
"""Refit the offline judge's regression on human-graded answers, and say how well it carries over.

    python tools/fit_offline_judge.py FILE.jsonl... [--source "name (licence)"]... [--write]

Each line of a file is {question, reference, answer, score 0..1, qid?}. The files stay where
they are. Every question is judged once by weights that were fitted without it. Printed are the
agreement of the judge's whole score, not of the regression alone, and Pearson's r within questions:
after each question's own means are taken off.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.domain.deck import Question
from bot.domain.grading import GradingTask
from bot.judge.metrics import pearson, qwk, rmse, spearman
from bot.judge.offline import OfflineJudge
from bot.judge.regression import Regression, Sample, fit

FOLDS = 16
# Both chosen by what carried over from either set to the other.
PENALTY = 0.2
WITHIN = 0.6
TARGET = Path(__file__).resolve().parent.parent / "bot" / "judge" / "weights.py"


@dataclass(frozen=True)
class Row:
    """One graded answer; ``values`` are its features, None where a guard speaks first."""

    group: str
    task: GradingTask
    score: float
    values: tuple[float, ...] | None


def load(path: Path) -> list[Row]:
    """The file's rows with their features."""
    judge = OfflineJudge()
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        question = Question("row", data["question"], data["reference"], ())
        task = GradingTask(question, data["answer"])
        group = str(data.get("qid") or data["question"])
        rows.append(Row(group, task, float(data["score"]), judge.features_of(task)))
    return rows


def fit_rows(files: list[list[Row]], without: tuple[int, set[str]]) -> Regression:
    """Weights from every file alike, leaving out one file's named questions."""
    samples = []
    for number, rows in enumerate(files):
        skipped = without[1] if number == without[0] else set()
        kept = [row for row in rows if row.values is not None and row.group not in skipped]
        samples += [
            Sample(row.values or (), row.score, row.task.question.prompt, 1 / len(kept))
            for row in kept
        ]
    return fit(samples, PENALTY, WITHIN)


def report(name: str, rows: list[Row], predictor: list[tuple[set[str], Regression]]) -> None:
    """Print how judged scores agree with human ones; ungraded rows are counted apart."""
    got, human, prompts, refused = [], [], [], 0
    for groups, regression in predictor:
        judge = OfflineJudge(regression)
        for row in rows:
            if row.group not in groups:
                continue
            score = judge.judge(row.task).score
            if score is None:
                refused += 1
                continue
            got.append(score)
            human.append(row.score)
            prompts.append(row.task.question.prompt)
    apart = pearson(centred(got, prompts), centred(human, prompts))
    figures = f"pearson {pearson(got, human):.3f}  within questions {apart:.3f}"
    figures += f"  spearman {spearman(got, human):.3f}  qwk {qwk(got, human):.3f}"
    sys.stdout.write(
        f"{name}: n {len(got)}  {figures}  rmse {rmse(got, human):.3f}  ungraded {refused}\n"
    )


def centred(scores: list[float], prompts: list[str]) -> list[float]:
    """The scores, less the mean of their question's."""
    groups: dict[str, list[float]] = {}
    for score, prompt in zip(scores, prompts, strict=True):
        groups.setdefault(prompt, []).append(score)
    means = {prompt: sum(group) / len(group) for prompt, group in groups.items()}
    return [score - means[prompt] for score, prompt in zip(scores, prompts, strict=True)]


def evaluate(names: list[str], files: list[list[Row]]) -> None:
    """Left-out questions for each file, then each file by weights from the others."""
    for number, (name, rows) in enumerate(zip(names, files, strict=True)):
        groups = sorted({row.group for row in rows})
        folds = [set(groups[k::FOLDS]) for k in range(min(FOLDS, len(groups)))]
        left_out = [(fold, fit_rows(files, (number, fold))) for fold in folds]
        report(f"{name}, questions left out", rows, left_out)
        if len(files) > 1:
            every = set(groups)
            report(
                f"{name}, whole file left out", rows, [(every, fit_rows(files, (number, every)))]
            )


def write(regression: Regression, sources: list[str]) -> None:
    """Replace bot/judge/weights.py."""
    numbers = "\n".join(f"        {value:.5f}," for value in regression.weights)
    means = "\n".join(f"        {value:.5f}," for value in regression.means)
    named = "\n".join(f"#   {source}" for source in sources)
    TARGET.write_text(
        '"""The offline judge\'s regression, from tools/fit_offline_judge.py: don\'t edit."""\n\n'
        "from __future__ import annotations\n\n"
        "from bot.judge.regression import Regression\n\n"
        f"# Fitted on the human grades of:\n{named}\n"
        f"FITTED = Regression(\n    intercept={regression.intercept:.5f},\n"
        f"    means=(\n{means}\n    ),\n    weights=(\n{numbers}\n    ),\n)\n",
        encoding="utf-8",
    )


def main() -> None:
    """Read the command line, evaluate, and write the weights if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--source", action="append", default=[], help="name and licence of a set")
    parser.add_argument("--write", action="store_true", help="replace bot/judge/weights.py")
    options = parser.parse_args()
    files = [load(path) for path in options.files]
    evaluate([path.stem for path in options.files], files)
    final = fit_rows(files, (-1, set()))
    sys.stdout.write(f"weights {[round(weight, 4) for weight in final.weights]}\n")
    if options.write:
        write(final, options.source)


if __name__ == "__main__":
    main()
