"""A chat completions server on loopback, as strict as OpenAI's, that fails on demand.

    async with FakeLLM(lambda body: '{"verdict": "ok"}') as server:
        server.script(status(503), says("cut {"))    # the next two requests
        ... OPENAI_BASE_URL = server.base_url ...
        await server.received(3)

Every request is checked as the real API checks it and kept in ``server.requests``.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from tests.platforms.fake_llm_rules import NotAllowedError, check, lacking

Body = dict[str, Any]
Answer = Callable[[Body], str]

_DRIP_SECONDS = 0.02
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class Step:
    """How one request is answered. ``fault`` is reset, hang_up, silence or drip instead."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived: the body, headers in lower case, and when, by time.monotonic()."""

    body: Body
    headers: dict[str, str]
    at: float


def says(content: Any, *, finish: str = "stop", usage: Any = None, **message: Any) -> Step:
    """A completion with that content; ``usage`` as counted by the server, None for none."""
    written = {"role": "assistant", "content": content, **message}
    return _completion([{"index": 0, "finish_reason": finish, "message": written}], usage)


def says_nothing() -> Step:
    """A completion without choices."""
    return _completion([], None)


def declines(words: str) -> Step:
    """A refusal in the field that structured outputs have for it."""
    return says(None, refusal=words)


def status(
    code: int,
    message: str = "It failed.",
    *,
    word: str | None = None,
    param: str | None = None,
    headers: dict[str, str] | None = None,
) -> Step:
    """An error in OpenAI's form; ``word`` is its code."""
    error = {"message": message, "type": "error", "param": param, "code": word}
    return Step(code, json.dumps({"error": error}).encode(), headers or {})


def text(body: str, code: int = 200, kind: str = "text/html") -> Step:
    """Any text, such as a proxy's web page."""
    return Step(code, body.encode(), {"Content-Type": kind})


def reset() -> Step:
    """Half an answer, then the connection is torn down."""
    return Step(fault="reset")


def hangs_up() -> Step:
    """The connection is closed without an answer."""
    return Step(fault="hang_up")


def silence() -> Step:
    """No answer, for as long as the client waits."""
    return Step(fault="silence")


def drips() -> Step:
    """An answer that keeps coming, a byte at a time, and never ends."""
    return Step(fault="drip")


def fills_in(body: Body) -> str:
    """An obliging model: the emptiest object that fits the schema it is given, or shown."""
    form = body.get("response_format", {}).get("json_schema")
    schema = form["schema"] if form else _shown(body["messages"][0]["content"])
    return json.dumps(_emptiest(schema))


class FakeLLM:
    """The server. ``answer`` writes what is not scripted, ``latency`` seconds after the question.

    ``refuses`` names what this server doesn't know: json_schema, json_object or a parameter.
    ``key`` and ``models`` are what it admits; None admits all. ``counts`` says whether it
    tells how many tokens were used.
    """

    def __init__(
        self,
        answer: Answer = fills_in,
        *,
        latency: float = 0.0,
        key: str | None = None,
        models: tuple[str, ...] | None = None,
        refuses: set[str] | None = None,
        counts: bool = True,
    ) -> None:
        self.answer = answer
        self.latency = latency
        self.key = key
        self.models = models
        self.refuses = refuses or set()
        self.counts = counts
        self.requests: list[Request] = []
        self.connections = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self._steps: deque[Step] = deque()
        self._always: Step | None = None
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def base_url(self) -> str:
        """What to set OPENAI_BASE_URL to."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def bodies(self) -> list[Body]:
        """What was asked, in order."""
        return [request.body for request in self.requests]

    def script(self, *steps: Step) -> None:
        """Answer the next requests with these, one each, before the hook is asked again."""
        self._steps.extend(steps)

    def always(self, step: Step | None) -> None:
        """Answer every unscripted request with this, until told None."""
        self._always = step

    async def received(self, count: int) -> None:
        """Return once so many requests have arrived in all."""
        if len(self.requests) < count:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append((count, waiter))
            await waiter

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=1024)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            # A client that leaves, in whatever state, is no concern of a server's.
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False once the connection is done with."""
        line, headers = _head(await reader.readuntil(b"\r\n\r\n"))
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            step = self._step(line, headers, raw)
            if self.latency:
                await asyncio.sleep(self.latency)
            return await self._answer(step, reader, writer)
        finally:
            self.in_flight -= 1

    def _step(self, line: str, headers: dict[str, str], raw: bytes) -> Step:
        """Keep the request and decide on its answer. A script comes before the server's rules."""
        if not line.startswith("POST /v1/chat/completions "):
            return text("<html>not found</html>", 404)
        body = json.loads(raw)
        self.requests.append(Request(body, headers, time.monotonic()))
        for count, waiter in self._waiters:
            if len(self.requests) >= count and not waiter.done():
                waiter.set_result(None)
        try:
            check(body)
        except NotAllowedError as error:
            return status(400, str(error), param=error.param, word="invalid_request_error")
        if self._steps:
            return self._steps.popleft()
        return self._always or self._by_rules(body, headers)

    def _by_rules(self, body: Body, headers: dict[str, str]) -> Step:
        if self.key is not None and headers.get("authorization") != f"Bearer {self.key}":
            given = headers.get("authorization", "").removeprefix("Bearer ")
            return status(401, f"Incorrect API key provided: {given}.", word="invalid_api_key")
        if self.models is not None and body["model"] not in self.models:
            words = f"The model `{body['model']}` does not exist or you do not have access to it."
            return status(404, words, word="model_not_found")
        if words := lacking(body, self.refuses):
            return status(400, words, word="unsupported_parameter")
        content = self.answer(body)
        return says(content, usage=_counted(body, content) if self.counts else None)

    async def _answer(
        self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        match step.fault:
            case "silence":
                await reader.read()
            case "drip":
                await _drip(writer)
            case "reset":
                writer.write(_response(status(200))[:40])
                await writer.drain()
                _tear(writer)
            case "":
                writer.write(_response(step))
                await writer.drain()
        return not step.fault


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    writer.write(b"Content-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(_DRIP_SECONDS)


def _tear(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of a farewell."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _head(raw: bytes) -> tuple[str, dict[str, str]]:
    line, *rest = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (header.split(":", 1) for header in rest)
    return line, {name.strip().lower(): value.strip() for name, value in pairs}


def _response(step: Step) -> bytes:
    headers = {
        "Content-Type": "application/json",
        **step.headers,
        "Content-Length": str(len(step.body)),
    }
    lines = [f"HTTP/1.1 {step.status} {_REASONS.get(step.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + step.body


def _completion(choices: list[Any], usage: Any) -> Step:
    data = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "choices": choices}
    if usage is not None:
        data["usage"] = usage
    return Step(body=json.dumps(data).encode())


def _counted(body: Body, content: str) -> dict[str, Any]:
    asked = sum(len(message["content"]) for message in body["messages"]) // 4
    wrote = len(content) // 4
    return {
        "prompt_tokens": asked,
        "completion_tokens": wrote,
        "total_tokens": asked + wrote,
        "prompt_tokens_details": {"cached_tokens": 0},
    }


def _shown(system: str) -> Any:
    """The JSON schema at the end of a prompt's text."""
    return json.loads(system[system.rindex("\n{") :])


def _emptiest(schema: Any) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "object":
        return {key: _emptiest(schema["properties"][key]) for key in schema["required"]}
    return {"array": [], "string": "", "boolean": False, "null": None}.get(schema["type"], 0)
