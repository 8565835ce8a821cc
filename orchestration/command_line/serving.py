"""`hrdp serve`."""

import contextlib

import click

from assets.platform import Platform
from orchestration.command_line.output import json_option, print_json, with_platform


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; others need HRDP_SERVICE_KEY."
)
@click.option("--port", default=8470, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@json_option
@with_platform
def serve(platform: Platform, host: str, port: int, as_json: bool) -> None:
    """Serve the web page to ask in, and the HTTP interface that it uses."""
    from orchestration.service.application import make_application
    from orchestration.service.running import is_loopback, listen, run, url_of, warm

    key = platform.settings.service_key
    if not key and not is_loopback(host):
        raise click.UsageError(
            f"HRDP_SERVICE_KEY is not set, and {host} can be reached from other machines: set a key of 16 or more characters, or"
            " leave --host out"
        )
    try:
        bound = listen(host, port)
    except OSError as problem:
        raise click.ClickException(
            f"{host}, port {port}, can't be listened on ({problem.strerror}): choose another with --host or --port"
        ) from None
    with bound:
        warm(platform)
        if as_json:
            print_json({"url": url_of(bound), "key": bool(key)})
        else:
            click.echo(
                f"Serving {url_of(bound)} until Ctrl+C; its interface is described at {url_of(bound)}openapi.json"
            )
            if not is_loopback(host):
                click.echo("It speaks plain HTTP: put a server before it that speaks HTTPS.", err=True)
        with contextlib.suppress(KeyboardInterrupt):
            run(make_application(platform, key), bound)
