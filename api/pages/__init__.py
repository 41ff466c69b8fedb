"""The finance pages: login, months, invoices, SEPA files. German, plain; they only read."""

import pathlib
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlmodel import col, select

from api import monthly
from api.access import COOKIE, Work
from api.forms import MONTH_PATTERN
from api.invoices import with_collection
from api.security import Identity
from api.workplace import Workplace
from invoicing import history
from invoicing.money import german_amount, german_date, german_instant, german_month
from invoicing.records import InvoiceRecord, MonthRecord
from metering.month import BillingMonth, local_day
from sepa.collection import WAITING
from sepa.export import decide
from sepa.records import CollectionRecord, ExportRecord

FOLDER = pathlib.Path(__file__).parent
_STATES = {
    "open": "offen",
    "closing": "läuft",
    "blocked": "angehalten",
    "closed": "abgeschlossen",
    "issued": "ohne Einzug",
    "waiting": "wartet",
    "planned": "wird angekündigt",
    "announced": "angekündigt",
    "exported": "in SEPA-Datei",
}
_RULES = {
    "unknown_customer": "Unbekannter Kunde",
    "usage_without_contract": "Nutzung ohne Vertrag",
    "unknown_terms": "Unbekannte Bedingungen",
    "consumer_not_allowed": "Verbraucher nicht zugelassen",
    "unknown_package": "Unbekanntes Paket",
    "unknown_addons": "Unbekannte Zusatzmodule",
    "incomplete_address": "Anschrift unvollständig",
    "foreign_customer": "Kunde im Ausland",
    "mixed_prices": "Netto- und Bruttopreise gemischt",
    "set_aside_grew": "Ausgenommene Nutzung gewachsen",
    "recount_differs": "Zähler und Journal verschieden",
    "late_without_contract": "Nachträgliche Nutzung ohne Vertrag",
    "unknown_earlier_terms": "Frühere Bedingungen fehlen",
    "negative_invoice": "Negativer Rechnungsbetrag",
    "close_broke_off": "Abschluss abgebrochen",
}
_FAILURES = {
    404: ("Diese Seite gibt es nicht", "Bitte prüfen Sie die Adresse."),
    405: ("Das geht hier nicht", "Bitte beginnen Sie noch einmal in der Übersicht."),
    422: ("Diese Adresse ist nicht verständlich", "Ein Monat wird so geschrieben: /months/2026-10"),
    503: ("Das ist gerade nicht möglich", "Bitte versuchen Sie es gleich noch einmal."),
    500: (
        "Hier ist etwas schiefgegangen",
        "Der Fehler liegt bei uns und ist vermerkt. Bitte versuchen Sie es noch einmal.",
    ),
}
_FOR_PROGRAMS = ("/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json")

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


_templates.filters |= {
    "amount": german_amount,
    "date": german_date,
    "instant": german_instant,
    "month": lambda month: german_month(BillingMonth.parse(month)),
    "state": lambda state: _STATES.get(state, state),
    "rule": lambda rule: _RULES.get(rule, rule),
}


@router.get("/login")
def show_login() -> HTMLResponse:
    """Ask for a key."""
    return _page("login.html", None, failed=False)


@router.post("/login")
def log_in(work: Work, key: Annotated[str, Form()] = "") -> Response:
    """Start a login with a finance or admin key."""
    token = work.keyring.log_in(key.strip(), work.clock(), work.settings.session_hours)
    if token is None:
        return _page("login.html", None, status=403, failed=True)
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=work.settings.secure_cookies)
    return answer


@router.post("/logout")
def log_out(request: Request, work: Work) -> Response:
    """End the login."""
    work.keyring.log_out(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/")
def show_months(request: Request, work: Work) -> Response:
    """List the months."""
    if (who := _visitor(request, work)) is None:
        return RedirectResponse("/login", status_code=303)
    with work.ledger.read() as session:
        names = session.exec(select(MonthRecord.month).order_by(col(MonthRecord.month).desc())).all()
    months = [monthly.month_state(work, BillingMonth.parse(name)) for name in names]
    return _page("months.html", who, months=months)


@router.get("/months/{month}")
def show_month(request: Request, work: Work, month: Annotated[str, Path(pattern=MONTH_PATTERN)]) -> Response:
    """Show a month: sums, parked customers, invoices."""
    if (who := _visitor(request, work)) is None:
        return RedirectResponse("/login", status_code=303)
    parsed = BillingMonth.parse(month)
    with work.ledger.read() as session:
        rows = session.exec(with_collection().where(InvoiceRecord.month == month)).all()
    names = {each.number: each.buyer.name for each in monthly.invoices_of(work, parsed)}
    return _page("month.html", who, report=monthly.month_state(work, parsed), rows=rows, names=names)


@router.get("/sepa")
def show_exports(request: Request, work: Work) -> Response:
    """List the pain.008 files and what waits."""
    if (who := _visitor(request, work)) is None:
        return RedirectResponse("/login", status_code=303)
    with work.ledger.read() as session:
        files = session.exec(select(ExportRecord).order_by(col(ExportRecord.id).desc())).all()
        held = session.exec(
            select(CollectionRecord).where(CollectionRecord.state == WAITING).order_by(col(CollectionRecord.id))
        ).all()
        ready, kept_back = decide(session, work.desk, local_day(work.clock()))
        names = {key: each.name for key, each in history.customers(session).items()}
    return _page("sepa.html", who, files=files, waiting=held, names=names, ready=ready, held=kept_back)


def instead(request: Request, answer: Response) -> Response | None:
    """Return the page that people see instead of a problem document; None where a program asks."""
    if request.url.path.startswith(_FOR_PROGRAMS) or "json" in request.headers.get("accept", ""):
        return None
    title, advice = _FAILURES.get(answer.status_code, _FAILURES[500])
    page = _page("failure.html", None, answer.status_code, title=title, advice=advice)
    page.headers.update({name: value for name, value in answer.headers.items() if name in {"allow", "retry-after"}})
    return page


def _visitor(request: Request, work: Workplace) -> Identity | None:
    token = request.cookies.get(COOKIE)
    return work.keyring.by_session(token, work.clock()) if token else None


def _page(name: str, who: Identity | None, status: int = 200, **values: Any) -> HTMLResponse:
    html = _templates.get_template(name).render(who=who, **values)
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    return HTMLResponse(html, status_code=status, headers=headers)
