"""The command line: the same use cases, exit codes 0 done, 1 done with problems, 2 bad use."""

import json
import logging
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_group

from api import cli
from api.cli import MODULES, main, spread
from api.security import Keyring
from invoicing import terms
from invoicing.ledger import Ledger
from tests.api.running import Service, running, settings_in

CREDITOR = "DE27100777770209299700"


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


def zaehlwerk(folder: Path, *arguments: str, **variables: str) -> Done:
    """Run the command in a data directory, as its entry point does."""
    out, err, root = StringIO(), StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["zaehlwerk", *arguments])
        for name, value in _environment(folder, **variables).items():
            patch.setenv(name, value)
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
    return Done(code, out.getvalue(), err.getvalue())


def _environment(folder: Path, **variables: str) -> dict[str, str]:
    return {"ZAEHLWERK_DATA_DIR": str(folder), "ZAEHLWERK_CREDITOR_IBAN": CREDITOR, **variables}


def told(folder: Path, *arguments: str, code: int = 0) -> Any:
    """What a command reports as JSON, with the expected exit code."""
    done = zaehlwerk(folder, *arguments, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_a_key_is_shown_once_works_and_is_revoked(tmp_path: Path) -> None:
    key = zaehlwerk(tmp_path, "key", "create", "buch", "--role", "finance").stdout.strip()
    assert key.startswith("zw_")
    ledger = Ledger(settings_in(tmp_path).ledger_url)
    assert Keyring(ledger).by_key(key) is not None
    again = zaehlwerk(tmp_path, "key", "create", "buch", "--role", "finance")
    assert (again.returncode, "is or was a key" in again.stderr) == (2, True)
    assert zaehlwerk(tmp_path, "key", "revoke", "buch").returncode == 0
    assert Keyring(ledger).by_key(key) is None
    assert zaehlwerk(tmp_path, "key", "revoke", "buch").returncode == 2
    ledger.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["key", "create", "x", "--role", "boss"], "engine, finance, admin"),
        (["close", "2026-13"], "'2026-13' is not a month: write YYYY-MM"),
        (["close", "2026-10", "--today", "gestern"], "'gestern': write YYYY-MM-DD"),
        (["close", "2026-10", "--today", "2026-02-30"], "'2026-02-30': there is no such day"),
        (["close", "2026-10", "--today", "20261102"], "'20261102': write YYYY-MM-DD"),
        (["explain", "RE-2026-000001", "--day", "2.11.2026"], "'2.11.2026': write YYYY-MM-DD"),
        (["close", "2026-10", "--today", "2026-10-31"], "2026-11-01"),
        (["explain", "RE-2026-000099"], "RE-2026-000099"),
        (["assign", "2026-10", "k-9", "--reason", "weg"], "no usage"),
        (["assign", "2026-10", "k-9", "--reason", " "], "reason"),
        (["nix"], "nix"),
        (["clos"], "Did you mean 'close'?"),
    ],
)
def test_bad_use_says_why_and_ends_with_2(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = zaehlwerk(tmp_path, *arguments)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.replace("│", "").split())
    assert "Traceback" not in done.stderr


def test_a_bad_terms_file_is_named_before_anything_is_served(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('id = "own"\nprice = 1,5\n', encoding="utf-8")
    done = zaehlwerk(tmp_path, "serve", "--port", "0", ZAEHLWERK_TERMS_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("zaehlwerk: own.toml:2: not valid TOML: ")
    assert done.stderr.endswith(": write 1.5, with a point\n")


def test_the_installed_command_is_the_same(tmp_path: Path) -> None:
    """A process of its own: exit code and a single line instead of a traceback."""
    command = [sys.executable, "-m", "api.cli", "explain", "RE-2026-000099"]
    environment = os.environ | _environment(tmp_path)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "zaehlwerk: There is no invoice and no collection 'RE-2026-000099'.\n"


def test_every_command_of_every_module_is_known_by_its_name() -> None:
    modules = {path.stem for path in Path(cli.__file__).parent.glob("[a-z]*.py")} - {"terminal", "error"}
    commands = {each: get_group(import_module(f"api.cli.{each}").app).commands for each in modules}
    assert {name: module for module, named in commands.items() for name in named} == MODULES


def test_the_archiver_loads_neither_the_ledger_nor_the_api() -> None:
    """It starts beside every service, and what it loads keeps that waiting."""
    code = (
        "import sys, api.cli.archive; print(sorted({'fastapi', 'sqlmodel', 'weasyprint', 'holidays'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("command", [["serve"], ["doctor"], ["notify"]])
def test_a_bad_setting_is_named_and_ends_with_2(tmp_path: Path, command: list[str]) -> None:
    done = zaehlwerk(tmp_path, *command, ZAEHLWERK_LATE_DAYS="-1", ZAEHLWERK_REDIS_URL="http://u:geheim@host")
    assert done.returncode == 2
    assert "ZAEHLWERK_LATE_DAYS: " in done.stderr
    assert "ZAEHLWERK_REDIS_URL: " in done.stderr
    assert "geheim" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_month_from_the_command_line(tmp_path: Path) -> None:
    """Beside a running service: preview, close, announce, collect, explain."""
    with running(settings_in(tmp_path, creditor_iban=CREDITOR)) as service:
        _two_customers_and_a_stranger(service)
        day = ("--today", "2026-11-02")
        preview = told(tmp_path, "close", "2026-10", "--dry-run", *day, code=1)
        assert [each["customer"] for each in preview["invoices"]] == ["k-1", "k-2"]
        assert service.ask("GET", "/v1/months")["items"] == []
        report = told(tmp_path, "close", "2026-10", *day, code=1)
        assert (report["state"], report["invoices"], report["net_cents"]) == ("blocked", 2, 100_000)
        assert zaehlwerk(tmp_path, "assign", "2026-10", "k-9", "--reason", "Testsystem").returncode == 0
        assert told(tmp_path, "close", "2026-10", *day)["state"] == "closed"
        assert told(tmp_path, "notify", *day, code=1)["sent"] == ["RE-2026-000001", "RE-2026-000002"]
        collected = told(tmp_path, "collect", *day)
        assert [(each["scheme"], each["count"]) for each in collected["files"]] == [("CORE", 1)]
        assert (tmp_path / "sepa" / collected["files"][0]["file_name"]).exists()
        by_number = told(tmp_path, "explain", "RE-2026-000001")
        assert by_number == told(tmp_path, "explain", "RE-2026-000001-1")
        assert by_number["problems"] == []
        assert [each["position"] for each in told(tmp_path, "explain", "RE-2026-000001", "--line", "1")["lines"]] == [1]
        assert "Alles nachgerechnet" in zaehlwerk(tmp_path, "explain", "RE-2026-000001-1").stdout
        assert {each["who"] for each in service.audit() if each["action"].startswith("month.")} == {"cli"}


def _two_customers_and_a_stranger(service: Service) -> None:
    service.customer("k-1")
    service.customer("k-2", mandate=False)
    service.use("k-9", "2026-10-01", "trigger")


def test_the_doctor_ends_with_0_or_1(tmp_path: Path) -> None:
    assert all(each["ok"] for each in told(tmp_path, "doctor"))
    sick = zaehlwerk(tmp_path, "doctor", ZAEHLWERK_CREDITOR_IBAN="DE02120300000000202052")
    assert (sick.returncode, "creditor_iban" in sick.stdout) == (1, True)


def test_a_terms_file_is_checked_with_line_and_key(tmp_path: Path) -> None:
    shipped = Path(terms.__file__).parent / "fluks-2023-03.toml"
    assert zaehlwerk(tmp_path, "terms", "check", str(shipped)).returncode == 0
    broken = tmp_path / shipped.name
    lines = shipped.read_text(encoding="utf-8").splitlines()
    number = next(place for place, line in enumerate(lines) if "included = 500" in line)
    lines[number] = lines[number].replace("500", '"viel"', 1)
    broken.write_text("\n".join(lines), encoding="utf-8")
    done = zaehlwerk(tmp_path, "terms", "check", str(broken))
    assert done.returncode == 1
    assert f"{shipped.name}:{number + 1}: packages." in done.stderr
    assert "included" in done.stderr


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("send f --map a=b c=d", "send f --map a=b --map c=d"),
        ("send f --map a=b --map c=d", "send f --map a=b --map c=d"),
        ("send f --map a=b c=d e=f --url http://x?a=b", "send f --map a=b --map c=d --map e=f --url http://x?a=b"),
        ("send --map a=b f.csv", "send --map a=b f.csv"),
        ("send f", "send f"),
        ("", ""),
    ],
)
def test_several_mappings_may_follow_one_option(typed: str, meant: str) -> None:
    assert spread(typed.split()) == meant.split()
