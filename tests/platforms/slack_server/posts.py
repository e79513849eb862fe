"""Deliveries over HTTP: signed posts to the app's request URL."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

from tests.platforms.slack_server.deliveries import (
    COMMAND,
    EVENT,
    Attempt,
    Deliveries,
    Delivery,
)
from tests.platforms.slack_server.refusals import Json

FORM = "application/x-www-form-urlencoded"


def sign(secret: str, timestamp: str, body: str) -> str:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    told = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()


def encoded(kind: str, payload: Json) -> tuple[str, str]:
    """A body and its content type."""
    if kind == EVENT:
        return json.dumps(payload), "application/json"
    if kind == COMMAND:
        return urlencode(payload), FORM
    return urlencode({"payload": json.dumps(payload)}), FORM


@dataclass(frozen=True)
class Answer:
    """What the app's request URL answered."""

    status: int
    text: str
    content_type: str
    no_retry: bool

    @property
    def content(self) -> Json | str | None:
        """An object, a text, or nothing."""
        if not self.text or self.content_type != "application/json":
            return self.text or None
        loaded = json.loads(self.text)
        return loaded if isinstance(loaded, dict) else self.text


class Posts:
    """``signing`` may be set to another secret, and ``age`` to make requests look old."""

    def __init__(self, signing_secret: str, deliveries: Deliveries) -> None:
        self.signing = signing_secret
        self.age = 0.0
        self.url = ""
        self._deliveries = deliveries
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, delivery: Delivery, attempt: Attempt) -> None:
        task = asyncio.get_running_loop().create_task(self._post(delivery, attempt))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def challenge(self, token: str) -> str:
        """What the request URL answers when Slack asks whether it is the app's."""
        text = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
        payload = {"token": token, "challenge": text, "type": "url_verification"}
        answer = await self.raw(json.dumps(payload), "application/json")
        if answer.status != 200:
            raise AssertionError(f"the request URL answered {answer.status}: {answer.text}")
        told = answer.content
        return str(told["challenge"]) if isinstance(told, dict) else str(told)

    async def raw(
        self, body: str, content_type: str, extra: dict[str, str] | None = None
    ) -> Answer:
        """The answer to a signed post."""
        # Signatures are checked against the machine's clock, which no test moves.
        timestamp = str(int(time.time() - self.age))
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self.signing, timestamp, body),
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **(extra or {}),
        }
        async with self._opened().post(self.url, data=body.encode(), headers=headers) as answer:
            no_retry = answer.headers.get("X-Slack-No-Retry") == "1"
            return Answer(answer.status, await answer.text(), answer.content_type, no_retry)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session

    async def _post(self, delivery: Delivery, attempt: Attempt) -> None:
        extra = {}
        if attempt.number:
            extra = {
                "X-Slack-Retry-Num": str(attempt.number),
                "X-Slack-Retry-Reason": http_reason(delivery.retried_for),
            }
        try:
            answer = await self.raw(*encoded(delivery.kind, delivery.payload), extra)
        except aiohttp.ClientError:
            self._deliveries.fail(delivery, attempt, "connection_failed")
            return
        attempt.status = answer.status
        self._deliveries.changes.notify()
        if not 200 <= answer.status < 300:
            self._deliveries.fail(delivery, attempt, "http_error", no_retry=answer.no_retry)
        elif not attempt.reason:
            self._deliveries.ack(delivery, answer.content)


def http_reason(reason: str) -> str:
    return "http_timeout" if reason == "timeout" else reason
