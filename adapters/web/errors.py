"""Every error as ``{"detail": ...}`` in words that a member understands."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from adapters.web.render import error_page
from bot.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    StoreUnavailableError,
    StudyError,
)

_STATUSES: dict[type[StudyError], int] = {
    InvalidError: 422,
    NotFoundError: 404,
    ForbiddenError: 403,
    ConflictError: 409,
    StoreUnavailableError: 503,
}
OURS = "Something went wrong on our side, and it was logged. Try again in a moment."
_PLAIN = {
    400: "That request can't be read. Send JSON in UTF-8.",
    404: "There is nothing at this address.",
    405: "This address can't be used that way ({method}).",
}


def add_handlers(app: FastAPI) -> None:
    """Teach the app to answer every error in words."""
    app.add_exception_handler(StudyError, _study_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(Exception, _our_error)


def _study_error(request: Request, error: Exception) -> Response:
    status = next((s for kind, s in _STATUSES.items() if isinstance(error, kind)), 422)
    return answer(request, status, str(error))


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else OURS
    headers = error.headers if isinstance(error, HTTPException) else None
    if status == 405:
        headers = _allowed(request) or headers
    if detail == HTTPStatus(status).phrase or status == 400:
        detail = _PLAIN.get(status, detail).format(method=request.method)
    return answer(request, status, detail, headers)


def _allowed(request: Request) -> dict[str, str]:
    """Every method of an address; Starlette names only those of the first route it finds."""
    path = getattr(request.scope.get("route"), "path", "")
    methods = request.app.openapi()["paths"].get(path, {})
    return {"allow": ", ".join(sorted(method.upper() for method in methods))} if methods else {}


def _validation_error(request: Request, error: Exception) -> Response:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    if any(problem["type"] == "json_invalid" for problem in problems):
        return answer(request, 400, "That isn't valid JSON. Check quotes, commas and brackets.")
    sentences = dict.fromkeys(_sentence(problem) for problem in problems[:3])
    return answer(request, 422, " ".join(sentences) or "That request can't be used.")


def _our_error(request: Request, _error: Exception) -> Response:
    return answer(request, 500, OURS)


def answer(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The error as JSON, or as a page for a browser that asked for one."""
    wants_page = "text/html" in request.headers.get("accept", "")
    if wants_page and not request.url.path.startswith("/api/"):
        if status == 401:
            return RedirectResponse("/login", 303)
        return error_page(request, status, detail, headers)
    return JSONResponse({"detail": detail}, status, headers=dict(headers or {}))


def _sentence(problem: Mapping[str, Any]) -> str:
    """One problem that pydantic found, as a sentence."""
    where = [str(part) for part in problem["loc"] if part not in ("body", "query", "path")]
    if not where:
        return "Send a JSON object with the fields that this address takes."
    field = f"“{'.'.join(where)[:60]}”"
    kind: str = problem["type"]
    context: Mapping[str, Any] = problem.get("ctx") or {}
    fixed = {
        "missing": "is missing.",
        "string_type": "must be text.",
        "string_unicode": "must be text in valid Unicode.",
        "string_too_short": "must not be empty.",
        "string_too_long": f"is too long: at most {context.get('max_length', 0):,} characters.",
        "greater_than_equal": f"must be at least {context.get('ge')}.",
        "less_than_equal": f"must be at most {context.get('le')}.",
        "enum": f"must be one of {context.get('expected')}.",
        "literal_error": f"must be one of {context.get('expected')}.",
        "value_error": f"can't be used. {context.get('error', '')}",
    }
    if kind.startswith("int_"):
        return f"{field} must be a whole number."
    return f"{field} {fixed.get(kind, 'can not be used: ' + str(problem['msg']))}"
