"""What OpenAPI says about ``POST /v1/events``, which FastAPI's router never sees."""

from typing import Any

from fastapi import FastAPI

from api.ingest import PATH

_EVENT = {
    "type": "object",
    "required": ["id", "customer", "type", "time"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 128},
        "customer": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$"},
        "type": {"type": "string", "description": "trigger, action, or a meter named in the terms"},
        "time": {"type": "string", "format": "date-time"},
        "workflow": {"type": ["string", "null"], "maxLength": 128},
        "connector": {"type": ["string", "null"], "maxLength": 128},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1},
    },
}
_CLOUD_EVENT = {
    "type": "object",
    "required": ["specversion", "id", "subject", "type", "time"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": _EVENT["properties"]["id"],  # type: ignore[index]
        "subject": _EVENT["properties"]["customer"],  # type: ignore[index]
        "type": {"type": "string", "description": "ends in the event's type: de.fluks.trigger"},
        "time": {"type": "string", "format": "date-time"},
        "data": {"type": ["object", "null"]},
    },
}


def _many(event: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": event, "minItems": 1, "maxItems": 10_000}


def _answer(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/problem+json": {"schema": {"type": "object"}}}}


OPERATION: dict[str, Any] = {
    "tags": ["events"],
    "summary": "Count events, each once",
    "operationId": "post_events",
    "security": [{"HTTPBearer": []}],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"anyOf": [_EVENT, _many(_EVENT)]}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            "application/cloudevents+json": {"schema": _CLOUD_EVENT},
            "application/cloudevents-batch+json": {"schema": _many(_CLOUD_EVENT)},
        },
    },
    "responses": {
        "200": {
            "description": "All are valid: counted and stored as durably as configured",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["accepted", "duplicates"],
                        "properties": {"accepted": {"type": "integer"}, "duplicates": {"type": "integer"}},
                    }
                }
            },
        },
        "400": _answer("The body is not of the announced kind; nothing was counted"),
        "401": _answer("No valid key"),
        "403": _answer("The key may not post events"),
        "413": _answer("More than 8 MiB or 10,000 events"),
        "415": _answer("Unknown Content-Type or Content-Encoding"),
        "422": _answer("Some are invalid: the others are counted, these are kept as dead letters"),
        "503": _answer("The counter is away; send again after Retry-After seconds"),
    },
}


def describe(app: FastAPI) -> None:
    """Add the event door to the application's OpenAPI document."""
    original = app.openapi

    def with_events() -> dict[str, Any]:
        document = original()
        document["paths"].setdefault(PATH, {"post": OPERATION})
        return document

    app.openapi = with_events  # type: ignore[method-assign]  # FastAPI's documented way to extend it
