"""The command line. Each command imports what it runs when it runs, so that help and refusals come at once."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.commands.accounting_cli import accounting
from app.commands.aliases_cli import alias
from app.commands.dead_letters_cli import dead_letters
from app.commands.gift_cards_cli import gift_cards
from app.commands.guards_cli import guards
from app.commands.launch_cli import PANEL, backfill, launch, observe
from app.commands.mapping_cli import mapping
from app.commands.offsets_cli import offsets
from app.commands.oversells_cli import oversells
from app.commands.reconcile_cli import reconcile
from app.commands.running import given_moment, given_reason, load_settings, run_to_end, whoami
from app.commands.store_cli import store
from app.commands.trial_cli import TRY, demo, sandbox
from app.exit_codes import FAILED, INTERRUPTED, MISCONFIGURED

cli = typer.Typer(
    name="tillstream",
    help="Keeps a Heartland point of sale and a Magento store telling the same story, in real time, on Kafka.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
topics = typer.Typer(help="Kafka's topics: create what is missing, list what they hold.", no_args_is_help=True)
cli.add_typer(topics, name="topics", rich_help_panel="Look after it")
cli.add_typer(accounting, name="accounting", rich_help_panel="Look after it")
cli.add_typer(dead_letters, name="dead-letters", rich_help_panel="Look after it")
cli.add_typer(gift_cards, name="gift-cards", rich_help_panel="Look after it")
cli.add_typer(guards, name="guards", rich_help_panel="Look after it")
cli.add_typer(mapping, name="mapping", rich_help_panel="Look after it")
cli.add_typer(offsets, name="offsets", rich_help_panel="Look after it")
cli.add_typer(oversells, name="oversells", rich_help_panel="Look after it")
cli.add_typer(reconcile, name="reconcile", rich_help_panel="Look after it")
cli.add_typer(store, name="store", rich_help_panel="Look after it")

for command in (observe, launch, backfill):
    cli.command(rich_help_panel=PANEL)(command)

JOURNAL_DAYS = 30
"""How long the journal is kept at least: longer than any topic that a stage reads again."""

RUN, LOOK = "Run a part", "Look after it"

cli.command(rich_help_panel=LOOK)(alias)


class Stage(StrEnum):
    """A worker's stage."""

    NORMALIZE = "normalize"
    INVENTORY = "inventory"
    DELIVER = "deliver"


def _role(role: str, target: str | None = None) -> None:
    settings = load_settings()
    from app.logging import configure_logging  # noqa: PLC0415

    configure_logging(settings.log_level)
    from app import roles  # noqa: PLC0415

    raise typer.Exit(roles.run(role, settings, target))


@cli.command(rich_help_panel=RUN)
def ingress() -> None:
    """Take webhooks: checks their signature, publishes them, answers 202 when Kafka has them."""
    _role("ingress")


@cli.command(rich_help_panel=RUN)
def poll() -> None:
    """Read orders and stock that changed, so that a lost webhook loses nothing."""
    _role("poll")


@cli.command(rich_help_panel=RUN)
def worker(
    stage: Annotated[Stage, typer.Argument(help="What it does.")],
    target: Annotated[str | None, typer.Option(help="Connection that `deliver` writes to.", show_default=False)] = None,
) -> None:
    """Run one worker; start more of the same to share the work.

    Exit codes: 0 after SIGTERM; 1 start it again; 2 settings or documents are wrong; 3 Kafka no longer has records that
    it has not processed: nothing is skipped, do not start it again before `tillstream offsets repair`.
    """
    if (stage is Stage.DELIVER) != (target is not None):
        wanted = "needs --target NAME, a connection" if stage is Stage.DELIVER else "takes no --target"
        raise typer.BadParameter(f"worker {stage} {wanted}", param_hint="--target")
    if target is not None:
        connections = load_settings().connections
        if target not in connections:
            known = ", ".join(sorted(connections)) or "there is none yet"
            raise typer.BadParameter(f"no connection is called '{target}' (known: {known})", param_hint="--target")
    _role(stage.value, target)


for trial in (demo, sandbox):
    cli.command(rich_help_panel=TRY)(trial)


@topics.command("create")
def topics_create() -> None:
    """Create the topics that are missing. One that differs from its declaration is left alone and told (exit 1)."""
    from app.commands import topics as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.create(load_settings())))


@topics.command("list")
def topics_list() -> None:
    """List the topics with their partitions and records, and whether they are as declared."""
    from app.commands import topics as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.show(load_settings())))


@cli.command(rich_help_panel=LOOK)
def trace(
    what: Annotated[str, typer.Argument(help="Order number, SKU or receipt id.")],
) -> None:
    """Tell a receipt's whole story: what each stage did, where it is held and why, and the command that mends it."""
    settings = load_settings()
    from app import trace as command  # noqa: PLC0415

    raise typer.Exit(command.show(settings, what))


@cli.command(rich_help_panel=LOOK)
def balance(
    since: Annotated[
        str | None, typer.Option(help="Only what came since: 2h, 3d, or 2026-11-24T10:00 (UTC); else all that is kept.")
    ] = None,
) -> None:
    """Account for every receipt of the door and every event that one caused; exit 1 if one is missing or twice."""
    wanted = None if since is None else given_moment(since)
    settings = load_settings()
    from app.commands import balance as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.run(settings, wanted)))


@cli.command(rich_help_panel=LOOK)
def link_customer(
    account: Annotated[str, typer.Argument(help="Id of the account in Magento.")],
    profile: Annotated[str, typer.Argument(help="Id of the profile in Heartland.")],
    channel: Annotated[
        str | None, typer.Option(help="A channel of the account's website; may be left out where there is one.")
    ] = None,
) -> None:
    """Say that an account and a profile are one person; releases what waits for it."""
    for name, given in (("ACCOUNT", account), ("PROFILE", profile)):
        if given.startswith("<"):
            raise typer.BadParameter(f"put the id itself in the place of '{given}'", param_hint=name)
    settings = load_settings()
    from app import desk  # noqa: PLC0415

    raise typer.Exit(desk.link_customer(settings, account, profile, channel))


@cli.command(rich_help_panel=LOOK)
def replay(receipt_id: Annotated[str, typer.Argument(help="Receipt id, as `tillstream trace` shows it.")]) -> None:
    """Let a held receipt try again now; `dead-letters replay` does it for many, or with an edited body."""
    settings = load_settings()
    from app.commands import dead_letters as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.replay_receipt(settings, receipt_id, by=whoami())))


@cli.command(rich_help_panel=LOOK)
def discard(
    receipt_id: Annotated[str, typer.Argument(help="Receipt id, as `tillstream trace` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; the journal keeps it.", show_default=False)],
) -> None:
    """Give a held receipt up for good: nothing is written for it, and what queues behind it goes on.

    That is this one update: if the order changes in its source later, that is a new event with a decision of its own,
    and may still create it.
    """
    why = given_reason(reason)
    settings = load_settings()
    from app.commands import dead_letters as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.discard_receipt(settings, receipt_id, by=whoami(), reason=why)))


@cli.command(rich_help_panel=LOOK)
def resume(
    flow: Annotated[str | None, typer.Argument(help="Flow; without it, what is stopped is listed.")] = None,
    target: Annotated[str | None, typer.Option(help="Only in the stage that writes to this connection.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the stop.")] = "",
) -> None:
    """Let a flow go on that stopped because nearly everything failed; nothing that waited is lost."""
    settings = load_settings()
    from app.commands import resume as command  # noqa: PLC0415

    if flow is None:
        raise typer.Exit(run_to_end(command.show(settings)))
    raise typer.Exit(run_to_end(command.resume(settings, flow, target, by=whoami(), reason=reason.strip())))


@cli.command(rich_help_panel=LOOK)
def purge(
    older_than_days: Annotated[
        int, typer.Option(help=f"Age of what goes; {JOURNAL_DAYS} or more.", show_default=False)
    ],
) -> None:
    """Delete old lines of the journal; `tillstream trace` no longer knows what they told."""
    if older_than_days < JOURNAL_DAYS:
        raise typer.BadParameter(
            f"keep {JOURNAL_DAYS} days or more: the journal must outlast what Kafka keeps (streams/topics.py), or a "
            "record that is read again would count as a new receipt",
            param_hint="--older-than-days",
        )
    settings = load_settings()
    from app import desk  # noqa: PLC0415

    raise typer.Exit(desk.purge(settings, older_than_days))


@cli.command(rich_help_panel=LOOK)
def doctor(*, json: Annotated[bool, typer.Option("--json", help="For a program.")] = False) -> None:
    """Check Kafka, the store, each connection, the clocks and the channels; say how to mend what is wrong (exit 1).

    What is doubtful works, or cannot be seen from here, and does not change the exit code.
    """
    from app.doctor import checks  # noqa: PLC0415

    raise typer.Exit(run_to_end(checks.run(load_settings(), json=json)))


@cli.command(rich_help_panel=LOOK)
def connect(
    connection: Annotated[str | None, typer.Argument(help="Connection; all without it.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
) -> None:
    """Register the webhooks of the point of sale at ingress.public_url, and check what Magento needs.

    Run it again whenever you like: what is as it should be stays as it is. The poller keeps watch from then on.
    """
    settings = load_settings()
    if connection is not None and connection not in settings.connections:
        known = ", ".join(sorted(settings.connections)) or "there is none yet"
        raise typer.BadParameter(f"no connection is called '{connection}' (known: {known})", param_hint="CONNECTION")
    from app.commands import connect as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.run(settings, connection, whoami(), dry_run=dry_run)))


@cli.command(rich_help_panel=LOOK)
def schemas(
    entity: Annotated[str | None, typer.Argument(help="Entity as in a record's header; all without it.")] = None,
    directory: Annotated[
        Path | None, typer.Option(help="Write ENTITY.vN.schema.json for each there.", show_default=False)
    ] = None,
) -> None:
    """Print the JSON Schema of what stands in the canonical topics, for whoever reads them or edits an event."""
    from app.commands import schemas as command  # noqa: PLC0415

    raise typer.Exit(command.show(entity, directory))


@cli.command(rich_help_panel=LOOK)
def settings(
    *, values: Annotated[bool, typer.Option("--values", help="Only the values that count, without secrets.")] = False
) -> None:
    """Explain every setting, then show the values that count, without secrets."""
    from app.settings import explain  # noqa: PLC0415

    if not values:
        typer.echo(explain.documentation() + "\n\nThe values that count here:\n")
    typer.echo(explain.values(load_settings()))


@cli.command(rich_help_panel=LOOK)
def support_bundle(
    file: Annotated[str, typer.Argument(help="Where it goes, a .tar.gz; - is standard output.")],
    logs: Annotated[
        str | None, typer.Option(help="Logs to go with it, masked; - is standard input.", show_default=False)
    ] = None,
) -> None:
    """Collect what whoever helps needs: version, settings, findings, positions, balance, journal; without secrets.

    E-mail addresses, telephone and card numbers are masked in it too. Look into it before you send it.
    """
    if not Path(file).parent.is_dir():
        raise typer.BadParameter(f"there is no folder '{Path(file).parent}'", param_hint="FILE")
    if logs is not None and logs != "-" and not Path(logs).is_file():
        raise typer.BadParameter(f"there is no file '{logs}'", param_hint="--logs")
    settings = load_settings()
    from app.commands import support as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.write(settings, file, logs)))


def _version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415

        typer.echo(f"tillstream {version('tillstream')}")
        raise typer.Exit


@cli.callback()
def _common(
    *, version: Annotated[bool, typer.Option("--version", callback=lambda value: _version(wanted=value))] = False
) -> None:
    """Options before the command."""


def main() -> None:
    """Run the command; what the operator can mend is told in one block, without a traceback."""
    try:
        cli(prog_name="tillstream")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        code = _told(error)
        if code is None:
            raise
        sys.exit(code)


def _told(error: Exception) -> int | None:
    """Tell an error that is meant for the operator; None if it is not one."""
    from app.ingress.signature import SecretUnreadable  # noqa: PLC0415
    from app.local.kafka_java import KafkaNotStarted  # noqa: PLC0415
    from app.settings.problems import SettingsError  # noqa: PLC0415
    from streams.engine.errors import DocumentError  # noqa: PLC0415
    from streams.errors import TillstreamError  # noqa: PLC0415

    if isinstance(error, SettingsError | DocumentError | SecretUnreadable):
        sys.stderr.write(f"{error}\n")
        return MISCONFIGURED
    if isinstance(error, TillstreamError | KafkaNotStarted):
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return FAILED
    return None


if __name__ == "__main__":
    main()
