"""Commands for setting up: keys, doctor."""

from typing import Annotated

import typer
from rich.table import Table

from api.audit import note
from api.cli.terminal import WHO, AsJson, console, opened, print_json
from api.doctor import examine
from api.security import Role, create_key, revoke_key
from api.settings import Settings

app = typer.Typer()
keys = typer.Typer(no_args_is_help=True, help="Keys for the engine, finance and administration.")
app.add_typer(keys, name="key")


@keys.command("create")
def key_create(
    name: str, role: Annotated[str, typer.Option(help="engine, finance or admin")], *, as_json: AsJson = False
) -> None:
    """Create a key and print it; it is shown this once."""
    with opened() as work, work.ledger.write() as session:
        try:
            key = create_key(session, name, _role(role), work.clock())
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        note(session, work.clock(), WHO, "key.created", name, role=role)
    print_json({"name": name, "role": role, "key": key}) if as_json else typer.echo(key)


@keys.command("revoke")
def key_revoke(name: str) -> None:
    """End a key and its logins; running services follow within seconds."""
    with opened() as work, work.ledger.write() as session:
        try:
            revoke_key(session, name, work.clock())
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        note(session, work.clock(), WHO, "key.revoked", name)
    console.print(f"{name} is revoked", markup=False)


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """Tell what is configured, reachable and durable."""
    findings = examine(Settings())
    if as_json:
        print_json(findings)
    else:
        table = Table("", "what", "finding", box=None)
        for each in findings:
            table.add_row("ok" if each.ok else "!!", each.what, each.finding)
        console.print(table)
    raise typer.Exit(0 if all(each.ok for each in findings) else 1)


def _role(text: str) -> Role:
    return text  # type: ignore[return-value]  # create_key refuses unknown roles by name
