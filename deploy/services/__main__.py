"""`python -m deploy.services up|down|status|settings|build`: the servers below `HRDP_HOME`."""

import os
import shlex
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from deploy.services.building import VERSITY_GATEWAY, WEAVIATE, built
from deploy.services.problems import ServiceProblem
from deploy.services.stack import Stack


def _folder() -> Path:
    return Path(os.environ.get("HRDP_HOME") or ".hrdp") / "services"


def _say(line: str) -> None:
    click.echo(line, err=True)


def _in_one_sentence(command: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except ServiceProblem as problem:
            raise click.ClickException(str(problem)) from None

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Weaviate, an S3 server and PostgreSQL on this machine, with data under HRDP_HOME/services."""


@main.command()
@click.option(
    "--weaviate-nodes", type=click.IntRange(1, 9), help="Nodes of the Weaviate cluster; 1 where it is begun without."
)
@_in_one_sentence
def up(weaviate_nodes: int | None) -> None:
    """Start what doesn't run and print the settings that use it: eval "$(python -m deploy.services up)"."""
    started = time.monotonic()
    stack = Stack(_folder(), weaviate_nodes, _say)
    stack.up()
    _say(f"all are ready after {time.monotonic() - started:.1f} seconds")
    _print_settings(stack)


@main.command()
@_in_one_sentence
def build() -> None:
    """Build what has to be built, without starting anything; one that is there is left."""
    for program in (VERSITY_GATEWAY, WEAVIATE):
        _say(f"{program.name} {program.version}: {built(program, _say)}")


@main.command()
@_in_one_sentence
def down() -> None:
    """Stop the servers; their data stays."""
    if _folder().exists():
        Stack(_folder(), say=_say).down()


@main.command()
@_in_one_sentence
def status() -> None:
    """Say of each server whether it runs; fails where one doesn't."""
    servers = Stack(_folder()).servers if _folder().exists() else []
    states = {
        server.name: _state(server.is_running(), server.is_running() and server.is_healthy()) for server in servers
    }
    for server in servers:
        where = f"process {server.pid}, ports {', '.join(map(str, server.ports.values()))}" if server.pid else ""
        click.echo(f"{server.name:12} {states[server.name]:12} {where}".rstrip())
    if not states or set(states.values()) != {"healthy"}:
        raise click.exceptions.Exit(1)


@main.command()
@_in_one_sentence
def settings() -> None:
    """Print the settings that use the servers, as export lines."""
    if not _folder().exists():
        raise ServiceProblem("no servers were started here: run `python -m deploy.services up` (or make services)")
    _print_settings(Stack(_folder()))


def _state(is_running: bool, is_healthy: bool) -> str:
    if is_healthy:
        return "healthy"
    return "not ready" if is_running else "stopped"


def _print_settings(stack: Stack) -> None:
    for name, value in stack.settings().items():
        click.echo(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    main(prog_name="python -m deploy.services")
