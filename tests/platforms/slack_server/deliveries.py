"""What Slack tells the app: each delivery with its attempts, and when it is tried again."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.platforms.discord_server.changes import Changes
from tests.platforms.slack_server.clock import Alarm, Clock
from tests.platforms.slack_server.refusals import Json

EVENT, COMMAND, INTERACTIVE = "events_api", "slash_commands", "interactive"
# https://docs.slack.dev/apis/events-api#retries: almost at once, after 1 minute, after 5.
RETRIES = (0.0, 60.0, 300.0)
ACK_WITHIN = 3.0
KEPT = 20_000


@dataclass(eq=False)
class Attempt:
    """One try. ``number`` is 0 for the first; ``reason`` is why it failed, "" if it didn't."""

    number: int
    at: float
    reason: str = ""
    status: int = 0
    envelope_id: str = ""
    connection: int = 0


@dataclass(eq=False)
class Delivery:
    """An event, command or interaction on its way. ``response`` is what the ack carried.

    ``took`` is how many seconds after the latest attempt the ack came.

    ``failed`` is set when Slack has given up: for events after three retries, for commands and
    interactions after the first failure, which the person is told of.
    """

    kind: str
    payload: Json
    answers: bool = False
    attempts: list[Attempt] = field(default_factory=list)
    acked: bool = False
    failed: bool = False
    took: float = 0
    response: Json | str | None = None
    alarm: Alarm | None = None
    on_ack: Callable[[], None] | None = None

    @property
    def event(self) -> Json:
        found = self.payload.get("event", {})
        return found if isinstance(found, dict) else {}

    def concerns(self, ts: str) -> bool:
        """Whether it is an event about the message with a ts."""
        event = self.event
        inner = [event.get(key) or {} for key in ("message", "previous_message", "item")]
        return ts in (event.get("ts"), *(each.get("ts") for each in inner))

    @property
    def done(self) -> bool:
        return self.acked or self.failed

    @property
    def reason(self) -> str:
        """Why the latest attempt failed."""
        return self.attempts[-1].reason if self.attempts else ""

    @property
    def retried_for(self) -> str:
        """Why the attempt before this one failed, as a retry tells it."""
        return self.attempts[-2].reason if len(self.attempts) > 1 else ""


class Deliveries:
    """Hands deliveries to a transport, waits for acks and tries events again."""

    def __init__(self, clock: Clock, changes: Changes) -> None:
        self.clock = clock
        self.changes = changes
        self.log: deque[Delivery] = deque(maxlen=KEPT)
        self.send: Callable[[Delivery, Attempt], None] = lambda _delivery, _attempt: None
        self.paused = False
        self._held: list[Delivery] = []

    def start(self, kind: str, payload: Json, *, answers: bool = False) -> Delivery:
        delivery = Delivery(kind, payload, answers)
        self.log.append(delivery)
        if self.paused:
            self._held.append(delivery)
        else:
            self._attempt(delivery)
        return delivery

    def resume(self, *, backwards: bool = False) -> None:
        """Send what was held back while ``paused``; Slack promises no order."""
        self.paused = False
        held, self._held = self._held, []
        for delivery in reversed(held) if backwards else held:
            self._attempt(delivery)

    def lose(self) -> None:
        """What was held back while ``paused`` never comes."""
        self.paused = False
        for delivery in self._held:
            delivery.failed = True
        self._held = []

    def again(self, delivery: Delivery) -> None:
        """Send something that was acked already once more, as Slack does now and then."""
        delivery.acked = delivery.failed = False
        delivery.attempts[-1].reason = delivery.reason or "timeout"
        self._attempt(delivery)

    def ack(self, delivery: Delivery, response: Json | str | None = None) -> None:
        if delivery.done:
            return
        if delivery.alarm is not None:
            delivery.alarm.cancel()
        delivery.acked = True
        delivery.took = self.clock.now() - delivery.attempts[-1].at
        delivery.response = response
        if delivery.on_ack is not None:
            delivery.on_ack()
        self.changes.notify()

    def fail(
        self, delivery: Delivery, attempt: Attempt, reason: str, *, no_retry: bool = False
    ) -> None:
        """An attempt was in vain; late answers to it count for nothing."""
        if attempt.reason or delivery.done or delivery.attempts[-1] is not attempt:
            return
        attempt.reason = reason
        if delivery.alarm is not None:
            delivery.alarm.cancel()
        if delivery.kind != EVENT or no_retry or attempt.number >= len(RETRIES):
            delivery.failed = True
        else:
            wait = RETRIES[attempt.number]
            delivery.alarm = self.clock.after(wait, lambda: self._attempt(delivery))
        self.changes.notify()

    def of(self, event_type: str) -> list[Delivery]:
        """The deliveries of one type of event, or of a kind such as "slash_commands"."""
        return [each for each in self.log if event_type in (each.kind, each.event.get("type", ""))]

    def _attempt(self, delivery: Delivery) -> None:
        if delivery.done:
            return
        number = len(delivery.attempts)
        attempt = Attempt(number, self.clock.now(), envelope_id=str(uuid.uuid4()))
        delivery.attempts.append(attempt)
        delivery.alarm = self.clock.after(ACK_WITHIN, lambda: self._timed_out(delivery, attempt))
        self.send(delivery, attempt)
        self.changes.notify()

    def _timed_out(self, delivery: Delivery, attempt: Attempt) -> None:
        self.fail(delivery, attempt, "timeout")
