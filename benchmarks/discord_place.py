# ruff: noqa: INP001  (a script, not part of a package)
"""Our Discord on loopback as a process of its own, for the benchmarks that drive it.

    python -m benchmarks.discord_place --guilds 1000 --channels 5 [--asked] [--latency 0.1]

Its first line is {"api", "gateway", "channels": [[channel id, message id or null], ...]}. Then it
answers each line of its input with a line: "clear" forgets the requests so far, "stats" tells of
them. It ends with its input.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from datetime import timedelta
from typing import Any

from tests.platforms.discord_server.drafts import Draft
from tests.platforms.discord_server.ratelimits import EXEMPT
from tests.platforms.discord_server.server import DiscordServer
from tests.platforms.discord_server.world import Channel

WEEK = 10080
SENDING = "POST /channels/{channel}/messages"
THREADING = "POST /channels/{channel}/messages/{message}/threads"


def furnish(server: DiscordServer, guilds: int, channels: int) -> list[Channel]:
    """Guilds that the bot is in, with text channels."""
    owner = server.person("ada")
    made = []
    for number in range(guilds):
        guild = server.guild(f"Server {number}", owner)
        guild.members[server.bot.id].joined_at -= timedelta(days=30)
        made += [server.channel(guild, f"study-{each}") for each in range(channels)]
    return made


def ask(server: DiscordServer, channel: Channel) -> int:
    """Yesterday's question in a channel, with its thread; the message's id."""
    message = server.messages.post(channel, server.bot, Draft(content="Question of the day"))
    server.admin.start_thread(message, "Question of the day")
    return message.id


def stats(server: DiscordServer) -> dict[str, Any]:
    """What the bot asked for since the last "clear", by the server's own record."""
    entries = [each for each in server.journal.entries if not each.path.startswith(EXEMPT)]
    posts = Counter(m.channel.id for m in server.messages.sent if m.buttons)
    done = [e for e in entries if e.answered and f"{e.method} {e.route}" in (SENDING, THREADING)]
    fine = [e.at for e in done if e.status < 300]
    return {
        "first": min((each.at for each in entries), default=None),
        "requests": Counter(f"{e.method} {e.route} {e.status}" for e in entries),
        "posts": sum(posts.values()),
        "twice": sum(count > 1 for count in posts.values()),
        "channels": len(posts),
        "threads": sum(f"{e.method} {e.route}" == THREADING and e.status < 300 for e in done),
        "began": min(fine, default=None),
        "ended": max(fine, default=None),
        "refused": sum(each.status == 429 for each in entries),
        "curve": per_five_seconds(fine),
        "most_in_a_second": most_in_a_second([each.at for each in entries]),
    }


def most_in_a_second(times: list[float]) -> int:
    """The most of these instants that any span of one second holds."""
    times = sorted(times)
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def per_five_seconds(times: list[float]) -> list[float]:
    """How many of these instants fall into each five seconds, by the second."""
    first = min(times, default=0)
    counts = Counter(int((at - first) // 5) for at in times)
    return [counts[n] / 5 for n in range(max(counts, default=-1) + 1)]


async def serve(given: argparse.Namespace) -> None:
    """Be the server until the input ends."""
    async with DiscordServer() as server:
        made = furnish(server, given.guilds, given.channels)
        rows = [[each.id, ask(server, each) if given.asked else None] for each in made]
        server.messages.sent.clear()
        server.limits.be_realistic()
        server.limits.everything = (given.limit, 1.0)
        server.rest.latency = given.latency
        tell({"api": server.api_base, "gateway": server.gateway_url, "channels": rows})
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip() == "clear":
                server.journal.clear()
                server.messages.sent.clear()
                tell({})
            else:
                tell(stats(server))


def tell(what: dict[str, Any]) -> None:
    """A line of output."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guilds", type=int, default=1000)
    parser.add_argument("--channels", type=int, default=5)
    parser.add_argument("--asked", action="store_true")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--limit", type=int, default=50)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
