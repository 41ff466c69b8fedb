"""What can go wrong in a request: one table maps errors to status codes (RFC 9457)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from redis.exceptions import RedisClusterException, RedisError
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.problem import problem
from api.refusal import field_of, said
from invoicing.booking import BookingError
from invoicing.close import CloseError
from invoicing.contract import ContractError
from invoicing.explain import UnknownLineError
from invoicing.rights import RightsError
from metering.redis import StoreError
from sepa.account_id import AccountError


class NotFound(LookupError):
    """There is no such thing; the message says what to do."""


class Conflict(RuntimeError):
    """The thing is in a state that does not allow this."""


@dataclass
class FieldError(ValueError):
    """A field's value is refused: which field, and the fix."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


STATUS: dict[type[Exception], tuple[int, str]] = {
    NotFound: (404, "Not found"),
    UnknownLineError: (404, "Not found"),
    Conflict: (409, "Not possible now"),
    CloseError: (409, "Not possible now"),
    FieldError: (422, "Invalid field"),
    ContractError: (422, "Invalid contract"),
    BookingError: (422, "Invalid booking"),
    RightsError: (422, "Invalid credit"),
    AccountError: (422, "Invalid bank account"),
    IntegrityError: (409, "Not possible now"),
    OperationalError: (503, "The ledger is busy or away"),
    NoConnectionFree: (503, "The ledger is busy or away"),
    RedisError: (503, "The counter is away"),
    RedisClusterException: (503, "The counter is away"),
    StoreError: (503, "The counter is away"),
}
_RETRY_SECONDS = "2"
_Handler = Callable[[Request, Exception], Response]
_log = logging.getLogger(__name__)


def install(app: FastAPI, page: Callable[[Request, Response], Response | None]) -> None:
    """Answer every error in the table, and every refused form, as a problem document; to people as a ``page``."""
    for kind, (status, title) in STATUS.items():
        app.add_exception_handler(kind, _told(_handler(status, title), page))
    app.add_exception_handler(RequestValidationError, _told(_refused_form, page))
    app.add_exception_handler(HTTPException, _told(_http, page))
    app.add_exception_handler(Exception, _told(_unforeseen, page))


def _told(handler: _Handler, page: Callable[[Request, Response], Response | None]) -> _Handler:
    def handle(request: Request, error: Exception) -> Response:
        answer = handler(request, error)
        return page(request, answer) or answer

    return handle


def _handler(status: int, title: str) -> _Handler:
    def handle(_: Request, error: Exception) -> Response:
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            _log.warning("%s: %s", title, error)
            detail = "Try again in a moment; asking again is harmless."
            return problem(status, title, detail, headers={"Retry-After": _RETRY_SECONDS})
        if isinstance(error, IntegrityError):
            return problem(status, title, "Somebody else did the same at this moment; look again.")
        if field := getattr(error, "field", None):
            message = getattr(error, "message", str(error))
            return problem(status, title, str(error), errors=[{"field": field, "message": message}])
        return problem(status, title, str(error))

    return handle


def _refused_form(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    described = getattr(request.scope.get("route"), "body_field", None)
    body = described.field_info.annotation if described else None
    errors = [{"field": field_of(each), "message": said(each, body)} for each in found]
    named = "; ".join(f"{each['field']}: {each['message']}" for each in errors)
    return problem(422, "Invalid request", named, errors=errors)


def _http(_: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    detail = str(getattr(error, "detail", ""))
    headers = getattr(error, "headers", None) or {}
    return problem(status, HTTPStatus(status).phrase, detail, headers=headers)


def _unforeseen(_: Request, error: Exception) -> Response:
    """Answer what nobody foresaw; the server logs its traceback."""
    del error
    detail = "This is our mistake, not yours; it is in the log. Asking again is harmless."
    return problem(500, "Internal error", detail)
