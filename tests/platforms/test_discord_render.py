"""What Discord's renderer makes of neutral messages: within every limit, and no markup."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord.markdown import cut, escaped
from adapters.discord.render import custom_id, embed_of, pressed, view_of
from bot.messages.message import (
    Action,
    Button,
    Code,
    Facts,
    Items,
    Mark,
    Mention,
    Message,
    Quote,
    Ranking,
    RankRow,
    Strong,
    Tone,
    When,
    item,
    paragraph,
)
from tests.platforms.discord_server import components, embeds
from tests.platforms.discord_server.refusals import Form

AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
HOSTILE = st.text(alphabet=st.sampled_from("ab 1.)\n\\*_~`|<>@:#-+[]()/“ﬀ😀"), max_size=300)


def shown(message: Message) -> str:
    return embed_of(message).description or ""


def test_each_block_has_its_form() -> None:
    text = shown(
        Message(
            "A title",
            (
                paragraph("plain ", Strong("strong"), " ", Code("/me"), " ", Mention(3, "a_da")),
                Quote("two\nlines", "the guide"),
                Items((item("x", mark=Mark.COVERED, detail="“y”"), item("z")), "Points"),
                Ranking((RankRow(1, Mention(3, "ada"), 90, 2, 4, highlight=True),)),
                paragraph("until ", When(AT), " or ", When(AT, relative=True)),
            ),
        )
    )
    assert text.split("\n\n") == [
        "plain **strong** `/me` a\\_da",
        "**the guide**\n> two\n> lines",
        "**Points**\n✅ x\n-# “y”\n• z",
        "`1` **ada** · 90 points · 2 answered · streak 4",
        "until <t:1780304400:f> or <t:1780304400:R>",
    ]


def test_facts_at_the_end_are_fields_and_stay_in_place_elsewhere() -> None:
    facts = Facts((("Section", ("LoRA",)), ("Closes", (When(AT),))))
    last = embed_of(Message("t", (paragraph("a"), facts)))
    assert [(field.name, field.value) for field in last.fields] == [
        ("Section", "LoRA"),
        ("Closes", "<t:1780304400:f>"),
    ]
    amid = embed_of(Message("t", (facts, paragraph("a"))))
    assert not amid.fields
    assert amid.description == "**Section:** LoRA\n**Closes:** <t:1780304400:f>\n\na"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<@123> @everyone <#1> <:e:2>", "\\<\\@123\\> \\@everyone \\<#1\\> \\<:e:2\\>"),
        ("# not a heading", "\\# not a heading"),
        ("1. first\n2) second", "1\\. first\n2\\) second"),
        ("- a\n+ b\n  - c", "\\- a\n\\+ b\n  \\- c"),
        ("a - b # c 1. d", "a - b # c 1. d"),
        ("[text](https://a.example/x_y)", "\\[text\\](https://a.example/x_y)"),
        ("https://a.example/x_y_z is it_", "https://a.example/x_y_z is it\\_"),
    ],
)
def test_no_text_is_markup(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_a_question_longer_than_a_title_is_shown_in_full() -> None:
    prompt = "why " * 80
    embed = embed_of(Message(prompt.strip(), tone=Tone.QUESTION))
    assert embed.title is None
    assert prompt.strip() in (embed.description or "")


def test_one_point_is_no_points() -> None:
    row = RankRow(1, Mention(1, "ada"), 1, 1, 0)
    assert (
        embed_of(Message("t", (Ranking((row,)),))).description == "`1` ada · 1 point · 1 answered"
    )


def test_the_marker_ends_the_footer_and_a_long_footer_makes_room_for_it() -> None:
    embed = embed_of(Message("t", footer="f" * 5000), marker="sb-17")
    text = embed.footer.text or ""
    assert len(text) <= 2048
    assert text.endswith("… · sb-17")


def test_a_cut_ends_before_what_it_would_break() -> None:
    assert cut("**bold** and **bolder**", 20) == "**bold** and…"
    assert cut("at <t:1780304400:f> sharp", 12) == "at…"
    assert cut("a\\*b", 3) == "a…"
    assert cut("short", 5) == "short"


@given(HOSTILE, st.integers(0, 200))
def test_a_cut_is_never_longer_and_never_ends_in_half_an_escape(text: str, length: int) -> None:
    kept = cut(escaped(text), length)
    assert len(kept) <= length
    body = kept.removesuffix("…")
    assert (len(body) - len(body.rstrip("\\"))) % 2 == 0


SPANS = st.one_of(
    HOSTILE,
    HOSTILE.map(Strong),
    HOSTILE.map(Code),
    HOSTILE.map(lambda name: Mention(1, name)),
    st.just(When(AT)),
)
LONG = st.builds(lambda text, times: text * times, HOSTILE, st.sampled_from([1, 1, 1, 40]))
BLOCKS = st.one_of(
    st.lists(SPANS, max_size=5).map(lambda spans: paragraph(*spans)),
    st.builds(Quote, LONG, HOSTILE),
    st.builds(
        Items,
        st.lists(st.builds(item, HOSTILE, mark=st.sampled_from(Mark), detail=LONG), max_size=9).map(
            tuple
        ),
        HOSTILE,
    ),
    st.lists(st.tuples(LONG, st.lists(LONG, max_size=2).map(tuple)), max_size=40).map(
        lambda pairs: Facts(tuple(pairs))
    ),
)


@settings(max_examples=150)
@given(
    st.builds(
        Message,
        title=LONG,
        blocks=st.lists(BLOCKS, max_size=6).map(tuple),
        footer=LONG,
        tone=st.sampled_from(Tone),
    )
)
def test_any_message_is_within_what_discord_takes(message: Message) -> None:
    form = Form()
    embeds.check(form, [dict(embed_of(message, marker="sb-123456789").to_dict())])
    assert form.errors == {}


async def test_any_number_of_buttons_is_within_what_discord_takes() -> None:
    buttons = [Button(Action.ANSWER, "x" * 90, number) for number in range(30)]
    view = view_of(buttons)
    assert view is not None
    form = Form()
    components.check(form, view.to_components(), layout=False)
    assert form.errors == {}
    assert view.is_finished(), "discord.py would keep it in memory"
    assert view_of(()) is None


def test_a_button_is_told_by_its_id_and_strange_ids_are_not() -> None:
    for action in Action:
        assert pressed(custom_id(action, 2**62)) == (action, 2**62)
        assert len(custom_id(action, 2**63)) <= 100
    for text in ("", "sb", "sb:answer", "sb:answer:", "sb:answer:-1", "sb:dance:1", "xx:answer:1"):
        assert pressed(text) is None
    assert pressed("sb:answer:²") is None
