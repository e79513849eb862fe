"""Commands about guides: bring one, see which there are, change to another."""

from __future__ import annotations

from bot.commands.core import (
    Call,
    Form,
    FormField,
    Option,
    OptionKind,
    Response,
    TextFile,
    Values,
)
from bot.errors import ForbiddenError
from bot.messages.decks import (
    discarded_message,
    draft_message,
    how_message,
    imported_message,
    points_message,
    shelf_message,
    using_message,
)
from bot.messages.message import Action
from bot.study import decks
from bot.study.groups import Setup, set_up
from bot.study.services import Services
from bot.study.shelves import deck_of

IMPORT_OPTIONS = (
    Option("file", "The guide: .md, .txt, .csv, .tsv or .apkg, up to 5 MB", OptionKind.FILE),
    Option("title", "What to call it, if the file doesn't say"),
    Option("deck", "Your guide that this is a new version of", OptionKind.DECK),
)
USE_OPTIONS = (Option("deck", "Which guide to ask from", OptionKind.DECK, required=True),)


async def import_deck(services: Services, call: Call, values: Values) -> Response:
    """``/study deck import``: read the file that came along and show what was understood."""
    if call.file is None:
        return Response(how_message(), private=True, form=_form())
    drafted = await decks.draft(
        services,
        call.group,
        call.member,
        call.file,
        title=values.get("title"),
        deck_id=values.get("deck"),
    )
    return Response(draft_message(drafted), private=True)


def _form() -> Form:
    fields = tuple(FormField(option, option.name.capitalize(), "") for option in IMPORT_OPTIONS)
    return Form("Bring your own guide", "study deck import", fields)


async def list_decks(services: Services, call: Call, _: Values) -> Response:
    """``/study deck list``: what the group can use, and which it uses."""
    return Response(shelf_message(await decks.shelf(services, call.group)), private=True)


async def use_deck(services: Services, call: Call, values: Values) -> Response:
    """``/study deck use DECK``: the next question comes from it."""
    deck = await deck_of(services, call.group, values["deck"])
    before = deck.id == call.group.deck_id
    if not before:
        await set_up(services, call.group, Setup(deck_id=deck.id))
    return Response(using_message(deck, before=before), private=True)


async def press_import(services: Services, call: Call, action: Action, draft_id: int) -> Response:
    """A button of an import's preview. Raises ForbiddenError, NotFoundError or ConflictError."""
    if not call.organiser:
        raise ForbiddenError("Only organisers can decide on imports.")
    match action:
        case Action.IMPORT_DISCARD:
            title = await decks.discard(services, call.group, draft_id)
            return Response(discarded_message(title), private=True)
        case Action.IMPORT_SHOW:
            return await _show(services, call, draft_id)
        case _:
            use = action is Action.IMPORT_USE
            done = await decks.accept(services, call.group, call.member, draft_id, use=use)
            return Response(imported_message(done), private=True)


async def _show(services: Services, call: Call, draft_id: int) -> Response:
    """The draft as a file that can be corrected and imported."""
    async with services.store.read() as tx:
        draft = await decks.open_draft(tx, call.group, draft_id, services.clock())
    file = TextFile(f"{draft.deck_id}.md", draft.text)
    message = points_message(str(draft.report["title"]), file.name)
    return Response(message, private=True, file=file)
