"""The Discord of our own, as the real client meets its commands, buttons and modals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import discord
import pytest
from discord import app_commands

from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.real_client import running
from tests.platforms.discord_server.typed import NotPossible

Asked = discord.Interaction["Bot"]
TERMS = ("lora", "loss", "layer norm")


class AnswerModal(discord.ui.Modal, title="Your answer"):
    """One field in an old row and one in a new label."""

    text: discord.ui.TextInput[AnswerModal] = discord.ui.TextInput(
        label="Answer", custom_id="text", style=discord.TextStyle.long, min_length=5, max_length=20
    )
    sure = discord.ui.Label(
        text="How sure are you?",
        component=discord.ui.Select[discord.ui.LayoutView](
            custom_id="sure", options=[discord.SelectOption(label=each) for each in ("yes", "no")]
        ),
    )

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        chosen = self.sure.component
        assert isinstance(chosen, discord.ui.Select)
        text = f"Taken: {self.text.value} ({chosen.values[0]})"
        await interaction.response.send_message(text, ephemeral=True)


class RoundView(discord.ui.View):
    """What a round's message has under it, for good."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Answer", custom_id="answer")
    async def answer(self, interaction: Asked, _: discord.ui.Button[RoundView]) -> None:
        await interaction.response.send_modal(AnswerModal(custom_id="form"))

    @discord.ui.button(label="Close", custom_id="close")
    async def close(self, interaction: Asked, _: discord.ui.Button[RoundView]) -> None:
        await interaction.response.edit_message(content="Closed", view=None)

    @discord.ui.button(label="Later", custom_id="later")
    async def later(self, interaction: Asked, _: discord.ui.Button[RoundView]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="Edited later")


class Chooser(discord.ui.ActionRow[discord.ui.LayoutView]):
    """A select in a message that is made of components."""

    @discord.ui.select(
        custom_id="deck", options=[discord.SelectOption(label=each) for each in TERMS]
    )
    async def deck(
        self, interaction: Asked, chosen: discord.ui.Select[discord.ui.LayoutView]
    ) -> None:
        await interaction.response.send_message(f"Chosen: {chosen.values[0]}", ephemeral=True)


class Bot(discord.Client):
    """Slash commands, a context menu and the view above; what failed is kept."""

    def __init__(self) -> None:
        intents = discord.Intents(guilds=True)
        super().__init__(intents=intents, guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.gate = asyncio.Event()
        self.gate.set()
        self.failed: asyncio.Queue[Exception] = asyncio.Queue()

    async def setup_hook(self) -> None:
        self.add_view(RoundView())
        add_commands(self)
        await self.tree.sync()

    async def failure(self) -> discord.HTTPException:
        error = await asyncio.wait_for(self.failed.get(), 5)
        assert isinstance(error, discord.HTTPException)
        return error


def add_commands(bot: Bot) -> None:
    study = app_commands.Group(
        name="study",
        description="Organise",
        default_permissions=discord.Permissions(manage_guild=True),
    )

    @study.command(description="Set up")
    async def setup(
        interaction: Asked, time: str, where: discord.TextChannel | None = None
    ) -> None:
        named = "here" if where is None else where.name
        await interaction.response.send_message(f"{time} in {named}", ephemeral=True)

    @bot.tree.command(description="Explain a term")
    async def explain(interaction: Asked, term: str) -> None:
        await bot.gate.wait()
        try:
            await interaction.response.send_message(f"{term} is explained", view=RoundView())
            await interaction.followup.send("more of it")
        except discord.HTTPException as error:
            bot.failed.put_nowait(error)

    @explain.autocomplete("term")
    async def suggest(_: Asked, typed: str) -> list[app_commands.Choice[str]]:
        fitting = [term for term in TERMS if term.startswith(typed)]
        return [app_commands.Choice(name=term.title(), value=term) for term in fitting]

    @bot.tree.command(description="Think first")
    async def think(interaction: Asked, hidden: bool) -> None:  # noqa: FBT001  (an option)
        await interaction.response.defer(thinking=True, ephemeral=hidden)
        await bot.gate.wait()
        try:
            await interaction.followup.send("Thought about it")
            await interaction.followup.send("and more")
        except discord.HTTPException as error:
            bot.failed.put_nowait(error)

    @bot.tree.command(description="Choose")
    async def choose(interaction: Asked) -> None:
        layout = discord.ui.LayoutView(timeout=None)
        layout.add_item(discord.ui.Container(discord.ui.TextDisplay("Choose a deck"), Chooser()))
        await interaction.response.send_message(view=layout)

    @bot.tree.command(description="Change your mind")
    async def regret(interaction: Asked) -> None:
        await interaction.response.send_message("first", ephemeral=True)
        more = await interaction.followup.send("second", ephemeral=True, wait=True)
        await interaction.followup.edit_message(more.id, content="third")
        assert (await interaction.original_response()).content == "first"
        await interaction.delete_original_response()

    @bot.tree.context_menu(name="Grade this")
    async def grade(interaction: Asked, message: discord.Message) -> None:
        await interaction.response.send_message(f"Graded: {message.content}", ephemeral=True)

    bot.tree.add_command(study)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


@pytest.fixture
async def bot(place: Place) -> AsyncIterator[Bot]:
    async with running(Bot(), place.server) as client:
        yield client


@pytest.mark.usefixtures("bot")
async def test_a_slash_command_is_answered_for_one_person(place: Place) -> None:
    options = {"time": "09:00", "where": place.channel}
    asked = place.ada.slash(place.channel, "study setup", options)
    response = await asked.response()
    assert (response.kind, response.ephemeral, response.text) == (
        "message",
        True,
        "09:00 in general",
    )
    assert [message.content for message in place.ada.screen(place.channel)] == ["09:00 in general"]
    assert place.bob.screen(place.channel) == []


@pytest.mark.usefixtures("bot")
async def test_what_the_app_would_not_send_is_not_possible(place: Place) -> None:
    for command, options in (
        ("study setup", {"time": "09:00"}),  # bob doesn't manage the server
        ("explain", {}),
        ("explain", {"term": 3}),
        ("explain", {"term": "lora", "other": "x"}),
        ("nothing", {}),
    ):
        with pytest.raises(NotPossible):
            place.bob.slash(place.channel, command, options)


@pytest.mark.usefixtures("bot")
async def test_autocomplete_suggests(place: Place) -> None:
    typed = place.bob.autocomplete(place.channel, "explain", "term", "lo")
    response = await typed.response()
    assert [choice["value"] for choice in response.choices] == ["lora", "loss"]


@pytest.mark.usefixtures("bot")
async def test_an_answer_and_its_follow_up_are_in_the_channel(place: Place) -> None:
    asked = place.bob.slash(place.channel, "explain", {"term": "lora"})
    answer, more = await asked.answer(), await asked.followup()
    assert (answer.content, more.content) == ("lora is explained", "more of it")
    assert list(place.channel.messages) == [answer.id, more.id]


async def test_a_late_answer_is_refused(place: Place, bot: Bot) -> None:
    place.server.interactions.settings.answer_within = 0
    place.bob.slash(place.channel, "explain", {"term": "lora"})
    failure = await bot.failure()
    assert (failure.status, failure.code) == (404, 10062)
    assert place.server.interactions.late == 1


async def test_a_second_answer_is_refused(place: Place, bot: Bot) -> None:
    asked = place.bob.slash(place.channel, "explain", {"term": "lora"})
    await asked.response()
    # The library itself stops a second answer; another process would not.
    route = discord.http.Route(
        "POST",
        "/interactions/{webhook_id}/{webhook_token}/callback",
        webhook_id=asked.id,
        webhook_token=asked.token,
    )
    with pytest.raises(discord.HTTPException) as refused:
        await bot.http.request(route, json={"type": 4, "data": {"content": "again"}})
    assert refused.value.code == 40060


@pytest.mark.parametrize("hidden", [False, True])
async def test_a_deferred_answer_is_loading_until_it_comes(
    place: Place, bot: Bot, *, hidden: bool
) -> None:
    bot.gate.clear()
    asked = place.bob.slash(place.channel, "think", {"hidden": hidden})
    response = await asked.response()
    assert response.kind == "deferred"
    assert response.message is not None
    assert response.message.loading
    bot.gate.set()
    answer = await asked.answer()
    assert (answer.content, answer.ephemeral) == ("Thought about it", hidden)
    assert (await asked.followup()).content == "and more"
    assert (answer.id in place.channel.messages) is not hidden


async def test_a_token_outlives_its_time(place: Place, bot: Bot) -> None:
    bot.gate.clear()
    asked = place.bob.slash(place.channel, "think", {"hidden": False})
    await asked.response()
    place.server.interactions.settings.token_lives = 0
    bot.gate.set()
    assert (await bot.failure()).code == 50027


@pytest.mark.usefixtures("bot")
async def test_a_button_shows_a_modal_and_its_submit_is_answered(place: Place) -> None:
    asked = place.bob.slash(place.channel, "explain", {"term": "lora"})
    message = await asked.answer()
    pressed = place.ada.press(message, "Answer")
    response = await pressed.response()
    assert response.modal is not None
    assert response.modal["title"] == "Your answer"
    with pytest.raises(NotPossible):
        place.ada.submit(pressed, {"text": "four", "sure": ["yes"]})
    with pytest.raises(NotPossible):
        place.bob.submit(pressed, {"text": "Rank matters", "sure": ["yes"]})
    sent = place.ada.submit(pressed, {"text": "Rank matters", "sure": ["yes"]})
    answer = await sent.answer()
    assert (answer.content, answer.ephemeral) == ("Taken: Rank matters (yes)", True)


@pytest.mark.usefixtures("bot")
async def test_buttons_update_their_message_at_once_or_later(place: Place) -> None:
    asked = place.bob.slash(place.channel, "explain", {"term": "lora"})
    message = await asked.answer()
    assert message.buttons == {"answer": "Answer", "close": "Close", "later": "Later"}
    later = place.ada.click(message, "later")
    assert (await later.response()).kind == "deferred_update"
    assert (await later.answer()).content == "Edited later"
    closing = place.ada.click(message, "close")
    assert (await closing.response()).kind == "update"
    assert (message.content, message.buttons) == ("Closed", {})
    with pytest.raises(NotPossible):
        place.ada.click(message, "close")


@pytest.mark.usefixtures("bot")
async def test_a_context_menu_is_given_the_message_with_its_content(place: Place) -> None:
    said = place.bob.say(place.channel, "an answer that the bot wasn't told")
    graded = place.ada.menu(said, "Grade this")
    assert (await graded.response()).text == "Graded: an answer that the bot wasn't told"


@pytest.mark.usefixtures("bot")
async def test_a_message_made_of_components_is_read_and_chosen_from(place: Place) -> None:
    asked = place.bob.slash(place.channel, "choose")
    message = await asked.answer()
    assert message.text == "Choose a deck"
    chosen = place.ada.select(message, "deck", ["lora"])
    assert (await chosen.response()).text == "Chosen: lora"
    with pytest.raises(NotPossible):
        place.ada.select(message, "deck", ["nothing"])


@pytest.mark.usefixtures("bot")
async def test_answers_are_edited_and_deleted_by_their_token(place: Place) -> None:
    asked = place.bob.slash(place.channel, "regret")
    await asked.followup()
    gone = await place.server.until(lambda: asked.original and asked.original.deleted)
    assert gone
    assert [message.content for message in place.bob.screen(place.channel)] == ["third"]
    assert place.ada.screen(place.channel) == []


@pytest.mark.usefixtures("bot")
async def test_a_reply_to_an_answer_of_a_command_is_no_mention(place: Place) -> None:
    asked = place.bob.slash(place.channel, "explain", {"term": "lora"})
    reply = place.bob.say(place.channel, "thanks", reply_to=await asked.answer())
    assert reply.mentions == []
    assert not place.server.messages.payloads.content_shown(reply)


@pytest.mark.usefixtures("bot")
async def test_commands_work_in_direct_messages(place: Place) -> None:
    asked = place.bob.slash(place.bob.direct, "explain", {"term": "loss"})
    assert (await asked.answer()).channel is place.bob.direct


async def test_a_guilds_commands_are_kept_apart_and_keep_their_ids(place: Place, bot: Bot) -> None:
    guild = discord.Object(place.guild.id)
    bot.tree.copy_global_to(guild=guild)
    first = await bot.tree.sync(guild=guild)
    again = await bot.tree.sync(guild=guild)
    assert [each.id for each in first] == [each.id for each in again]
    assert {each.name for each in await bot.tree.fetch_commands()} == {
        "study",
        "explain",
        "think",
        "choose",
        "regret",
        "Grade this",
    }


async def test_a_modal_that_breaks_a_limit_is_refused(place: Place, bot: Bot) -> None:
    asked = place.bob.slash(place.channel, "explain", {"term": "lora"})
    pressed = place.ada.press(await asked.answer(), "Answer")
    await pressed.response()
    route = discord.http.Route(
        "POST",
        "/interactions/{webhook_id}/{webhook_token}/callback",
        webhook_id=pressed.id,
        webhook_token=pressed.token,
    )
    pressed.first = None  # as if it had not been answered
    modal = {"title": "t" * 46, "custom_id": "form", "components": []}
    with pytest.raises(discord.HTTPException) as refused:
        await bot.http.request(route, json={"type": 9, "data": modal})
    assert "data.title:" in refused.value.text
    assert "data.components:" in refused.value.text
