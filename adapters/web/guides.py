"""The group's guides: which there are, and a form to bring one. Works without the page's script."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from adapters.web import posting
from adapters.web.context import DEFAULT_NAME, Asking, Identity, Web, WebParts
from adapters.web.multipart import Part, parts_of
from adapters.web.pages import shared
from adapters.web.render import page
from adapters.web.words import LARGEST_ID
from bot.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from bot.messages.decks import holds
from bot.study import decks
from bot.study.decks import GivenFile

router = APIRouter(include_in_schema=False)
UPLOAD = "/guides/import"
"""Where a guide is posted to: the one address that takes more than 64 kB."""
LARGEST_UPLOAD = decks.LARGEST_FILE + 64 * 1024
ONLY_ORGANISERS = "Only organisers can bring guides."
PASTED = "pasted.txt"
DraftId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


@router.get("/guides")
async def guides(request: Request, web: WebParts, asking: Asking) -> Response:
    """Every guide that the group can use, and the form to bring another."""
    return await _page(request, web, asking)


@router.post(UPLOAD)
async def import_guide(request: Request, web: WebParts, asking: Asking) -> Response:
    """Read what was sent; what was understood is shown in the channel, to them alone."""
    given = _fields(request.headers.get("content-type", ""), await request.body())
    values = {name: _text(given, name) for name in ("title", "deck")}
    try:
        said = await posting.import_guide(
            web,
            asking,
            asking.name or DEFAULT_NAME,
            _file(given),
            {name: value for name, value in values.items() if value},
        )
    except (InvalidError, NotFoundError, ConflictError) as error:
        kept = {**values, "text": _text(given, "text")}
        return await _page(request, web, asking, status=422, problem=str(error), kept=kept)
    return RedirectResponse(f"/#post-{said.post_id}", 303)


@router.get("/guides/drafts/{draft_id}")
async def draft_file(draft_id: DraftId, web: WebParts, asking: Asking) -> Response:
    """An import that waits for a yes, as a file to correct."""
    async with web.services.store.read() as tx:
        room = await web.room(tx)
        if not (await web.viewer(tx, room, asking)).organiser:
            raise ForbiddenError(ONLY_ORGANISERS)
        draft = await decks.open_draft(tx, room.group, draft_id, web.services.clock())
    headers = {"content-disposition": f'attachment; filename="{draft.deck_id}.md"'}
    return Response(draft.text, media_type="text/markdown; charset=utf-8", headers=headers)


async def _page(
    request: Request,
    web: Web,
    asking: Identity,
    *,
    status: int = 200,
    problem: str = "",
    kept: dict[str, str] | None = None,
) -> Response:
    async with web.services.store.read() as tx:
        room = await web.room(tx)
        viewer = await web.viewer(tx, room, asking)
        if not viewer.organiser:
            raise ForbiddenError(ONLY_ORGANISERS)
        context: dict[str, Any] = await shared(tx, web, room, viewer)
    return page(
        request,
        "guides.html",
        status=status,
        **context,
        shelf=await decks.shelf(web.services, room.group),
        holds=holds,
        endings=",".join(decks.ENDINGS),
        problem=problem,
        kept=kept or {},
        page_name="guides",
    )


def _fields(content_type: str, body: bytes) -> dict[str, Part]:
    """Raises HTTPException 415 or 400."""
    if not content_type.lower().startswith("multipart/form-data"):
        raise HTTPException(415, "This address takes the page's own form.")
    try:
        return {part.name: part for part in parts_of(content_type, body)}
    except ValueError as error:
        raise HTTPException(400, "That form can't be read.") from error


def _text(given: dict[str, Part], name: str) -> str:
    part = given.get(name)
    return part.data.decode("utf-8", "replace").strip() if part else ""


def _file(given: dict[str, Part]) -> GivenFile:
    """The chosen file, or else what was pasted. Raises InvalidError for neither or both."""
    chosen, pasted = given.get("file"), given.get("text")
    has_file = chosen is not None and bool(chosen.filename)
    has_text = pasted is not None and bool(pasted.data.strip())
    if chosen is not None and has_file and not has_text:
        return _given(chosen.filename or "", chosen.data)
    if pasted is not None and has_text and not has_file:
        return _given(PASTED, pasted.data)
    if has_file:
        raise InvalidError("Send a file or paste its text, not both.")
    raise InvalidError("Choose your guide's file, or paste its text.")


def _given(name: str, data: bytes) -> GivenFile:
    async def read() -> bytes:
        return data

    return GivenFile(name, len(data), read)
