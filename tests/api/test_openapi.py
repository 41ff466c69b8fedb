"""Whatever the described API is asked, it answers without breaking: a property over every operation."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode
from schemathesis.core.result import Ok

from tests.api.running import Service

_EXAMPLES = 15
_LEAST_OPERATIONS = 30
_EXPECTED = {200, 201, 202, 204, 400, 401, 404, 405, 409, 413, 415, 422}


@pytest.fixture(scope="module")
def described(shared: Service) -> BaseSchema:
    """What the running application says about itself; it has a customer, usage and a dead letter to tell of."""
    shared.customer("0")
    shared.use("0", "2026-10-31", "trigger")
    shared.engine.post("/v1/events", json={"id": "1"})
    return schemathesis.openapi.from_url(f"{shared.url}/openapi.json")


@pytest.fixture(scope="module")
def session(shared: Service) -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.headers["Authorization"] = f"Bearer {shared.keys['admin']}"
        yield opened


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_request_breaks_the_service(
    described: BaseSchema, session: requests.Session, mode: GenerationMode, caplog: pytest.LogCaptureFixture
) -> None:
    operations = [found.ok() for found in described.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) >= _LEAST_OPERATIONS
    for operation in operations:
        _ask(operation, session, mode)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def _ask(operation: APIOperation[Any, Any, Any, Any], session: requests.Session, mode: GenerationMode) -> None:
    @settings(
        max_examples=_EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(mode))
    def is_answered(case: Case[Any]) -> None:
        answer = case.call(session=session, headers=dict(session.headers))
        assert answer.status_code in _EXPECTED, f"{case.as_curl_command()}\n{answer.status_code} {answer.text}"
        if answer.status_code not in {200, 201, 202, 204}:
            assert answer.headers["content-type"] == ["application/problem+json"], case.as_curl_command()

    with suppress(Unsatisfiable):  # nothing to send wrongly
        is_answered()
