"""Commands that run the service, feed it, or show it: serve, send, demo."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.terminal import AsJson, Today, console, print_json
from api.event_file import record_count
from api.progress import progress_bar
from api.send import send as send_file
from api.settings import Settings

_MAPPING = (
    "where a field comes from: COLUMN, :constant, a {template} with {#} for the line number, or "
    "first:COLUMN:trigger:action for the first and every later line of a COLUMN; may be given several times"
)
app = typer.Typer()


@app.command()
def serve(
    host: str = "127.0.0.1",
    port: int = 8080,
    workers: Annotated[int, typer.Option(min=1)] = 1,
    today: Today = None,
) -> None:
    """Run the API and the finance pages."""
    from api.server import run  # noqa: PLC0415 - loaded only to serve
    from api.workplace import filed_terms  # noqa: PLC0415

    filed_terms(Settings().terms_dir)  # settings and files are refused here, by name, rather than in every worker
    run(host, port, workers, today)


@app.command()
def send(
    file: Path,
    url: Annotated[str, typer.Option(help="where the service is")] = "http://127.0.0.1:8080",
    key: Annotated[str, typer.Option(envvar="ZAEHLWERK_KEY", help="a key with the role engine")] = "",
    mapping: Annotated[list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help=_MAPPING)] = None,
    shift_months: Annotated[int, typer.Option(help="move every time by whole months, keeping local wall clock")] = 0,
    *,
    as_json: AsJson = False,
) -> None:
    """Post a file of events (NDJSON, CSV, Parquet) in batches; sending it again is harmless."""
    with progress_bar(record_count(file), file.name) as advance:
        summary = send_file(file, url, key, mapping or (), shift_months, progress=advance)
    if as_json:
        print_json(summary)
    else:
        console.print(
            f"{summary.sent:,} sent: {summary.accepted:,} accepted, {summary.duplicates:,} duplicates, "
            f"{sum(each.count for each in summary.rejected):,} rejected; {summary.seconds:.1f} s"
        )
        for each in summary.rejected:
            lines = ", ".join(str(line) for line in each.lines)
            console.print(f"rejected {each.count:,}: {each.field}: {each.message} (lines {lines})", markup=False)
    raise typer.Exit(1 if summary.rejected else 0)


@app.command()
def demo(
    folder: Annotated[Path | None, typer.Option("--dir", help="where everything is written (default: var)")] = None,
    customers: Annotated[int, typer.Option(min=12, max=8000)] = 40,
    events: Annotated[int, typer.Option(min=1000)] = 250_000,
    port: Annotated[int, typer.Option(help="0: any free port")] = 0,
    *,
    serve: Annotated[bool, typer.Option("--serve", help="go on serving afterwards")] = False,
) -> None:
    """Run a whole billing month through the real HTTP door, checked against an independent count."""
    from api.demo import run as show  # noqa: PLC0415 - loaded only for the demo
    from api.workplace import clock_from  # noqa: PLC0415

    settings = show.data_dir(Settings(), folder)
    plan = show.plan_for(settings, customers, events, clock_from(None)())
    show.run(plan, port, console, stay=serve)
