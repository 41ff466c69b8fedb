"""One message, two ways out; the announcement's own story is told in tests/sepa/test_notice.py."""

import ssl
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from invoicing.mail import Folder, MailError, Smtp, ascii_address, compose
from tests.mail_server import mail_server
from tests.redis_fixtures import free_port

AT = datetime(2026, 11, 2, 8, 15, tzinfo=UTC)
PDF = ("RE-1.pdf", b"%PDF-1.7 \x00\xff")
BODY = "Grüße\n.\nvon uns\n"
MAIL = compose("wir@a.example", "sie@b.example", "Rechnung über 5,00 EUR", BODY, "<1@a.example>", AT, PDF)


def test_a_mail_arrives_as_it_was_written() -> None:
    with mail_server() as mailbox:
        answer = Smtp(mailbox.url).send(MAIL)
    assert answer == "250 2.0.0 queued as 1"
    (message,) = mailbox.messages
    assert message["Subject"] == "Rechnung über 5,00 EUR"
    body, attachment = message.iter_parts()
    assert body.get_content() == BODY.replace("\n", "\r\n")
    assert (attachment.get_filename(), attachment.get_content()) == PDF
    assert mailbox.received[0][1] == MAIL.as_bytes()


def test_a_folder_keeps_what_a_server_would_get(tmp_path: Path) -> None:
    assert Folder(tmp_path / "outbox").send(MAIL) == "250 stored as 1.eml"
    assert (tmp_path / "outbox" / "1.eml").read_bytes() == MAIL.as_bytes()
    again = compose("wir@a.example", "sie@b.example", "Rechnung über 5,00 EUR", BODY, "<1@a.example>", AT, PDF)
    assert message_from_bytes(MAIL.as_bytes(), policy=default)["Message-ID"] == "<1@a.example>"
    assert again.as_bytes() == MAIL.as_bytes(), "the same mail is the same bytes"


def test_a_server_that_is_away_is_named() -> None:
    with pytest.raises(MailError, match="refused"):
        Smtp(f"smtp://127.0.0.1:{free_port()}").send(MAIL)


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@y.example", "a\nb", "a\rb"])
def test_nobody_can_add_a_header(subject: str) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        compose("a@b.example", "c@d.example", subject, "", "<1@b>", AT, PDF)


# recipient → as the server reads it, or refused
RECIPIENTS = [
    ("a.b+c@kunde.example", "a.b+c@kunde.example"),
    (" k@kunde.example ", "k@kunde.example"),
    ("info@müller.example", "info@xn--mller-kva.example"),
    ("INFO@MÜLLER.example", "INFO@xn--mller-kva.example"),
    ("info@xn--mller-kva.example", "info@xn--mller-kva.example"),
    ("o'neill@kunde.example", "o'neill@kunde.example"),
    ("info@straße.example", None),
    ("büro@kunde.example", None),
    ("k@kunde.example\nBcc: alle@kunde.example", None),
    ("k@kunde.example\r\n\r\nHallo", None),
    ("k@kunde.example, l@kunde.example", None),
    ("Kunde <k@kunde.example>", None),
    ("k @kunde.example", None),
    ("k@kunde..example", None),
    ("k@" + "x" * 64 + ".example", None),
    ("k@-kunde.example", None),
    ("k@kunde.example>", None),
    ("k", None),
    ("@kunde.example", None),
    ("k@", None),
    ("", None),
    ("k\ud800@kunde.example", None),
]


@pytest.mark.parametrize(("address", "read"), RECIPIENTS, ids=repr)
def test_an_address_is_written_in_ascii_or_refused_with_the_fix(address: str, read: str | None) -> None:
    if read:
        assert ascii_address(address) == read
    else:
        with pytest.raises(MailError, match="Die E-Mail-Adresse berichtigen"):
            ascii_address(address)


def certificate(folder: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that its own file vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today)
        .not_valid_after(today + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def authenticate(_: object, __: object, ___: object, ____: str, data: object) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"post", b"geheim/1")
    return AuthResult(success=good, handled=False)


@pytest.mark.parametrize(
    ("trusted", "password", "outcome"),
    [(True, "geheim%2F1", "sent"), (True, "falsch", "535"), (False, "geheim%2F1", "CERTIFICATE_VERIFY_FAILED")],
)
def test_encrypted_and_with_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool, password: str, outcome: str
) -> None:
    tls = certificate(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    with mail_server(tls_context=tls, require_starttls=True, auth_required=True, authenticator=authenticate) as mailbox:
        way = Smtp(f"smtp://post:{password}@127.0.0.1:{mailbox.port}")
        if outcome == "sent":
            assert way.send(MAIL).startswith("250 ")
        else:
            with pytest.raises(MailError, match=outcome):
                way.send(MAIL)
    assert len(mailbox.received) == (outcome == "sent")
