"""Plain HTML forms: they work without the page's script. Login, switching, saying, pressing."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from adapters.web import posting
from adapters.web.context import (
    DEFAULT_NAME,
    MEMBER_COOKIE,
    Asking,
    WebParts,
    admit,
    check_password,
)
from adapters.web.render import page
from adapters.web.session import SESSION_COOKIE, SESSION_DAYS
from adapters.web.words import LARGEST_ID, clean_name
from bot.commands.core import TextFile
from bot.errors import InvalidError
from bot.messages.message import Action

router = APIRouter(include_in_schema=False)
_FORM = "application/x-www-form-urlencoded"
_DAY = 86_400
RowId = Annotated[int | None, Query(ge=1, le=LARGEST_ID)]


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form as a browser sends it. Raises HTTPException 415 or 400."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise HTTPException(415, "This address takes the page's own form.")
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"), errors="strict", max_num_fields=20
        )
    except ValueError as error:
        raise HTTPException(400, "That form can't be read.") from error
    return dict(pairs)


Fields = Annotated[dict[str, str], Depends(form_fields)]


@router.get("/login")
async def login_page(request: Request, web: WebParts) -> Response:
    """Where a name and the password are asked for."""
    if web.sessions is None:
        return RedirectResponse("/", 303)
    return page(request, "login.html", problem="", name="")


@router.post("/login")
async def login(request: Request, web: WebParts, fields: Fields) -> Response:
    """Start a session for a member; the first one where nobody is becomes an organiser."""
    if web.sessions is None:
        return RedirectResponse("/", 303)
    raw = fields.get("name", "")
    try:
        check_password(request, web, web.sessions, fields.get("password", ""))
        name = clean_name(raw)
    except (HTTPException, InvalidError) as error:
        status = error.status_code if isinstance(error, HTTPException) else 422
        problem = error.detail if isinstance(error, HTTPException) else str(error)
        return page(request, "login.html", status=status, problem=problem, name=raw[:80])
    async with web.services.store.write() as tx:
        room = await web.room(tx)
        await admit(tx, room, name, first_organises=True)
    response = RedirectResponse("/", 303)
    response.set_cookie(
        SESSION_COOKIE,
        web.sessions.issue(name, web.services.clock()),
        max_age=SESSION_DAYS * _DAY,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/logout")
async def logout() -> Response:
    """End the session in this browser."""
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return response


@router.post("/member")
async def switch_member(web: WebParts, fields: Fields) -> Response:
    """Speak as another member; a new name is made a member on first use."""
    if web.sessions is not None:
        raise HTTPException(403, "Log in under that name instead: this playground has a password.")
    name = clean_name(fields.get("name", ""))
    response = RedirectResponse(_own_page(fields.get("back", "/")), 303)
    response.set_cookie(
        MEMBER_COOKIE, quote(name), max_age=365 * _DAY, httponly=True, samesite="lax"
    )
    return response


@router.post("/say")
async def say(
    web: WebParts,
    asking: Asking,
    fields: Fields,
    thread: RowId = None,
    round_id: RowId = None,
) -> Response:
    """The composer without the page's script: a command, a reply or talk."""
    name, text = asking.name or DEFAULT_NAME, fields.get("text", "")
    if text.lstrip().startswith("/"):
        said = await posting.command(web, asking, name, text, thread, forms=False)
        for each in said:
            if each.response.file is not None:
                return _download(each.response.file)
    elif round_id is not None:
        await posting.reply(web, asking, round_id, name, text)
    else:
        await posting.talk(web, asking, name, text, thread)
    return _back(thread)


@router.post("/press")
async def press(web: WebParts, asking: Asking, fields: Fields, thread: RowId = None) -> Response:
    """A message's button without the page's script."""
    pressed = _pressed(fields.get("press", ""))
    await posting.press(web, asking, asking.name or DEFAULT_NAME, pressed, thread)
    return _back(thread)


def _download(file: TextFile) -> Response:
    """A command's file, for browsers that don't run the page's script."""
    named = f"attachment; filename*=UTF-8''{quote(file.name)}"
    headers = {"content-disposition": named, "cache-control": "no-store"}
    return Response(file.text, media_type="text/plain", headers=headers)


def _pressed(value: str) -> posting.Pressed:
    """A button's value: ``uphold:12``. Raises InvalidError."""
    action, _, target = value.partition(":")
    if action in tuple(Action) and target.isdecimal() and 0 < int(target[:20]) <= LARGEST_ID:
        return posting.Pressed(Action(action), int(target[:20]))
    raise InvalidError("That button can't be read. Reload the page, then try again.")


def _back(thread: int | None) -> Response:
    return RedirectResponse(f"/?thread={thread}" if thread else "/", 303)


def _own_page(path: str) -> str:
    """A path on this server to go back to, never another site's."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else "/"
