"""The body of a message to be: read, checked against the limits, and its mentions resolved."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.discord_server import components, embeds, permissions
from tests.platforms.discord_server.refusals import Form, Json, Refused
from tests.platforms.discord_server.world import (
    COMPONENTS_V2,
    EPHEMERAL,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    Attachment,
    Channel,
    Message,
    Role,
    User,
    World,
)

MOST_CONTENT = 2_000
MOST_NONCE = 25
MOST_FILES = 10
MOST_BYTES = 10 * 1024 * 1024
MENTIONED = re.compile(r"<@!?(\d{15,20})>")
ROLE_MENTIONED = re.compile(r"<@&(\d{15,20})>")
EVERYONE_MENTIONED = re.compile(r"@(?:everyone|here)\b")
PARSED = ("users", "roles", "everyone")
KEPT_FLAGS = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2


@dataclass
class Upload:
    """A file that came with a request."""

    field: str
    filename: str
    content: bytes


@dataclass
class Draft:
    """A checked body. Fields that were left out are None, which an edit leaves as they are."""

    content: str | None = None
    embeds: list[Json] | None = None
    components: list[Json] | None = None
    flags: int = 0
    flags_told: bool = False
    allowed_mentions: Json | None = None
    reply_to: int | None = None
    fails_without_reply: bool = True
    nonce: str | None = None
    enforce_nonce: bool = False
    kept_attachments: list[int] | None = None
    uploads: list[tuple[Upload, str | None]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not (self.content or self.embeds or self.components or self.uploads)


def read(body: Json, files: list[Upload], *, flags: int = KEPT_FLAGS, prefix: str = "") -> Draft:
    """The body as a draft; ``flags`` are those that may be set here.

    Raises:
        Refused: 50035 with all that is wrong, at paths that begin with ``prefix``.
    """
    form = Form()
    given_flags = body.get("flags") or 0
    layout = bool(given_flags & COMPONENTS_V2)
    form.text("content", body.get("content"), MOST_CONTENT)
    draft = Draft(
        flags=given_flags & flags,
        flags_told="flags" in body,
        allowed_mentions=body.get("allowed_mentions"),
        enforce_nonce=bool(body.get("enforce_nonce")),
    )
    if "content" in body:
        draft.content = str(body["content"] or "").strip()
    if "embeds" in body:
        draft.embeds = embeds.check(form, body["embeds"])
    if "components" in body:
        draft.components = components.check(form, body["components"], layout=layout)
    if layout and (draft.content or draft.embeds):
        message = "The 'content' and 'embeds' fields cannot be used with IS_COMPONENTS_V2"
        form.wrong("flags", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
    _read_nonce(form, draft, body.get("nonce"))
    _read_reference(form, draft, body.get("message_reference"))
    _check_allowed(form, draft.allowed_mentions)
    _read_files(form, draft, body.get("attachments"), files)
    if form.errors and prefix:
        form.errors = {prefix: form.errors}
    form.check()
    return draft


def _read_nonce(form: Form, draft: Draft, nonce: object) -> None:
    if nonce is None:
        return
    draft.nonce = str(nonce)
    form.text("nonce", draft.nonce, MOST_NONCE)


def _read_reference(form: Form, draft: Draft, reference: Any) -> None:
    if not reference:
        return
    try:
        draft.reply_to = int(reference["message_id"])
    except (KeyError, TypeError, ValueError):
        path = "message_reference.message_id"
        form.wrong(path, "NUMBER_TYPE_COERCE", "Value is not snowflake.")
    else:
        draft.fails_without_reply = bool(reference.get("fail_if_not_exists", True))


def _check_allowed(form: Form, allowed: Any) -> None:
    if allowed is None:
        return
    parsed = form.count("allowed_mentions.parse", allowed.get("parse"), len(PARSED))
    for number, kind in enumerate(parsed):
        form.choice(f"allowed_mentions.parse.{number}", kind, PARSED)
    for kind in ("users", "roles"):
        named = form.count(f"allowed_mentions.{kind}", allowed.get(kind), 100)
        if named and kind in parsed:
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            form.wrong("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)


def _read_files(form: Form, draft: Draft, told: object, files: list[Upload]) -> None:
    """Pair the files with what ``attachments`` tells of them; ids there are files[n]'s n."""
    entries = form.count("attachments", told, MOST_FILES)
    by_id = {str(entry.get("id")): entry for entry in entries}
    for file in files:
        number = re.sub(r"\D", "", file.field)
        description = by_id.pop(number, {}).get("description")
        draft.uploads.append((file, description))
    if len(draft.uploads) > MOST_FILES:
        form.wrong("attachments", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_FILES} or fewer.")
    if sum(len(file.content) for file in files) > MOST_BYTES:
        raise Refused(413, 40005, "Request entity too large")
    if told is not None:
        draft.kept_attachments = [int(key) for key in by_id if key.isdigit()]


def attachments(world: World, base_url: str, channel: Channel, draft: Draft) -> list[Attachment]:
    """The draft's files as attachments that can be fetched."""
    made = []
    for upload, description in draft.uploads:
        new_id = world.ids.next()
        kind = mimetypes.guess_type(upload.filename)[0] or "application/octet-stream"
        url = f"{base_url}/attachments/{channel.id}/{new_id}/{upload.filename}"
        made.append(Attachment(new_id, upload.filename, upload.content, kind, url, description))
    return made


def resolve_mentions(message: Message, world: World, draft: Draft, *, ping_reply: bool) -> None:
    """Set whom the message mentions and whom it would notify.

    ``allowed_mentions`` may only take away. Left out, the content's mentions all count, except
    that those of an interaction's answer count for users alone. Ephemeral messages notify nobody.
    """
    allowed = draft.allowed_mentions
    if allowed is None:
        allowed = {"parse": ["users"] if message.interaction else list(PARSED)}
    content = message.content
    users = _allowed(allowed, "users", _found(MENTIONED, content))
    roles = _allowed(allowed, "roles", _found(ROLE_MENTIONED, content))
    message.mentions = [each for each in users if each in world.users]
    guild = message.channel.guild
    known = {} if guild is None else guild.roles
    message.pinged_roles = [each for each in roles if _may_ping(message, known.get(each))]
    wanted = "everyone" in allowed.get("parse", ()) and bool(EVERYONE_MENTIONED.search(content))
    message.pinged_everyone = wanted and _may_ping_everyone(message.channel, message.author)
    target = message.channel.messages.get(message.reply_to or 0)
    # A reply to an interaction's answer never counts as a mention (discord-api-docs#5395).
    pings = ping_reply and target is not None and target.interaction is None
    if pings and target is not None and target.author.id not in message.mentions:
        message.mentions.append(target.author.id)
    message.pinged = _notified(message)


def pings_reply(draft: Draft) -> bool:
    """A reply notifies unless allowed mentions are told and don't say so."""
    allowed = draft.allowed_mentions
    return allowed is None or bool(allowed.get("replied_user"))


def _found(pattern: re.Pattern[str], content: str) -> list[int]:
    return list(dict.fromkeys(int(each) for each in pattern.findall(content)))


def _allowed(allowed: Json, kind: str, found: list[int]) -> list[int]:
    if kind in allowed.get("parse", ()):
        return found
    named = {int(each) for each in allowed.get(kind) or ()}
    return [each for each in found if each in named]


def _may_ping(message: Message, role: Role | None) -> bool:
    return role is not None and _may_ping_everyone(message.channel, message.author)


def _may_ping_everyone(channel: Channel, author: User) -> bool:
    return bool(permissions.in_channel(channel, author) & permissions.MENTION_EVERYONE)


def _notified(message: Message) -> set[int]:
    if message.flags & EPHEMERAL:
        return set()
    people = set(message.mentions)
    guild = message.channel.guild
    for member in () if guild is None else guild.members.values():
        if message.pinged_everyone or member.role_ids & set(message.pinged_roles):
            people.add(member.user.id)
    return people - {message.author.id}
