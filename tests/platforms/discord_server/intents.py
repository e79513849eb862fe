"""Which events a session is told, by the intents that it identified with."""

from __future__ import annotations

GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
GUILD_REACTIONS = 1 << 10
DIRECT_MESSAGES = 1 << 12
DIRECT_REACTIONS = 1 << 13
MESSAGE_CONTENT = 1 << 15

ALL = (1 << 26) - 1
PRIVILEGED = {
    "members": GUILD_MEMBERS,
    "presences": GUILD_PRESENCES,
    "message_content": MESSAGE_CONTENT,
}

_MESSAGES = ("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK")
_REACTIONS = ("MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE")
_IN_GUILDS = dict.fromkeys(_MESSAGES, GUILD_MESSAGES) | dict.fromkeys(_REACTIONS, GUILD_REACTIONS)
_IN_DIRECT = dict.fromkeys(_MESSAGES, DIRECT_MESSAGES) | dict.fromkeys(_REACTIONS, DIRECT_REACTIONS)
_OTHERS = {
    "GUILD_MEMBER_ADD": GUILD_MEMBERS,
    "GUILD_MEMBER_UPDATE": GUILD_MEMBERS,
    "GUILD_MEMBER_REMOVE": GUILD_MEMBERS,
    "THREAD_MEMBERS_UPDATE": GUILD_MEMBERS,
}


def needed(event: str, *, direct: bool) -> int:
    """The intent that an event needs; 0 if none."""
    if event == "INTERACTION_CREATE":
        return 0
    by_place = _IN_DIRECT if direct else _IN_GUILDS
    return by_place.get(event) or _OTHERS.get(event, GUILDS)


def disallowed(intents: int, granted: set[str]) -> bool:
    """Whether privileged intents are asked for that the portal doesn't grant."""
    return any(intents & bit and name not in granted for name, bit in PRIVILEGED.items())
