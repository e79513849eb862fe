"""Key points drafted for a guide: its own answers are right by them, exchanged ones are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from bot.domain.deck import KeyPoint, Question
from bot.domain.grading import GradingTask, Judgement, PointStatus, Verdict, verdict_of
from bot.judge.drafting import draft_key_points, points_to_keep
from bot.judge.offline import OfflineJudge
from content.importing import FileReader
from content.library import SHIPPED
from content.parser import load_deck

GUIDE = """\
Interview questions on language models
Models
1. Explain the Transformer
Transformers replace recurrence by self-attention. Parts: multi-head attention, positional \
encoding, feed-forward layers and normalisation. All positions are worked on in parallel.
2. What does self-attention do?
Every position is scored against every other one. Queries, keys and values are made of each \
position, and the weighted values are summed up. The cost is O(n^2) in the length n.
3. How do encoder-only, decoder-only and encoder-decoder models differ?
Three families:
- Encoder-only (BERT): bidirectional, for classification and tagging
- Decoder-only (GPT): autoregressive, for generation
- Encoder-decoder (T5): for tasks from one text to another, such as translation
Training
4. How do full fine-tuning, LoRA and prompt tuning differ?
Ways to train:
- Full fine-tuning: every parameter is updated, costly but strong
- LoRA: low-rank matrices are trained, saves memory
- Prompt tuning: soft prompts are learned, the weights stay frozen
- QLoRA: quantised LoRA, saves even more memory
5. What is RLHF?
Reinforcement learning from human feedback: 1) People rank outputs 2) A reward model is trained \
on the ranks 3) PPO tunes the model against it. It aligns a model with what people prefer.
Use
6. What is RAG?
Retrieval-augmented generation: 1) Documents are embedded and indexed 2) The nearest chunks are \
retrieved 3) The model answers from them. It lowers hallucination and needs no training.
7. How are outputs evaluated?
Ways to measure:
- Automatic: BLEU and ROUGE for overlap, perplexity for fluency
- By people: ratings of helpfulness
- Model as judge: a strong model scores a weaker one
"""
JUDGE = OfflineJudge()
IMPORTED = list(FileReader().read("guide.txt", GUIDE.encode()).deck.questions())
SHIPPED_ONES = list(load_deck(SHIPPED / "llm-interview-guide.md").questions())


def with_heads(question: Question) -> tuple[KeyPoint, ...]:
    """The drafted points as an organiser may edit them: a head with its colon."""
    kept = points_to_keep(question)
    return tuple(replace(point, text=point.text.replace(" \u2013 ", ": ", 1)) for point in kept)


DRAFTING: dict[str, Callable[[Question], tuple[KeyPoint, ...]]] = {
    "kept": points_to_keep,
    "headed": with_heads,
    "sentences": draft_key_points,
    "by the judge": lambda _: (),
}


def each_drafted() -> Iterator[object]:
    for question in (*IMPORTED, *SHIPPED_ONES):
        bare = replace(question, key_points=(), misconceptions=())
        for way, draft in DRAFTING.items():
            drafted = replace(bare, key_points=draft(bare))
            yield pytest.param(drafted, id=f"{question.id}-{way}")


def judged(question: Question, reply: str) -> Judgement:
    return JUDGE.judge(GradingTask(question, reply))


@pytest.mark.parametrize("question", list(each_drafted()))
def test_a_reference_is_correct_by_the_points_that_are_drafted_from_it(question: Question) -> None:
    found = judged(question, question.reference)
    assert verdict_of(found.score) is Verdict.CORRECT
    assert not any(point.status is PointStatus.CONTRADICTED for point in found.points)
    if question.key_points:
        backwards = "\n".join(f"- {point.text}" for point in reversed(question.key_points))
        assert verdict_of(judged(question, backwards).score) is Verdict.CORRECT


def headed() -> Question:
    [question] = [each for each in IMPORTED if "prompt tuning" in each.prompt]
    return replace(question, key_points=with_heads(question))


@pytest.mark.parametrize(
    "reply",
    ["QLoRA: quantised LoRA that saves even more memory.", "QLoRA: it is LoRA, but quantised"],
)
def test_what_stands_behind_a_head_is_said_of_the_head(reply: str) -> None:
    statuses = {point.status for point in judged(headed(), reply).points}
    assert PointStatus.CONTRADICTED not in statuses
    assert statuses & {PointStatus.COVERED, PointStatus.PARTIAL}


def test_what_the_guide_says_of_another_head_is_still_found() -> None:
    reply = "LoRA: soft prompts are learned, the weights stay frozen"
    question = replace(
        headed(),
        key_points=(
            KeyPoint("a", "LoRA: low-rank matrices are trained, saves memory"),
            KeyPoint("b", "Prefixes: soft prompts are learned, the weights stay frozen"),
        ),
    )
    found = {point.id: point.status for point in judged(question, reply).points}
    assert found["b"] is PointStatus.CONTRADICTED
