"""The finance pages, as a bookkeeper sees them."""

from collections.abc import Iterator

import httpx
import pytest
from lxml import html
from sqlmodel import select, text

from sepa.records import MandateVersion
from tests.api.running import MANDATE, Service, running, settings_in


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, httpx.Client]]:
    """A finance clerk who has logged in; October has an unknown customer and one without a mandate."""
    settings = settings_in(tmp_path_factory.mktemp("desk"), creditor_iban="DE27100777770209299700")
    with running(settings) as service:
        service.customer("k-1")
        service.ask("PUT", "/v1/customers/k-1/mandate", {**MANDATE, "scheme": "B2B"})
        service.customer("k-2", mandate=False, package="basic-2500")
        service.use("k-9", "2026-10-01", "trigger")
        service.close_month("2026-10")
        service.ask("POST", "/v1/notices")
        service.ask("POST", "/v1/sepa/exports", expect=201)
        with httpx.Client(base_url=service.url) as browser:
            browser.post("/login", data={"key": service.keys["finance"]})
            yield service, browser


def text_of(answer: httpx.Response) -> str:
    return " ".join(" ".join(html.fromstring(answer.text).itertext()).split())


def test_every_page_is_german_and_guarded(desk: tuple[Service, httpx.Client]) -> None:
    _, browser = desk
    for path in ("/", "/months/2026-10", "/months/2026-09", "/sepa", "/login"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert '<html lang="de">' in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "<script" not in answer.text
        assert 'style="' not in answer.text


def test_the_login_asks_for_a_key_and_says_when_it_is_wrong(desk: tuple[Service, httpx.Client]) -> None:
    service, _ = desk
    asked = httpx.get(f"{service.url}/login")
    assert html.fromstring(asked.text).xpath("//input[@type='password']/@name") == ["key"]
    for form in ({"key": "falsch"}, {}, {"key": "x" * 10_000}):
        answer = httpx.post(f"{service.url}/login", data=form)
        assert answer.status_code == 403
        assert "Dieser Schlüssel ist unbekannt, widerrufen oder nicht für die Finanzseiten bestimmt." in text_of(answer)


def test_the_months_show_state_and_sums(desk: tuple[Service, httpx.Client]) -> None:
    _, browser = desk
    page = text_of(browser.get("/"))
    assert "Oktober 2026 angehalten 2 1 750,00 142,50 892,50" in page
    assert "finance-key (Finanzen)" in page


def test_a_month_shows_problems_invoices_and_states(desk: tuple[Service, httpx.Client]) -> None:
    _, browser = desk
    page = text_of(browser.get("/months/2026-10"))
    assert "k-9 Unbekannter Kunde Für „k-9“ wurden Ereignisse gezählt" in page
    assert "RE-2026-000001 Kunde k-1 GmbH k-1 02.11.2026 500,00 595,00 in SEPA-Datei 09.11.2026 PDF" in page
    assert "RE-2026-000002 Kunde k-2 GmbH k-2 02.11.2026 250,00 297,50 wartet – PDF" in page
    (link, _) = html.fromstring(browser.get("/months/2026-10").text).xpath("//td/a/@href")
    assert browser.get(link).headers["content-type"] == "application/pdf"


def test_a_month_without_invoices_says_so(desk: tuple[Service, httpx.Client]) -> None:
    _, browser = desk
    assert "Für diesen Monat gibt es keine Rechnungen." in text_of(browser.get("/months/2026-09"))


def test_the_sepa_page_offers_files_and_names_who_waits(desk: tuple[Service, httpx.Client]) -> None:
    _, browser = desk
    answer = browser.get("/sepa")
    page = text_of(answer)
    assert "Firmenlastschrift 1 595,00 09.11.2026 noch nicht pain.008 · Begleitzettel" in page
    assert "RE-2026-000002 Kunde k-2 GmbH k-2 297,50 Es liegt kein SEPA-Mandat vor." in page
    kinds = [browser.get(link).headers["content-type"] for link in html.fromstring(answer.text).xpath("//td/a/@href")]
    assert kinds[:2] == ["application/xml", "application/pdf"]
    assert "02.11.2026" in text_of(browser.get("/sepa"))


def test_the_sepa_page_says_what_may_leave_and_what_is_held_back(service: Service) -> None:
    service.customer("k-1")
    service.customer("k-2")
    with service.ledger.write() as session:
        old = session.exec(select(MandateVersion).where(MandateVersion.customer == "k-2")).one()
        session.add(MandateVersion(**old.model_dump(exclude={"id", "account_holder"}), account_holder="Firma " * 15))
    service.close_month("2026-10")
    service.ask("POST", "/v1/notices")
    with httpx.Client(base_url=service.url) as browser:
        browser.post("/login", data={"key": service.keys["finance"]})
        page = text_of(browser.get("/sepa"))
    assert "1 Einzug kann heute in eine Datei, zusammen 595,00 €" in page
    assert "Zurückgehaltene Einzüge Rechnung Kunde Was zu tun ist RE-2026-000002" in page
    assert "erlaubt sind 70" in page
    assert "debtor_name" not in page


def test_an_empty_desk_says_what_to_do(service: Service) -> None:
    with httpx.Client(base_url=service.url) as browser:
        browser.post("/login", data={"key": service.keys["admin"]})
        months = text_of(browser.get("/"))
        assert "Es wurde noch kein Monat abgeschlossen." in months
        assert "(Verwaltung)" in months
        assert "Es wurde noch keine Datei geschrieben." in text_of(browser.get("/sepa"))


def test_names_from_outside_are_text_and_nothing_else(service: Service) -> None:
    name = "<script>alert(1)</script> & Söhne"
    service.customer("k-1")
    service.ask("PUT", "/v1/customers/k-1", {**service.ask("GET", "/v1/customers/k-1"), "name": name}, expect=422)
    shown = {k: v for k, v in service.ask("GET", "/v1/customers/k-1").items() if k not in {"customer", "recorded_at"}}
    service.ask("PUT", "/v1/customers/k-1", {**shown, "name": name})
    service.close_month("2026-10")
    with httpx.Client(base_url=service.url) as browser:
        browser.post("/login", data={"key": service.keys["finance"]})
        answer = browser.get("/months/2026-10")
    assert "<script" not in answer.text
    assert name in text_of(answer)


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        (
            "GET",
            "/months/2026-13",
            422,
            "Diese Adresse ist nicht verständlich Ein Monat wird so geschrieben: /months/2026-10",
        ),
        ("GET", "/months/x", 422, "nicht verständlich"),
        ("GET", "/months/0000-01", 422, "nicht verständlich"),
        ("GET", "/months/%00", 422, "nicht verständlich"),
        ("GET", "/monate", 404, "Diese Seite gibt es nicht"),
        ("GET", "/months/2026-10/x", 404, "Diese Seite gibt es nicht"),
        ("GET", "/static/nichts.css", 404, "Diese Seite gibt es nicht"),
        ("POST", "/sepa", 405, "Das geht hier nicht"),
    ],
)
def test_what_is_no_page_is_told_on_one(
    desk: tuple[Service, httpx.Client], method: str, path: str, status: int, says: str
) -> None:
    answer = desk[1].request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert '<html lang="de">' in answer.text
    assert says in text_of(answer)
    assert ("GET" in answer.headers.get("allow", "")) == (status == 405)


@pytest.mark.parametrize(
    ("path", "accept"), [("/v1/nichts", "text/html"), ("/nichts", "application/json"), ("/openapi.json/x", "*/*")]
)
def test_programs_are_answered_with_a_problem_document(
    desk: tuple[Service, httpx.Client], path: str, accept: str
) -> None:
    answer = desk[1].get(path, headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_while_the_ledger_is_away_a_page_says_so(service: Service) -> None:
    with service.ledger.write() as session:
        session.execute(text("ALTER TABLE billing_month RENAME TO elsewhere"))
    with httpx.Client(base_url=service.url) as browser:
        browser.post("/login", data={"key": service.keys["finance"]})
        answer = browser.get("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "Bitte versuchen Sie es gleich noch einmal." in text_of(answer)
