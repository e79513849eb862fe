"""A studybot on the Discord of our own that takes commands, buttons and modals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from adapters.discord import interactions
from bot.domain.rounds import Answer, Grade
from tests.platforms.discord_server.components import modal_inputs
from tests.platforms.discord_server.interactions import Interaction
from tests.platforms.discord_server.people import Person
from tests.platforms.discord_server.place import Place
from tests.platforms.discord_server.refusals import Json
from tests.platforms.discord_server.world import Message
from tests.platforms.discord_world import Studybot, a_studybot


@asynccontextmanager
async def interacting(folder: Path, place: Place, **given: Any) -> AsyncIterator[Studybot]:
    """studybot with people's interactions alone; ``given`` is a_studybot's."""
    async with a_studybot(folder, place, attach=[interactions.attach], **given) as bot:
        yield bot


async def modal_of(asked: Interaction) -> Json:
    """The modal that opened."""
    modal = (await asked.response()).modal
    assert modal is not None, "no modal opened"
    return modal


async def values_of(asked: Interaction) -> dict[str, str]:
    """What a modal's inputs were filled with."""
    inputs = modal_inputs(await modal_of(asked))
    return {name: str(each.get("value") or "") for name, each in inputs.items()}


async def answer_by_button(person: Person, question: Message, text: str) -> Message:
    """Press Answer, fill the modal in and send it; what comes back."""
    asked = person.press(question, "Answer")
    await modal_of(asked)
    return await person.submit(asked, {"text": text}).answer()


async def answer_of(bot: Studybot, person: Person) -> Answer | None:
    """A person's answer to the newest round."""
    round_, member = await bot.round(), await bot.member(person)
    async with bot.parts.store.read() as tx:
        return await tx.answers.find(round_.id, member.id)


async def words_of(bot: Studybot, person: Person) -> list[str]:
    """Every wording of a person's answer."""
    answer = await answer_of(bot, person)
    if answer is None:
        return []
    async with bot.parts.store.read() as tx:
        return [revision.text for revision in await tx.answers.revisions(answer.id)]


async def grade_of(bot: Studybot, person: Person) -> Grade | None:
    """The grade of a person's answer."""
    answer = await answer_of(bot, person)
    if answer is None or answer.revision_id is None:
        return None
    async with bot.parts.store.read() as tx:
        return await tx.answers.grade(answer.revision_id)


async def reference(bot: Studybot) -> str:
    """What answers the question."""
    round_ = await bot.round()
    assert round_.question is not None
    return round_.question.reference
