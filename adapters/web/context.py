"""What every handler of the web adapter works with: the room, the viewer, the options."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from adapters.web.events import Hub
from adapters.web.messenger import PLATFORM
from adapters.web.metrics import Metrics
from adapters.web.session import SESSION_COOKIE, Sessions, Throttle, read_basic
from adapters.web.words import clean_name, name_key
from bot.domain.group import Channel, Group, Member, Role
from bot.errors import ForbiddenError, InvalidError
from bot.store import Tx
from bot.study.groups import PLAYGROUND
from bot.study.services import Services

MEMBER_COOKIE = "studybot_member"
DEFAULT_NAME = "you"

Finder = Callable[[Tx], Awaitable[tuple[Group, Channel] | None]]


async def playground_room(tx: Tx) -> tuple[Group, Channel] | None:
    """The playground's group and channel."""
    return await tx.groups.by_channel(*PLAYGROUND)


def nothing_missing() -> Sequence[str]:
    """The readiness of a server without other adapters."""
    return ()


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How the web adapter is served.

    ``password`` None trusts everyone who can reach the address, so it is for loopback only.
    ``secret`` signs sessions; None makes one up, and sessions end with the process.
    ``hosts`` are further names that the server is reached under. ``ready`` names what else
    isn't ready yet. ``exempt`` are path prefixes whose handlers check their callers
    themselves. ``hub`` is shared with the WebMessenger, so that its posts show at once.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    password: str | None = None
    secret: bytes | None = None
    hosts: tuple[str, ...] = ()
    find_room: Finder = playground_room
    ready: Callable[[], Sequence[str]] = nothing_missing
    exempt: tuple[str, ...] = ("/slack/",)
    hub: Hub | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """The group that the pages show, and its web channel."""

    group: Group
    channel: Channel


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the request says it is from. ``proven`` by the password; else it is a free choice."""

    name: str | None
    proven: bool


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the pages. ``member`` is None until they first say something."""

    name: str
    member: Member | None
    organiser: bool

    @property
    def id(self) -> int | None:
        """The member's id, if there is a member yet."""
        return self.member.id if self.member else None


@dataclass(frozen=True, slots=True)
class Web:
    """The adapter's parts, made once by ``create_app``."""

    services: Services
    options: WebOptions
    hub: Hub
    metrics: Metrics
    sessions: Sessions | None
    throttle: Throttle

    async def room(self, tx: Tx) -> Room:
        """The group and channel shown. Raises HTTPException 503 before they exist."""
        found = await self.options.find_room(tx)
        if found is None:
            raise HTTPException(503, "The playground is still being set up. Try again shortly.")
        return Room(*found)

    def organiser(self, member: Member | None) -> bool:
        """Whether a member may do what organisers do: everyone may on one's own machine."""
        if self.sessions is None:
            return True
        return member is not None and member.role is Role.ORGANISER

    async def viewer(self, tx: Tx, room: Room, identity: Identity) -> Viewer:
        """Whom a page is shown to; makes nobody."""
        name = identity.name or DEFAULT_NAME
        member = await tx.members.of_account(room.group.id, PLATFORM, name_key(name))
        return Viewer(name, member, self.organiser(member))

    async def actor(self, tx: Tx, room: Room, identity: Identity, name: str) -> tuple[Member, bool]:
        """The member who acts, made on first use, and whether they are an organiser.

        Raises InvalidError for an unfit name, ForbiddenError for somebody else's.
        """
        wanted = clean_name(name)
        if identity.proven and name_key(wanted) != name_key(identity.name or ""):
            raise ForbiddenError(
                f"You are logged in as {identity.name}, so you can't act as {wanted}. "
                "Log in under that name first."
            )
        member = await admit(tx, room, wanted, first_organises=identity.proven)
        return member, self.organiser(member)


async def admit(tx: Tx, room: Room, name: str, *, first_organises: bool) -> Member:
    """The member of that name, made on first use.

    With ``first_organises`` they become an organiser if the group has none, unless it posts on
    another platform as well, whose admins organise it.
    """
    key = name_key(name)
    member = await tx.members.of_account(room.group.id, PLATFORM, key)
    if member is None:
        member = await tx.members.ensure(room.group.id, PLATFORM, key, name)
    if first_organises and member.role is not Role.ORGANISER:
        everyone = await tx.members.in_group(room.group.id)
        channels = await tx.groups.channels(room.group.id)
        if any(each.platform != PLATFORM for each in channels):
            return member
        if not any(each.role is Role.ORGANISER for each in everyone):
            await tx.members.set_role(member.id, Role.ORGANISER)
            return await tx.members.get(member.id) or member
    return member


def get_web(request: Request) -> Web:
    """The adapter's parts, as a dependency."""
    web: Web = request.app.state.web
    return web


WebParts = Annotated[Web, Depends(get_web)]


def identify(request: Request, web: WebParts) -> Identity:
    """Who asks. Raises HTTPException 401 where a password is set and wasn't given."""
    if web.sessions is None:
        return Identity(_chosen(request), proven=False)
    # What the request says outright wins over what the browser remembers.
    name = _basic(request, web, web.sessions)
    if name is None:
        cookie = request.cookies.get(SESSION_COOKIE, "")
        name = web.sessions.read(cookie, web.services.clock())
    if name is None:
        raise HTTPException(
            401, "Log in first: this playground has a password.", _challenge(request)
        )
    return Identity(name, proven=True)


Asking = Annotated[Identity, Depends(identify)]


def _chosen(request: Request) -> str | None:
    """The member chosen at the top of the page."""
    try:
        return clean_name(unquote(request.cookies.get(MEMBER_COOKIE, "")))
    except InvalidError:
        return None


def _basic(request: Request, web: Web, sessions: Sessions) -> str | None:
    given = read_basic(request.headers.get("authorization", ""))
    if given is None:
        return None
    check_password(request, web, sessions, given[1])
    return clean_name(given[0])


def check_password(request: Request, web: Web, sessions: Sessions, password: str) -> None:
    """Pass if the password is right. Raises HTTPException 401, or 429 after many tries."""
    address = request.client.host if request.client else "?"
    if web.throttle.blocked(address):
        raise HTTPException(
            429, "Too many wrong passwords. Wait a minute, then try again.", {"retry-after": "60"}
        )
    if not sessions.knows(password):
        web.throttle.failed(address)
        raise HTTPException(401, "That is not the password.", _challenge(request))


def _challenge(request: Request) -> dict[str, str]:
    # A browser's own fetch would answer this header with a password dialog of its own.
    if "sec-fetch-site" in request.headers:
        return {}
    return {"www-authenticate": 'Basic realm="studybot", charset="UTF-8"'}
