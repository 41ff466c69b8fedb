"""Who has reached 80 and 100 % of the allowance: raised and told once a month, whatever fails on the way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import text

from api.alert_delivery import pause_after
from api.alert_watch import LOCK, AlertWatch, sweep
from api.records import AllowanceAlert
from invoicing import history
from invoicing.contract import ContractEvent
from invoicing.records import ContractEventRecord
from tests.api.alert_office import SECRET as WEBHOOK_SECRET
from tests.api.alert_office import Office, Receiver, office, receiver
from tests.api.running import settings_in
from tests.mail_server import Mailbox, mail_server
from tests.redis_fixtures import free_port, kill
from tests.waiting import until


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as server:
        yield server


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    with receiver() as taking:
        yield taking
        assert taking.forged == []


@pytest.fixture
def desk(tmp_path: Path, mailbox: Mailbox, hooks: Receiver) -> Iterator[Office]:
    settings = settings_in(tmp_path, smtp_url=mailbox.url, webhook_url=hooks.url, webhook_secret=WEBHOOK_SECRET)
    with office(settings) as opened:
        yield opened


@pytest.fixture
def each_desk(tmp_path: Path, ledger_url: str, mailbox: Mailbox, hooks: Receiver) -> Iterator[Office]:
    """The same on SQLite and on PostgreSQL."""
    settings = settings_in(
        tmp_path,
        smtp_url=mailbox.url,
        webhook_url=hooks.url,
        webhook_secret=WEBHOOK_SECRET,
        database_url=ledger_url,
    )
    with office(settings) as opened:
        yield opened


def subjects(mailbox: Mailbox) -> list[str]:
    return [str(message["Subject"]) for message in mailbox.messages]


def body(message: EmailMessage) -> str:
    return " ".join(str(message.get_content()).split())


@pytest.mark.parametrize(
    ("used", "raised"),
    [(0, []), (399, []), (400, [80]), (401, [80]), (499, [80]), (500, [80, 100]), (501, [80, 100])],
)
def test_at_each_threshold_one_mail_and_one_signed_call_leave(
    desk: Office, mailbox: Mailbox, hooks: Receiver, used: int, raised: list[int]
) -> None:
    desk.customer("k-1")
    if used:
        desk.use("k-1", used)
    sweep(desk.work)
    sweep(desk.work)
    assert desk.alerts() == [("k-1", "2026-11", percent, used, 500) for percent in raised]
    assert subjects(mailbox) == [f"Sie haben {each} % Ihres Kontingents genutzt (November 2026)" for each in raised]
    assert [call.about for call in hooks.calls] == [("k-1", "2026-11", percent) for percent in raised]


def test_what_a_call_and_a_mail_say(each_desk: Office, mailbox: Mailbox, hooks: Receiver) -> None:
    each_desk.customer("k-1")
    each_desk.use("k-1", 420)
    sweep(each_desk.work)
    (call,) = hooks.calls
    assert call.content == {
        "type": "usage.threshold_reached",
        "timestamp": "2026-11-02T09:00:00Z",
        "data": {
            "customer": "k-1",
            "month": "2026-11",
            "percent": 80,
            "used": 420,
            "included": 500,
            "remaining": 80,
        },
    }
    assert call.id.startswith("msg_")
    assert datetime.fromtimestamp(call.timestamp, UTC) == each_desk.clock()
    (mail,) = mailbox.messages
    assert (mail["To"], mail["Auto-Submitted"]) == ("k-1@kunde.example", "auto-generated")
    assert "420 Auslöser/Aktionen. Enthalten sind 500; frei sind noch 80." in body(mail)
    assert "0,10 EUR netto (fluks AGB Anlage 3 § 2)" in body(mail)
    assert all(byte < 128 for byte in mailbox.received[0][1])
    for delivery in (*each_desk.deliveries("mail"), *each_desk.deliveries("webhook")):
        assert (delivery.state, delivery.attempts, delivery.sent_at) == ("sent", 1, each_desk.clock())
        assert delivery.answer in {"204 No Content", "250 2.0.0 queued as 1"}


def test_only_what_uses_up_the_allowance_counts(desk: Office) -> None:
    desk.customer("k-1")
    desk.use("k-1", 10_000, meter="connector")
    desk.use("k-1", 200, meter="action")
    desk.use("k-1", 199)
    assert sweep(desk.work).raised == ()
    desk.use("k-1", 1, meter="action")
    assert [alert.percent for alert in sweep(desk.work).raised] == [80]


@pytest.mark.clause("Connectavo II 2.6")
def test_a_level_raises_nothing_however_often_it_is_reported(desk: Office, mailbox: Mailbox) -> None:
    """Four times three machines of ten are three machines."""
    desk.customer("k-1", "standard", terms="connectavo-2021-12")
    for _ in range(4):
        desk.use("k-1", 3, meter="machines")
    desk.use("k-1", 100, meter="trigger")
    assert (sweep(desk.work).raised, mailbox.received) == ((), [])


def test_who_has_no_contract_today_is_told_nothing(desk: Office) -> None:
    desk.address("k-none", "k-none@kunde.example")
    desk.customer("k-future", since="2026-12-01")
    desk.customer("k-over")
    end = ContractEvent("terminated", date(2026, 10, 31), desk.clock(), received_on=date(2026, 9, 1))
    with desk.work.ledger.write() as session:
        history.record(session, "k-over", end)
    for key in ("k-none", "k-future", "k-over", "k-unknown"):
        desk.use(key, 5_000)
    assert sweep(desk.work).raised == ()


def test_a_new_month_begins_from_zero_and_raises_anew(desk: Office, hooks: Receiver) -> None:
    desk.customer("k-1")
    desk.use("k-1", 500)
    sweep(desk.work)
    desk.clock.now = datetime(2026, 12, 2, 9, tzinfo=UTC)
    assert sweep(desk.work).raised == ()
    desk.use("k-1", 400, at="2026-12-02T08:00:00+00:00")
    sweep(desk.work)
    assert [call.about for call in hooks.calls] == [
        ("k-1", "2026-11", 80),
        ("k-1", "2026-11", 100),
        ("k-1", "2026-12", 80),
    ]


@pytest.mark.parametrize(
    ("seen_at", "raised"),
    [
        ("2026-11-30T23:59:59+01:00", [80]),
        ("2026-12-01T00:00:00+01:00", [80]),
        ("2026-12-01T23:59:59+01:00", [80]),
        ("2026-12-02T00:00:00+01:00", []),
    ],
)
def test_the_last_minutes_of_a_month_are_told_on_the_day_after(desk: Office, seen_at: str, raised: list[int]) -> None:
    desk.customer("k-1")
    desk.use("k-1", 400, at="2026-11-30T23:59:30+01:00")
    desk.clock.now = datetime.fromisoformat(seen_at)
    assert [(alert.month, alert.percent) for alert in sweep(desk.work).raised] == [("2026-11", each) for each in raised]


def test_a_larger_package_raises_the_bar_and_repeats_nothing(desk: Office) -> None:
    desk.customer("k-1", "basic-5000")
    desk.use("k-1", 4_000)
    sweep(desk.work)
    desk.change("k-1", "standard-10000", "2026-11-01")
    desk.use("k-1", 4_500)
    assert sweep(desk.work).raised == ()
    desk.use("k-1", 1_500)
    sweep(desk.work)
    assert desk.alerts() == [("k-1", "2026-11", 80, 4_000, 5_000), ("k-1", "2026-11", 100, 10_000, 10_000)]


def test_many_at_once_tell_once(each_desk: Office, mailbox: Mailbox, hooks: Receiver) -> None:
    """Sweeps that do not even share the lock of a data directory, as on several hosts."""
    keys = [each_desk.customer(f"k-{number}") for number in range(5)]
    for key in keys:
        each_desk.use(key, 500)
    with office(each_desk.work.settings, each_desk.clock) as other, ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda at: sweep(at.work), [each_desk, other] * 3))
    expected = sorted((key, "2026-11", percent) for key in keys for percent in (80, 100))
    assert sorted((each.customer, each.month, each.percent) for one in done for each in one.raised) == expected
    assert sorted(call.about for call in hooks.calls) == expected
    assert len(mailbox.received) == len(expected)


def test_the_ledger_itself_refuses_an_alert_raised_twice_or_changed(each_desk: Office) -> None:
    each_desk.customer("k-1")
    each_desk.use("k-1", 400)
    (alert,) = sweep(each_desk.work).raised
    copy = AllowanceAlert(**alert.model_dump(exclude={"id"}))
    with pytest.raises(IntegrityError), each_desk.work.ledger.write() as session:
        session.add(copy)
    with pytest.raises(DBAPIError, match="append-only"), each_desk.work.ledger.write() as session:
        session.execute(text("DELETE FROM allowance_alert"))


@pytest.mark.parametrize("status", [301, 307, 400, 401, 410, 429, 500, 503])
def test_a_call_that_was_not_taken_is_made_again_with_the_same_id(
    desk: Office, mailbox: Mailbox, hooks: Receiver, status: int
) -> None:
    desk.customer("k-1")
    desk.use("k-1", 400)
    hooks.statuses = [status, status]
    (failed,) = sweep(desk.work).failed
    assert (failed.customer, failed.channel, failed.answer[:3]) == ("k-1", "webhook", str(status))
    assert len(mailbox.received) == 1
    assert sweep(desk.work).attempts == ()
    desk.clock.move(seconds=60)
    assert len(sweep(desk.work).failed) == 1
    desk.clock.move(seconds=119)
    assert sweep(desk.work).attempts == ()
    desk.clock.move(seconds=1)
    assert sweep(desk.work).failed == ()
    assert sweep(desk.work).attempts == ()
    first, second, third = hooks.calls
    assert first.id == second.id == third.id
    assert first.body == second.body == third.body
    assert (second.timestamp - first.timestamp, third.timestamp - second.timestamp) == (60, 120)
    assert len(mailbox.received) == 1
    (delivery,) = desk.deliveries("webhook")
    assert (delivery.state, delivery.attempts, delivery.message_id) == ("sent", 3, first.id)


def test_a_receiver_that_is_away_gets_the_call_when_it_is_back(tmp_path: Path) -> None:
    port = free_port()
    settings = settings_in(tmp_path, webhook_url=f"http://127.0.0.1:{port}/", webhook_secret=WEBHOOK_SECRET)
    with office(settings) as desk:
        desk.customer("k-1")
        desk.use("k-1", 400)
        (failed,) = sweep(desk.work).failed
        assert failed.answer.startswith("ConnectError: ")
        with receiver(port) as hooks:
            assert sweep(desk.work, patient=False).failed == ()
        assert [call.id for call in hooks.calls] == [desk.deliveries("webhook")[0].message_id]
    assert len(list((tmp_path / "outbox").iterdir())) == 1


def test_one_that_fails_stops_no_other(desk: Office, mailbox: Mailbox, hooks: Receiver) -> None:
    keys = [desk.customer(f"k-{number}") for number in range(4)]
    for key in keys:
        desk.use(key, 400)
    mailbox.refused, hooks.refuses = "k-1@", "k-2"
    failed = {(each.customer, each.channel) for each in sweep(desk.work).failed}
    assert failed == {("k-1", "mail"), ("k-2", "webhook")}
    assert sorted(address for address, _ in mailbox.received) == [f"k-{each}@kunde.example" for each in (0, 2, 3)]


def test_a_damaged_contract_keeps_its_alert_and_no_other(desk: Office, caplog: pytest.LogCaptureFixture) -> None:
    desk.customer("k-1")
    with desk.work.ledger.write() as session:
        session.add(
            ContractEventRecord(customer="k-0", kind="started", effective_on=date(2026, 1, 1), recorded_at=desk.clock())
        )
    desk.use("k-0", 400)
    desk.use("k-1", 400)
    assert [alert.customer for alert in sweep(desk.work).raised] == ["k-1"]
    assert "no alerts for k-0: the contract started on 2026-01-01 names no terms" in caplog.text


def test_a_corrected_address_gets_the_waiting_mail(desk: Office, mailbox: Mailbox) -> None:
    desk.customer("k-1")
    desk.use("k-1", 400)
    mailbox.refused = "k-1@"
    assert len(sweep(desk.work).failed) == 1
    (before,) = desk.deliveries("mail")
    assert (before.state, before.answer) == ("queued", "550 5.1.1 no such mailbox")
    desk.address("k-1", "neu@kunde.example")
    sweep(desk.work, patient=False)
    ((address, _),) = mailbox.received
    (after,) = desk.deliveries("mail")
    assert (address, after.recipient, after.message_id) == ("neu@kunde.example", "neu@kunde.example", before.message_id)
    assert str(mailbox.messages[0]["Message-ID"]) == f"<{before.message_id}@example.org>"


def test_what_was_raised_goes_out_while_the_counter_is_away(desk: Office, hooks: Receiver) -> None:
    desk.customer("k-1")
    desk.use("k-1", 400)
    hooks.statuses = [500]
    assert len(sweep(desk.work).failed) == 1
    kill(desk.work.counter)
    with pytest.raises(RedisError):
        sweep(desk.work, patient=False)
    assert [delivery.state for delivery in desk.deliveries("webhook")] == ["sent"]


def test_without_a_webhook_there_are_mails_only(tmp_path: Path) -> None:
    with office(settings_in(tmp_path)) as desk:
        desk.customer("k-1")
        desk.use("k-1", 400)
        assert [each.channel for each in sweep(desk.work).attempts] == ["mail"]
        assert desk.deliveries("webhook") == []


def test_thresholds_are_a_setting(tmp_path: Path) -> None:
    with office(settings_in(tmp_path, alert_percents="150,50")) as desk:
        desk.customer("k-1")
        desk.use("k-1", 500)
        assert [alert.percent for alert in sweep(desk.work).raised] == [50]
    with office(settings_in(tmp_path, alert_percents="")) as desk:
        assert sweep(desk.work).raised == ()


def test_the_secret_is_never_told(desk: Office, hooks: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    desk.customer("k-1")
    desk.use("k-1", 400)
    hooks.statuses = [500]
    sweep(desk.work)
    sweep(desk.work, patient=False)
    assert "500 Internal Server Error" in caplog.text
    said = caplog.text + repr(desk.work.settings) + "".join(each.answer for each in desk.deliveries("webhook"))
    assert WEBHOOK_SECRET.removeprefix("whsec_") not in said
    assert "v1," not in said
    assert "/hooks/zaehlwerk" not in caplog.text


def test_the_watch_sweeps_until_it_is_stopped(desk: Office, hooks: Receiver) -> None:
    desk.customer("k-1")
    desk.use("k-1", 400)
    watch = AlertWatch(desk.work, 0.01)
    watch.start()
    until(lambda: hooks.calls, "the call arrives")
    desk.use("k-1", 100)
    until(lambda: len(hooks.calls) > 1, "the next call arrives")
    watch.stop()
    assert [call.about for call in hooks.calls] == [("k-1", "2026-11", 80), ("k-1", "2026-11", 100)]


def test_the_watch_goes_on_after_a_sweep_that_failed(desk: Office, caplog: pytest.LogCaptureFixture) -> None:
    with desk.work.ledger.write() as session:
        session.execute(text("ALTER TABLE allowance_alert RENAME TO elsewhere"))
    desk.customer("k-1")
    watch = AlertWatch(desk.work, 0.01)
    watch.start()
    until(lambda: caplog.text.count("the sweep for alerts failed") > 1, "two sweeps failed")
    watch.stop()


def test_a_watch_of_zero_seconds_never_begins(desk: Office) -> None:
    watch = AlertWatch(desk.work, 0)
    watch.start()
    watch.stop()
    assert desk.alerts() == []


def test_where_another_process_sweeps_the_watch_lets_it(desk: Office) -> None:
    desk.customer("k-1")
    desk.use("k-1", 400)
    watch = AlertWatch(desk.work, 60)
    with desk.work.alone(LOCK):
        assert watch.sweep_if_free() is None
    done = watch.sweep_if_free()
    assert done is not None
    assert len(done.raised) == 1


def test_a_stopped_sweep_begins_no_other_attempt(desk: Office, mailbox: Mailbox) -> None:
    desk.customer("k-1")
    desk.use("k-1", 400)
    assert sweep(desk.work, stopping=lambda: True).attempts == ()
    assert mailbox.received == []
    assert len(sweep(desk.work).attempts) == 2


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 60), (2, 120), (3, 240), (8, 7_680), (9, 15_360), (10, 21_600), (1_000, 21_600)]
)
def test_pauses_grow_up_to_six_hours(attempts: int, seconds: int) -> None:
    assert pause_after(attempts) == timedelta(seconds=seconds)
