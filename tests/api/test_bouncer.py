from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from api.app import _bouncer
from api.security import Keyring
from invoicing.ledger import Ledger
from tests.redis_fixtures import free_port


def test_a_ledger_that_is_away_is_no_wrong_key() -> None:
    ledger = Ledger(f"postgresql://127.0.0.1:{free_port()}/nowhere")
    work: Any = SimpleNamespace(keyring=Keyring(ledger))
    refuse = _bouncer(work)
    assert refuse("Bearer zw_x") is HTTPStatus.SERVICE_UNAVAILABLE
    assert refuse(None) is HTTPStatus.UNAUTHORIZED
    ledger.close()
