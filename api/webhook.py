"""Signed webhook calls after the Standard Webhooks specification."""

import base64
import hashlib
import hmac
import logging
from datetime import datetime
from http import HTTPStatus

import httpx

_TIMEOUT_SECONDS = 10.0
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every address, and an address may hold a token


class WebhookError(RuntimeError):
    """The receiver did not take the call; it may be made again."""


def client() -> httpx.Client:
    """Return what calls are made with: no redirects, nobody waits for ever."""
    return httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False)


def call(client: httpx.Client, url: str, secret: str, message_id: str, at: datetime, body: bytes) -> str:
    """Post a body and return the receiver's answer; raise WebhookError unless it is a 2xx.

    ``message_id`` tells the receiver that it has seen this before; of the answer nothing but the status is read.
    """
    timestamp = int(at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "zaehlwerk",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, message_id, timestamp, body),
    }
    try:
        with client.stream("POST", url, content=body, headers=headers) as answer:
            status = f"{answer.status_code} {answer.reason_phrase or _phrase(answer.status_code)}".strip()
            taken = answer.is_success
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WebhookError(f"{type(error).__name__}: {error}") from error
    if not taken:
        raise WebhookError(status)
    return status


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a call under a secret ``whsec_…``.

    Standard: Standard Webhooks 1.0.0, signature scheme
    """
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
