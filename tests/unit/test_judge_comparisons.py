from __future__ import annotations

from bot.domain.deck import KeyPoint, Question
from bot.domain.grading import GradingTask, PointStatus
from bot.judge.offline import OfflineJudge

QUESTION = Question(
    id="tuning",
    prompt="How do full fine-tuning, LoRA and prompt tuning differ?",
    reference=(
        "Full fine-tuning updates every parameter of the model. LoRA freezes the pretrained "
        "weights and learns small low-rank matrices. Prompt tuning only learns soft prompts."
    ),
    key_points=(
        KeyPoint("full", "Full fine-tuning updates every parameter"),
        KeyPoint("lora", "LoRA learns small low-rank matrices beside frozen weights"),
        KeyPoint("prompt", "Prompt tuning only learns soft prompts"),
    ),
)


def statuses(reply: str) -> dict[str, PointStatus]:
    judgement = OfflineJudge().judge(GradingTask(QUESTION, reply))
    return {point.id: point.status for point in judgement.points}


def test_where_a_question_compares_things_a_fact_about_one_does_not_cover_another() -> None:
    found = statuses("Full fine-tuning updates every single parameter of the network.")

    assert found["full"] is PointStatus.COVERED
    assert found["lora"] is not PointStatus.COVERED
    assert found["prompt"] is not PointStatus.COVERED


def test_evidence_is_the_sentence_that_says_the_point() -> None:
    reply = "LoRA learns two small low-rank matrices. Prompt tuning learns soft prompts only."
    judgement = OfflineJudge().judge(GradingTask(QUESTION, reply))

    evidence = {point.id: point.evidence for point in judgement.points}
    assert evidence["prompt"] == "Prompt tuning learns soft prompts only"
    assert evidence["lora"] == "LoRA learns two small low-rank matrices"
