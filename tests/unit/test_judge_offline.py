# ruff: noqa: RUF001  (replies in other languages are written in their own letters)
"""The offline judge against the shipped guide: seven questions, every kind of reply."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.domain.deck import Question
from bot.domain.grading import GradingTask, Judgement, PointStatus, Verdict, verdict_of
from bot.judge.offline import OfflineJudge
from content.parser import load_deck

DECK = load_deck(
    Path(__file__).resolve().parents[2] / "content" / "decks" / "llm-interview-guide.md"
)
JUDGE = OfflineJudge()
IDS = [question.id for question in DECK.questions()]

FULL = {
    "transformer-architecture": (
        "The Transformer drops recurrent layers and uses self-attention instead, so each token can"
        " look at all the others directly. It is a stack of blocks with multi-head attention,"
        " where every head learns its own relation in parallel, followed by a feed-forward network"
        " applied to each position. Skip connections and layer norm wrap both sub-layers to keep"
        " training stable. Because attention doesn't see order, positional encodings are added."
        " Training processes all positions in parallel on a GPU, while an RNN must go step by"
        " step, and long-range dependencies are easier because distant words connect directly."
    ),
    "self-attention": (
        "Every position attends to every other position of the same sequence to build a new"
        " representation. Each token is projected to a query, a key and a value vector. We take"
        " the dot product of a query with all keys, divide by the square root of the key size and"
        " put the scores through a softmax to get attention weights. The output is the average of"
        " the values weighted by those. Time and memory are quadratic, O(n^2) in the length."
    ),
    "model-families": (
        "BERT is an encoder-only model: it is bidirectional and sees the context on both sides of a"
        " word, so it's good for classification and NER. GPT is decoder-only and autoregressive,"
        " it predicts the next token and only sees earlier ones, which makes it the choice for"
        " generating text. T5 has both an encoder and a decoder, linked by cross-attention, and"
        " is good for sequence-to-sequence tasks like translation or summarization."
    ),
    "fine-tuning-methods": (
        "In full fine-tuning all the weights of the model are updated, which works well but is"
        " expensive in GPU memory. LoRA keeps the base model frozen and only trains small low-rank"
        " matrices, so it saves a lot of training memory. QLoRA does the same on top of a base"
        " model quantized to 4 bits. Prompt tuning freezes everything and learns a few soft"
        " prompt embeddings that go in front of the input."
    ),
    "rlhf": (
        "RLHF makes a model follow human preferences and values. First people rank answers and a"
        " reward model learns to predict which one they prefer. Then the LLM is trained with"
        " reinforcement learning, usually PPO, to maximize that reward, and a KL penalty keeps it"
        " close to the original model. An alternative is DPO, which trains directly on the"
        " preference pairs and skips the reward model."
    ),
    "rag": (
        "First you split the documents into chunks, embed them and store the embeddings in a"
        " vector database. When a query comes in, the most similar chunks are retrieved, and they"
        " are injected into the prompt as context so that the LLM answers from them. You get fewer"
        " hallucinations because the answer is grounded in evidence, the knowledge stays up to"
        " date without retraining, and the answer can cite its sources."
    ),
    "evaluate-llm-outputs": (
        "Automatic metrics such as BLEU and ROUGE count shared n-grams with a reference and"
        " BERTScore compares embeddings; perplexity measures how well the model predicts a text."
        " You can use a stronger LLM as a judge to grade outputs, but judges have biases, such as"
        " liking long answers, so check them against human labels. Human raters score quality,"
        " helpfulness and safety. For structured tasks use accuracy, F1 or exact match."
    ),
}
HALF = {
    "transformer-architecture": (
        "It uses self-attention instead of recurrence. Since there are no recurrent steps, all the"
        " positions of a sequence can be trained in parallel. There is multi-head attention too."
    ),
    "self-attention": (
        "Each token gets a query, a key and a value vector. Queries are compared with keys by a"
        " dot product, and the cost is quadratic in the sequence length."
    ),
    "model-families": (
        "BERT is bidirectional and good for classification. GPT is autoregressive and predicts the"
        " next token, so it is used to generate text."
    ),
    "fine-tuning-methods": (
        "Full fine-tuning updates all the parameters and is expensive. With LoRA the base weights"
        " stay frozen and you train small low-rank matrices."
    ),
    "rlhf": (
        "A reward model is trained on human preferences. Then PPO fine-tunes the language model"
        " against the reward model."
    ),
    "rag": (
        "You retrieve the most similar chunks for the query and put them into the prompt as"
        " context. That reduces hallucination."
    ),
    "evaluate-llm-outputs": (
        "You can use automated metrics like BLEU and ROUGE against a reference. Another option is"
        " to let a stronger LLM judge the outputs."
    ),
}
RESTATED = {
    "transformer-architecture": (
        "The Transformer architecture is what displaced recurrent networks, and it is built from"
        " the Transformer architecture."
    ),
    "self-attention": (
        "Self-attention is computed as self-attention and it has a cost as the sequence grows."
    ),
    "model-families": (
        "Encoder-only, decoder-only and encoder-decoder models each read their input and you would"
        " use them for things."
    ),
    "fine-tuning-methods": (
        "Full fine-tuning, LoRA, QLoRA and prompt tuning differ and you would reach for each of"
        " them when you need it."
    ),
    "rlhf": "RLHF has stages, RLHF matters, and RLHF has an alternative that you can name.",
    "rag": (
        "In retrieval-augmented generation a request flows through such a system and you gain"
        " something from it."
    ),
    "evaluate-llm-outputs": (
        "I would evaluate what an LLM writes with methods that I would combine, and each falls"
        " short."
    ),
}
NEGATED = {
    "transformer-architecture": (
        "A Transformer reads the tokens one after another and carries a hidden state like an RNN."
    ),
    "self-attention": "The cost of self-attention grows linearly with the sequence length.",
    "model-families": "GPT is bidirectional, it looks at the words on both sides of each token.",
    "fine-tuning-methods": (
        "LoRA updates all the weights of the model, just with a smaller learning rate."
    ),
    "rlhf": "DPO first trains a separate reward model and then runs PPO against it.",
    "rag": "RAG retrains the weights of the model on the new documents.",
    "evaluate-llm-outputs": "A higher perplexity means the model is better.",
}
FOREIGN = [
    "LoRA friert die Gewichte des base model ein und trainiert nur low-rank Matrizen.",
    "On utilise le self-attention pour comparer tous les tokens de la séquence.",
    "El reward model se entrena con las preferencias y luego se usa PPO.",
    "RAG 先检索 vector store 里的 chunks,再放进 prompt。",
    "Трансформер использует self-attention вместо recurrence.",
    "LoRA temel ağırlıkları dondurur ve sadece low-rank matrisleri eğitir.",
]
TERSE = {
    "fine-tuning-methods": [
        "LoRA freezes base weights, trains low-rank adapters",
        "LoRA: trains small low-rank matrices, base frozen",
        (
            "- Full fine-tuning: update all parameters\n- LoRA: trains small low-rank matrices\n"
            "- QLoRA: LoRA on 4-bit base\n- Prompt tuning: learns soft prompts, weights frozen"
        ),
    ],
    "model-families": ["BERT: bidirectional, classification; GPT: autoregressive, generation"],
}


def question(question_id: str) -> Question:
    found = DECK.question(question_id)
    assert found is not None
    return found


def judge(question_id: str, reply: str) -> Judgement:
    return JUDGE.judge(GradingTask(question(question_id), reply))


def verdict(question_id: str, reply: str) -> Verdict:
    return verdict_of(judge(question_id, reply).score)


@pytest.mark.parametrize("qid", IDS)
def test_the_reference_itself_is_correct(qid: str) -> None:
    assert verdict(qid, question(qid).reference) is Verdict.CORRECT


@pytest.mark.parametrize("qid", IDS)
def test_a_full_paraphrase_is_correct(qid: str) -> None:
    assert verdict(qid, FULL[qid]) is Verdict.CORRECT


@pytest.mark.parametrize("qid", IDS)
def test_half_an_answer_is_partial(qid: str) -> None:
    assert verdict(qid, HALF[qid]) is Verdict.PARTIAL


@pytest.mark.parametrize("qid", IDS)
def test_fluent_answers_to_other_questions_are_incorrect(qid: str) -> None:
    for other in set(IDS) - {qid}:
        assert verdict(qid, FULL[other]) is Verdict.INCORRECT, other
        assert verdict(qid, question(other).reference) is Verdict.INCORRECT, other


@pytest.mark.parametrize("qid", IDS)
def test_a_restated_question_is_incorrect_and_flagged(qid: str) -> None:
    for reply in (RESTATED[qid], question(qid).prompt):
        judgement = judge(qid, reply)
        assert verdict_of(judgement.score) is Verdict.INCORRECT
        assert "restated-question" in judgement.flags


@pytest.mark.parametrize("qid", IDS)
def test_a_heap_of_the_references_words_is_keyword_soup(qid: str) -> None:
    text = question(qid).reference.replace(",", " ").replace(".", " ")
    words = sorted({word.lower() for word in text.split() if len(word) > 4 and word.isalpha()})
    random.Random(qid).shuffle(words)
    for heap in (" ".join(words), ", ".join(words)):
        judgement = judge(qid, heap)
        assert verdict_of(judgement.score) is Verdict.INCORRECT
        assert "keyword-soup" in judgement.flags


@pytest.mark.parametrize("qid", IDS)
def test_a_misconception_is_never_correct_even_beside_a_full_answer(qid: str) -> None:
    alone = judge(qid, NEGATED[qid])
    assert verdict_of(alone.score) is Verdict.INCORRECT
    both = judge(qid, f"{FULL[qid]} {NEGATED[qid]}")
    assert verdict_of(both.score) is not Verdict.CORRECT
    assert "misconception" in both.flags
    for statement in question(qid).misconceptions:
        assert verdict(qid, f"{FULL[qid]} {statement}") is not Verdict.CORRECT, statement


@pytest.mark.parametrize("qid", IDS)
def test_saying_that_a_misconception_is_wrong_does_no_harm(qid: str) -> None:
    for statement in question(qid).misconceptions:
        denied = f"It is not true that {statement[0].lower()}{statement[1:]}"
        assert verdict(qid, f"{FULL[qid]} {denied}") is Verdict.CORRECT, statement


@pytest.mark.parametrize("qid", IDS)
def test_a_right_answer_matches_no_misconception(qid: str) -> None:
    for reply in (FULL[qid], HALF[qid], question(qid).reference):
        assert "misconception" not in judge(qid, reply).flags


@pytest.mark.parametrize("reply", ["idk", "no idea", "I don't know", "pass", "🤷", "...", "", "?"])
def test_no_answer_is_no_attempt(reply: str) -> None:
    judgement = judge("rag", reply)
    assert not judgement.attempt
    assert judgement.score == 0


@pytest.mark.parametrize("qid", IDS)
def test_small_talk_is_off_topic_and_no_attempt(qid: str) -> None:
    for reply in (
        "Does anybody want pizza tonight? The place around the corner reopened yesterday.",
        "Our football club won the cup after a dramatic penalty shootout on Saturday.",
    ):
        judgement = judge(qid, reply)
        assert not judgement.attempt
        assert judgement.score == 0
        assert "off-topic" in judgement.flags


@pytest.mark.parametrize("reply", FOREIGN)
def test_another_language_stays_ungraded_and_the_reason_says_who_grades_it(reply: str) -> None:
    judgement = judge("fine-tuning-methods", reply)
    assert judgement.score is None
    assert "organiser" in judgement.reason
    assert "Graded by" not in judgement.feedback


@pytest.mark.parametrize(("qid", "reply"), [(q, r) for q, rs in TERSE.items() for r in rs])
def test_terse_notes_are_graded_not_refused(qid: str, reply: str) -> None:
    judgement = judge(qid, reply)
    assert judgement.flags == ()
    assert judgement.score is not None
    assert any(point.status is PointStatus.COVERED for point in judgement.points)


@pytest.mark.parametrize("qid", IDS)
def test_evidence_is_the_replys_exact_words(qid: str) -> None:
    for reply in (FULL[qid], HALF[qid], NEGATED[qid], FULL[qid].replace("e", "e\u200b")):
        for point in judge(qid, reply).points:
            said = point.status is not PointStatus.MISSING
            assert (point.evidence is not None) == said
            assert point.evidence is None or point.evidence in reply


def test_a_neighbouring_sentence_is_not_quoted_for_what_one_says_alone() -> None:
    qid = "fine-tuning-methods"
    said = {point.id: point.evidence for point in judge(qid, FULL[qid]).points}
    assert "QLoRA does the same on top of a base model quantized to 4 bits" in said.values()
    qid = "self-attention"
    said = {point.id: point.evidence for point in judge(qid, FULL[qid]).points}
    assert "Each token is projected to a query, a key and a value vector" in said.values()


@pytest.mark.parametrize("qid", IDS)
def test_verdict_and_points_agree(qid: str) -> None:
    key_points = question(qid).key_points
    for reply in (FULL[qid], HALF[qid], NEGATED[qid]):
        judgement = judge(qid, reply)
        status = {point.id: point.status for point in judgement.points}
        missed = [p for p in key_points if p.essential and status[p.id] is PointStatus.MISSING]
        correct = verdict_of(judgement.score) is Verdict.CORRECT
        assert not (missed and correct)
        assert correct or set(status.values()) != {PointStatus.COVERED}


@pytest.mark.parametrize("qid", IDS)
def test_feedback_is_short_and_says_that_an_offline_judge_graded(qid: str) -> None:
    for reply in (FULL[qid], HALF[qid], NEGATED[qid], RESTATED[qid], "idk", FOREIGN[0], "x" * 500):
        feedback = judge(qid, reply).feedback
        assert len(feedback) <= 600
        assert "offline judge" in feedback


def test_the_same_reply_always_gets_the_same_judgement() -> None:
    assert judge("rag", HALF["rag"]) == OfflineJudge().judge(
        GradingTask(question("rag"), HALF["rag"])
    )
