"""Who may ask what: every route of the running application is walked."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from fastapi.routing import APIRoute

from api import pages
from api.routes import alerts, billing, bookings, customers, journal, sepa, system
from api.security import Keyring, create_key, revoke_key
from invoicing.ledger import Ledger
from tests.api.running import IBAN, HandClock, Service
from tests.ledgers import empty_sqlite

PUBLIC = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/logout"),
}
PAGES = {("GET", "/"), ("GET", "/sepa"), ("GET", "/months/{month}")}
ENGINE = {
    ("POST", "/v1/events"),
    ("GET", "/metrics"),
    ("GET", "/v1/customers/{customer}/usage/{month}"),
    ("GET", "/v1/customers/{customer}/entitlement"),
}
EXAMPLES = {"customer": "k-0", "month": "2026-10", "number": "RE-2026-000001", "export": "1", "booking": "1"}


def paths(service: Service) -> set[tuple[str, str]]:
    """Every method and path that the application describes, and the pages that it does not."""
    described = service.as_role("nobody").get("/openapi.json").json()["paths"]
    return {(method.upper(), path) for path, methods in described.items() for method in methods} | PUBLIC | PAGES


def asked(service: Service, role: str, method: str, path: str) -> httpx.Response:
    filled = re.sub(r"\{(\w+)\}", lambda found: EXAMPLES[found[1]], path)
    return service.as_role(role).request(method, filled, json={})


def test_the_public_list_is_exactly_this(shared: Service) -> None:
    assert {place for place in paths(shared) if asked(shared, "nobody", *place).status_code not in {401, 303}} == (
        PUBLIC - {("POST", "/logout")}
    )


def test_no_route_escapes_the_walk() -> None:
    """A route that OpenAPI does not describe is one of the pages listed above."""
    routers = (module.router for module in (pages, alerts, billing, bookings, customers, journal, sepa, system))
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    assert len(routes) >= len(PAGES | ENGINE)
    hidden = [route for route in routes if not route.include_in_schema]
    assert {(method, route.path) for route in hidden for method in route.methods or ()} <= PUBLIC | PAGES


@pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect", "/static/", "/static/..%2fapp.py", "/static/%00"])
def test_nothing_else_is_there(shared: Service, path: str) -> None:
    assert shared.as_role("nobody").get(path).status_code == 404


def test_static_files_are_public(shared: Service) -> None:
    assert shared.as_role("nobody").get("/static/desk.css").headers["content-type"].startswith("text/css")


def test_without_a_key_nothing_is_told(shared: Service) -> None:
    for method, path in paths(shared) - PUBLIC - PAGES:
        answer = asked(shared, "nobody", method, path)
        assert (answer.status_code, answer.headers.get("www-authenticate")) == (401, "Bearer"), path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "Unauthorized"


def test_pages_send_a_stranger_to_the_login(shared: Service) -> None:
    for method, path in PAGES:
        answer = asked(shared, "nobody", method, path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_an_engine_key_is_kept_out_of_finance(shared: Service) -> None:
    allowed = {place for place in paths(shared) - PUBLIC - PAGES if asked(shared, "engine", *place).status_code != 403}
    assert allowed == ENGINE


@pytest.mark.parametrize("role", ["finance", "admin"])
def test_finance_and_admin_are_let_in_everywhere(shared: Service, role: str) -> None:
    """Keys and settings are for the command line alone, so no path is for admin only."""
    for place in paths(shared) - PUBLIC - PAGES:
        assert asked(shared, role, *place).status_code not in {401, 403}, place


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer zw_wrong", "Basic YTpi", "zw_wrong", "Bearer \xff\xfe", "bearer  x y"]
)
def test_what_is_no_key_is_refused(shared: Service, header: str) -> None:
    for method, path in (("GET", "/v1/customers"), ("POST", "/v1/events")):
        answer = httpx.request(method, shared.url + path, headers={b"Authorization": header.encode("latin-1")})
        assert answer.status_code == 401


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[tuple[Ledger, Keyring, list[float]]]:
    ledger = Ledger(empty_sqlite(tmp_path / "keys.db"))
    seconds = [0.0]
    yield ledger, Keyring(ledger, lambda: seconds[0]), seconds
    ledger.close()


@pytest.mark.parametrize(("later", "known"), [(0.0, True), (4.9, True), (5.0, False), (60.0, False)])
def test_a_revoked_key_is_refused_within_five_seconds(
    ring: tuple[Ledger, Keyring, list[float]], later: float, *, known: bool
) -> None:
    ledger, keyring, seconds = ring
    with ledger.write() as session:
        key = create_key(session, "engine", "engine", HandClock.now)
    assert keyring.by_key(key)
    with ledger.write() as session:
        revoke_key(session, "engine", HandClock.now)
    seconds[0] += later
    assert bool(keyring.by_key(key)) is known


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00"])
def test_a_key_needs_a_name_that_can_be_read(ring: tuple[Ledger, Keyring, list[float]], name: str) -> None:
    with ring[0].write() as session, pytest.raises(ValueError, match="name: "):
        create_key(session, name, "engine", HandClock.now)


def test_a_name_is_given_once_even_after_it_was_revoked(ring: tuple[Ledger, Keyring, list[float]]) -> None:
    with ring[0].write() as session:
        create_key(session, "n", "engine", HandClock.now)
        revoke_key(session, "n", HandClock.now)
        with pytest.raises(ValueError, match="is or was"):
            create_key(session, "n", "engine", HandClock.now)
        with pytest.raises(ValueError, match="no valid key"):
            revoke_key(session, "n", HandClock.now)


@contextmanager
def log_in(service: Service, role: str = "finance") -> Iterator[httpx.Client]:
    """A browser that has just logged in."""
    with httpx.Client(base_url=service.url) as browser:
        browser.post("/login", data={"key": service.keys[role]})
        yield browser


def test_a_login_reads_and_never_changes_anything(service: Service) -> None:
    with log_in(service) as browser:
        assert browser.get("/v1/customers").status_code == 200
        assert browser.post("/v1/notices").status_code == 401
        assert browser.post("/v1/events", json=[]).status_code == 401
        assert browser.put("/v1/customers/k-1", json={}).status_code == 401


@pytest.mark.parametrize(("hours", "status"), [(0, 200), (11, 200), (12, 401), (13, 401)])
def test_a_login_ends_after_twelve_hours(service: Service, hours: int, status: int) -> None:
    with log_in(service) as browser:
        service.clock.move(hours=hours)
        assert browser.get("/v1/customers").status_code == status


def test_a_login_ends_when_its_key_is_revoked(service: Service) -> None:
    with log_in(service) as browser:
        with service.ledger.write() as session:
            revoke_key(session, "finance-key", service.clock())
        assert browser.get("/v1/customers").status_code == 401
        assert browser.get("/").headers["location"] == "/login"


def test_logging_out_ends_the_login_also_for_a_copied_cookie(service: Service) -> None:
    with log_in(service) as browser:
        copied = dict(browser.cookies)
        assert browser.post("/logout").headers["location"] == "/login"
        assert not browser.cookies
        assert httpx.get(f"{service.url}/v1/customers", cookies=copied).status_code == 401


def test_the_cookie_is_out_of_reach_for_scripts_and_foreign_pages(service: Service) -> None:
    answer = httpx.post(f"{service.url}/login", data={"key": service.keys["admin"]})
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize("key", ["engine", "nobody", "", "x" * 5000, "\x00", "ß", "\udcff"])
def test_only_a_finance_or_admin_key_opens_the_pages(shared: Service, key: str) -> None:
    form = urlencode({"key": shared.keys.get(key, key)}, errors="surrogateescape")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = httpx.post(f"{shared.url}/login", content=form, headers=kind)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "Dieser Schlüssel ist unbekannt" in answer.text


def test_keys_tokens_and_ibans_lie_nowhere_in_the_clear(service: Service) -> None:
    service.customer("k-1")
    with log_in(service) as browser:
        secrets = [*service.keys.values(), *browser.cookies.values(), IBAN, IBAN[4:]]
    for path in service.settings.data_dir.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [secret for secret in secrets if secret.encode() in content], path
