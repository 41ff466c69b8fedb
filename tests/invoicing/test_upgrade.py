"""A ledger in use is brought to the newest schema, on both databases: nothing is lost, and all still holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from invoicing.ledger import Ledger, alembic_config

BEFORE = "0003"  # the last schema in which a customer's month had one invoice
ROWS = (
    """INSERT INTO invoice (number, customer, month, issued_on, issued_at, due_on, net_cents, vat_cents, gross_cents,
       document, sha256) VALUES
       ('RE-2026-000001', 'k-1', '2026-10', '2026-11-02', '2026-11-02T09:00:00.000000+00:00', '2026-11-09', 71760,
        13634, 85394, '{"ä": 1}', 'aa'),
       ('RE-2026-000002', 'k-2', '2026-10', '2026-11-02', '2026-11-02T09:00:00.000000+00:00', NULL, 99999999999, 0,
        99999999999, '{}', 'bb')""",
    """INSERT INTO outbox_mail (id, invoice, recipient, state, attempts, queued_at, message_id, answer,
       attachment_sha256) VALUES
       (1, 'RE-2026-000001', 'a@b.example', 'sent', 1, '2026-11-02T09:00:00.000000+00:00', '<1>', '250', 'cc')""",
    """INSERT INTO collection (id, end_to_end_id, invoice, customer, amount_cents, state, reason, mail_id)
       VALUES (1, 'RE-2026-000001-1', 'RE-2026-000001', 'k-1', 85394, 'announced', '', 1)""",
    """INSERT INTO billed_usage (id, invoice, customer, month, counts, recorded_at)
       VALUES (1, 'RE-2026-000002', 'k-2', '2026-10', '{"05": {"trigger": 3}}', '2026-11-02T09:00:00.000000+00:00')""",
)
TABLES = ("invoice", "outbox_mail", "collection", "billed_usage")
ANOTHER = """INSERT INTO invoice (number, customer, month, occasion, issued_on, issued_at, net_cents, vat_cents,
             gross_cents, document, sha256) VALUES ('RE-2026-000003', 'k-1', '2026-10', '{occasion}', '2026-11-03',
             '2026-11-03T09:00:00.000000+00:00', 1, 0, 1, '{{}}', 'dd')"""


@pytest.fixture
def used(blank_url: str) -> Iterator[Ledger]:
    """A ledger as an older version left it."""
    opened = Ledger(blank_url)
    with opened.engine.execution_options(writes=True).begin() as connection:
        command.upgrade(alembic_config(connection), BEFORE)
        for statement in ROWS:
            connection.exec_driver_sql(statement)
    yield opened
    opened.close()


def kept(ledger: Ledger) -> dict[str, list[dict[str, object]]]:
    with ledger.read() as session:
        return {
            table: [dict(row) for row in session.execute(text(f"SELECT * FROM {table} ORDER BY 1")).mappings()]  # noqa: S608
            for table in TABLES
        }


def do(ledger: Ledger, statement: str) -> None:
    with ledger.write() as session:
        session.execute(text(statement))


def test_every_row_survives_and_an_old_invoice_is_its_months(used: Ledger) -> None:
    before = kept(used)
    used.upgrade()
    after = kept(used)
    assert [row.pop("occasion") for row in after["invoice"]] == ["month", "month"]
    assert after == before
    assert [row["gross_cents"] for row in after["invoice"]] == [85394, 99999999999]


def test_upgrading_again_changes_nothing(used: Ledger) -> None:
    used.upgrade()
    after = kept(used)
    used.upgrade()
    assert kept(used) == after


@pytest.mark.parametrize(
    ("occasion", "refused"), [("month", True), ("order-1", False)], ids=["the same occasion", "another occasion"]
)
def test_a_month_may_hold_one_invoice_for_each_occasion(used: Ledger, occasion: str, *, refused: bool) -> None:
    used.upgrade()
    if refused:
        with pytest.raises(DBAPIError):
            do(used, ANOTHER.format(occasion=occasion))
    else:
        do(used, ANOTHER.format(occasion=occasion))
    assert len(kept(used)["invoice"]) == (2 if refused else 3)


@pytest.mark.parametrize("statement", ["UPDATE invoice SET gross_cents = 1", "DELETE FROM invoice"])
def test_invoices_stay_guarded(used: Ledger, statement: str) -> None:
    used.upgrade()
    with pytest.raises(DBAPIError, match="append-only"):
        do(used, statement)


def test_what_refers_to_an_invoice_still_must(used: Ledger) -> None:
    used.upgrade()
    with pytest.raises(DBAPIError):
        do(used, "UPDATE outbox_mail SET invoice = 'RE-2026-000009'")
    do(used, "UPDATE outbox_mail SET invoice = 'RE-2026-000002'")


def test_the_index_and_the_keys_are_there(used: Ledger) -> None:
    used.upgrade()
    found = inspect(used.engine)
    assert [each["column_names"] for each in found.get_indexes("invoice") if not each["unique"]] == [
        ["month", "number"]
    ]
    assert found.get_pk_constraint("invoice")["constrained_columns"] == ["number"]
    assert [each["column_names"] for each in found.get_unique_constraints("invoice")] == [
        ["customer", "month", "occasion"]
    ]
    assert {each["referred_table"] for each in found.get_foreign_keys("billed_usage")} == {"invoice"}


def test_a_row_that_refers_to_nothing_stops_the_upgrade_and_nothing_is_changed(tmp_path: Path) -> None:
    """Only SQLite could hold one: it was written while foreign keys were off."""
    broken = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    with broken.engine.execution_options(writes=True).begin() as connection:
        command.upgrade(alembic_config(connection), BEFORE)
    raw = broken.engine.raw_connection()
    raw.cursor().execute("PRAGMA foreign_keys=OFF")
    raw.cursor().execute(ROWS[1])
    raw.cursor().execute("PRAGMA foreign_keys=ON")
    raw.close()
    with pytest.raises(RuntimeError, match="outbox_mail"):
        broken.upgrade()
    assert "booking" not in inspect(broken.engine).get_table_names()
    with pytest.raises(DBAPIError):
        do(broken, ROWS[1].replace("(1,", "(2,"))
    broken.close()
