"""The alert command: look once at who has reached which share of the allowance."""

import typer

from api.alert_watch import LOCK, sweep
from api.cli.terminal import AsJson, Today, console, opened, print_json

app = typer.Typer()


@app.command()
def alert(today: Today = None, *, as_json: AsJson = False) -> None:
    """Tell who reached a share of the allowance: raise what is due, send everything that is queued, due or not."""
    with opened(today) as work, work.alone(LOCK):
        done = sweep(work, patient=False)
    if as_json:
        raised = [each.model_dump(mode="json", exclude={"id"}) for each in done.raised]
        print_json({"raised": raised, "attempts": done.attempts})
    else:
        for each in done.raised:
            console.print(
                f"{each.customer}: {each.percent} % in {each.month}, {each.used:,} of {each.included:,}", markup=False
            )
        console.print(f"{len(done.attempts) - len(done.failed)} sent")
        for told in done.failed:
            console.print(
                f"waiting: {told.customer} {told.month} {told.percent} % {told.channel}: {told.answer}", markup=False
            )
    raise typer.Exit(1 if done.failed else 0)
