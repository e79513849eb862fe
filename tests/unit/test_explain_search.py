"""What ``/explain`` answers from the first guide: the right passage, or an honest no."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.library import Library
from content.spelling import Speller

TRANSFORMER = "transformer-architecture"
ATTENTION = "self-attention"
FAMILIES = "model-families"
TUNING = "fine-tuning-methods"
RLHF = "rlhf"
RAG = "rag"
EVALUATION = "evaluate-llm-outputs"

NAMED = [
    ("lora", "LoRA"),
    ("LoRA?", "LoRA"),
    ("low rank adapters", "LoRA"),
    ("q-lora", "QLoRA"),
    ("what is the KV cache", "KV cache"),
    ("kv-cache", "KV cache"),
    ("soft prompts", "Prompt tuning"),
    ("rotary embeddings", "RoPE"),
    ("seq2seq", "Encoder-decoder model"),
    ("llm as a judge", "LLM-as-a-judge"),
    ("multi head attentions", "Multi-head attention"),
    ("explain dpo to me, please", "DPO"),
    ("NER", "Named-entity recognition"),
    ("quantisation", "Quantization"),
    ("layer norm", "Layer normalization"),
    ("attention", "Self-attention"),
]

MISSPELT = [
    ("transfomer", "Transformer"),
    ("self atention", "Self-attention"),
    ("RLFH", "RLHF"),
    ("lroa", "LoRA"),
    ("blue score", "BLEU"),
    ("rogue", "ROUGE"),
    ("perplexty", "Perplexity"),
    ("halucination", "Hallucination"),
    ("vector databse", "Vector store"),
    ("what is reward hakcing", "Reward hacking"),
]

ASKED = [
    ("difference between lora and qlora", TUNING),
    ("diference betwen lora and qlroa", TUNING),
    ("lora vs full fine-tuning", TUNING),
    ("how can I fine-tune on a single GPU", TUNING),
    ("memory efficient training of large models", TUNING),
    ("which fine-tuning method is cheapest", TUNING),
    ("how is DPO different from PPO", RLHF),
    ("how does the reward model get trained", RLHF),
    ("what keeps the model from gaming the reward", RLHF),
    ("What is RLHF and why is it important?", RLHF),
    ("bert vs gpt", FAMILIES),
    ("which models are good for translation", FAMILIES),
    ("does the model see words in both directions", FAMILIES),
    ("why do transformers not use recurrence", TRANSFORMER),
    ("order of words in a transformer", TRANSFORMER),
    ("parallel training", TRANSFORMER),
    ("why are transformers faster to train than RNNs", TRANSFORMER),
    ("what are the main components of a transformer", TRANSFORMER),
    ("long range dependencies", TRANSFORMER),
    ("explain the transformer architecture", TRANSFORMER),
    ("model for text classification", FAMILIES),
    ("is gpt bidirectional", FAMILIES),
    ("why is attention quadratic", ATTENTION),
    ("why divide by the square root", ATTENTION),
    ("what stores keys and values during generation", ATTENTION),
    ("what makes attention expensive on long inputs", ATTENTION),
    ("how do I reduce hallucinations with documents", RAG),
    ("how to keep an llm up to date without retraining", RAG),
    ("how do we search documents by meaning", RAG),
    ("why do answers cite documents", RAG),
    ("how do i stop my llm from making up facts", RAG),
    ("what happens if retrieval misses the passage", RAG),
    ("do LLM judges have biases", EVALUATION),
    ("can a model judge another model", EVALUATION),
    ("metrics for summarization", EVALUATION),
    ("how do I measure the quality of generated text", EVALUATION),
    ("human raters disagree", EVALUATION),
    ("How do you evaluate LLM outputs?", EVALUATION),
]

ABSENT = [
    "kubernetes",
    "photosynthesis",
    "the",
    "bart simpson",
    "docker",
    "mamba",
    "mixture of experts",
    "capital of france",
    "how do I cook rice",
    "support vector machine",
    "k-means clustering",
    "vision transformer",
    "page rank",
    "attention deficit disorder",
    "how to train a dog",
    "batch normalization",
    "weight loss",
    "what is love",
    "model",
    "human rights law",
    "prompt injection",
    "chain of thought",
    "memory foam mattress",
    "learning rate",
    "sql",
    "ram",
]

HOSTILE = [
    "",
    "   ",
    '"',
    "'; DROP TABLE passages; --",
    "AND OR NOT",
    "NEAR(",
    'prompt:"*',
    "🙂🙃",
    "\x00\x1b[31m",
    "\ud800",
    "x" * 8_000,
    "(" * 8_000,
    "مرحبا",
    "注意力",
]


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


@pytest.mark.parametrize(("asked", "title"), NAMED + MISSPELT)
def test_a_name_alias_or_slip_finds_the_term(library: Library, asked: str, title: str) -> None:
    found = library.explain(asked)
    assert (found.found, found.title, found.term) == (True, title, asked)
    [source] = found.sources
    deck = library.deck(source.deck)
    assert deck is not None
    question = deck.question(source.question)
    assert question is not None
    assert question.section == source.section
    [definition] = [term.definition for term in question.terms if term.name == title]
    told, passage = found.text.split("\n\n", 1)
    assert told == definition
    assert passage in question.reference


@pytest.mark.parametrize(("asked", "question"), ASKED)
def test_plain_words_find_the_right_question_first(
    library: Library, asked: str, question: str
) -> None:
    found = library.explain(asked)
    assert found.found
    assert found.sources[0].question == question


@pytest.mark.parametrize("asked", ABSENT)
def test_what_the_guide_lacks_is_not_invented(library: Library, asked: str) -> None:
    found = library.explain(asked)
    assert (found.found, found.sources) == (False, ())
    assert found.text.startswith(f"The guide doesn't cover “{asked}”.")
    assert found.related


def test_a_comparison_quotes_both_definitions(library: Library) -> None:
    found = library.explain("what's the difference between LoRA and QLoRA?")
    assert found.title.startswith("How do full fine-tuning, LoRA, QLoRA")
    first, second = found.text.split("\n\n")[:2]
    assert first.startswith("LoRA: ")
    assert second.startswith("QLoRA: ")
    assert found.related[:2] == ("LoRA", "QLoRA")


def test_every_source_of_a_quoted_definition_is_cited(library: Library) -> None:
    found = library.explain("how do BERT and RAG compare")
    assert {source.question for source in found.sources} == {FAMILIES, RAG}


def test_a_term_named_in_a_query_that_is_not_covered_is_the_nearest(library: Library) -> None:
    found = library.explain("deploying qlora on kubernetes clusters")
    assert not found.found
    assert found.related[0] == "QLoRA"


@pytest.mark.parametrize("asked", HOSTILE)
def test_hostile_words_are_answered_in_words(library: Library, asked: str) -> None:
    found = library.explain(asked)
    assert (found.found, found.term) == (False, asked)
    assert len(found.text) < 400


@settings(max_examples=200, deadline=None)
@given(asked=st.text(max_size=200))
def test_no_text_makes_explain_or_suggest_raise(library: Library, asked: str) -> None:
    found = library.explain(asked)
    assert bool(found.sources) is found.found
    assert len(library.suggest(asked)) <= 25


def test_every_name_and_alias_of_the_guide_leads_to_its_term(library: Library) -> None:
    for question in library.decks()[0].questions():
        for term in question.terms:
            for name in (term.name, *term.aliases, term.name.upper(), f"What is {term.name}?"):
                assert library.explain(name).title == term.name, name


def test_every_prompt_and_key_point_leads_to_its_question(library: Library) -> None:
    for question in library.decks()[0].questions():
        for text in (question.prompt, *(point.text for point in question.key_points)):
            found = library.explain(text)
            assert found.sources[0].question == question.id, text


def test_the_json_has_exactly_the_agreed_keys(library: Library) -> None:
    data = json.loads(json.dumps(library.explain("lora").to_json()))
    assert list(data) == ["term", "found", "title", "text", "sources", "related"]
    assert data["sources"] == [
        {
            "deck": "llm-interviews",
            "section": "Fine-tuning and training",
            "question": "fine-tuning-methods",
        }
    ]
    missing = library.explain("kubernetes").to_json()
    assert (missing["found"], missing["sources"]) == (False, [])
    assert missing["related"]


def test_threads_can_ask_at_the_same_time(library: Library) -> None:
    alone = [library.explain(asked) for asked, _ in ASKED]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(library.explain, [asked for asked, _ in ASKED] * 10))
    assert together == alone * 10


def test_suggestions_begin_with_what_was_typed_before_they_guess(library: Library) -> None:
    assert library.suggest("lo")[0] == "LoRA"
    assert library.suggest("Quant")[:2] == ["Quantization", "QLoRA"]  # "quantized LoRA" is an alias
    assert "KV cache" in library.suggest("cache")
    assert library.suggest("transfomer") == ["Transformer"]
    assert library.suggest("zzzz") == []
    assert len(library.suggest("", limit=7)) == 7
    assert library.suggest("a", limit=0) == []


@pytest.mark.parametrize("other", ["bart", "rope", "bet", "loran", "retention", "borrow"])
def test_another_word_is_not_taken_for_a_slip(other: str) -> None:
    known = Speller(["bert", "lora", "attention", "dropout", "rag"])
    assert known.closest(other) is None


@pytest.mark.parametrize(
    ("typed", "meant"), [("bret", "bert"), ("loora", "lora"), ("attentoin", "attention")]
)
def test_a_slip_finds_its_word(typed: str, meant: str) -> None:
    assert Speller(["bert", "lora", "attention"]).closest(typed) == meant
