"""The options of ``tillstream demo`` and ``sandbox``; each imports what it runs when it runs."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.sandbox.premises import Size

TRY = "Try it"


class System(StrEnum):
    """A system that has a sandbox."""

    MAGENTO = "magento"
    HEARTLAND = "heartland"


def demo(
    *, stop: Annotated[bool, typer.Option("--stop", help="End what an earlier demo left running.")] = False
) -> None:
    """Start everything on this machine, with a shop that trades, and check the result against the sandboxes' books.

    Asks the environment: DEMO_SECONDS (0 = until Ctrl-C), DEMO_WORKERS, DEMO_FAULTS, DEMO_KILLS, DEMO_WEBHOOKS,
    DEMO_SKUS, DEMO_SEED.
    """
    from app.demo.options import DemoOptions, OptionError  # noqa: PLC0415

    try:
        options = DemoOptions.from_environment(os.environ)
    except OptionError as error:
        raise typer.BadParameter(str(error)) from error
    if stop:
        from app.local.process import end_orphans  # noqa: PLC0415

        typer.echo(f"ended: {end_orphans(options.directory)}")
        return
    from app.demo import run as demo_run  # noqa: PLC0415

    raise typer.Exit(demo_run.run_demo(options))


def sandbox(
    system: Annotated[System, typer.Argument(help="Which one.")],
    database: Annotated[Path, typer.Option(help="Its SQLite file; kept if it exists.")],
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one and prints it.")] = 0,
    skus: Annotated[int, typer.Option(help="Sellable SKUs in its catalogue.")] = 2_000,
    seed: Annotated[int, typer.Option(help="Of catalogue and faults.")] = 1,
    size: Annotated[Size, typer.Option(help="Its locations, websites and stocks; the same for both.")] = Size.SMALL,
    webhook_url: Annotated[str | None, typer.Option(help="Where its webhooks go, {entity} is replaced.")] = None,
    credentials_file: Annotated[
        Path | None, typer.Option(help="JSON file that it writes with its address and the secrets that open it.")
    ] = None,
) -> None:
    """Serve a stand-in for Magento or Heartland, strict where the real one is.

    SANDBOX_WEBHOOK_SECRET signs its webhooks and SANDBOX_CREDENTIALS (a JSON object) opens it; what is not given is
    made at random.
    """
    import orjson  # noqa: PLC0415

    from app.logging import configure_logging  # noqa: PLC0415
    from app.sandbox.run import run_sandbox  # noqa: PLC0415
    from app.sandbox.server import SandboxOptions  # noqa: PLC0415

    configure_logging("INFO")
    try:
        credentials = orjson.loads(os.environ.get("SANDBOX_CREDENTIALS") or "{}")
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"is not JSON: {error}", param_hint="SANDBOX_CREDENTIALS") from error
    options = SandboxOptions(
        database=database,
        host=host,
        port=port,
        skus=skus,
        seed=seed,
        size=size,
        webhook_url=webhook_url,
        webhook_secret=os.environ.get("SANDBOX_WEBHOOK_SECRET") or None,
        credentials=credentials,
        credentials_file=credentials_file,
    )
    raise typer.Exit(run_sandbox(system.value, options))
