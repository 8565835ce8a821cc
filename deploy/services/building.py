"""Builds servers from their Go modules, each once at a pinned version, into a cache folder that outlives checkouts."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from deploy.services.problems import ServiceProblem

_LONGEST_BUILD_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class GoProgram:
    """A program in a Go module; `build` says what a person waits for."""

    name: str
    version: str
    package: str
    binary: str
    build: str


WEAVIATE = GoProgram(
    "weaviate", "1.39.0", "github.com/weaviate/weaviate/cmd/weaviate-server", "weaviate-server", "three to five minutes"
)
VERSITY_GATEWAY = GoProgram(
    "versitygw", "1.8.0", "github.com/versity/versitygw/cmd/versitygw", "versitygw", "about a minute"
)


def servers_folder() -> Path:
    """Where built servers are kept: `HRDP_CACHE`, or `hrdp` in the user's cache folder."""
    cache = os.environ.get("HRDP_CACHE")
    if cache:
        return Path(cache).expanduser().absolute() / "servers"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hrdp" / "servers"


def built(program: GoProgram, say: Callable[[str], None]) -> Path:
    """The program's file; it is built where that was not done yet. Raises ServiceProblem."""
    servers = servers_folder()
    target = servers / f"{program.name}-{program.version}"
    binary = target / program.binary
    if binary.is_file():
        return binary
    servers.mkdir(parents=True, exist_ok=True)
    with FileLock(servers / f"{program.name}-{program.version}.lock"):
        if not binary.is_file():
            _build(program, servers, target, say)
    return binary


def _build(program: GoProgram, servers: Path, target: Path, say: Callable[[str], None]) -> None:
    go = shutil.which("go")
    if go is None:
        raise ServiceProblem(
            f"{program.name} {program.version} is built with Go, which is not here: install it from https://go.dev/dl"
            " (version 1.26 or later) and see that `go version` answers"
        )
    say(f"building {program.name} {program.version} with Go, once: {program.build}")
    with tempfile.TemporaryDirectory(dir=servers, prefix=".building-") as folder:
        done = subprocess.run(
            [go, "install", f"{program.package}@v{program.version}"],
            env={**os.environ, "GOBIN": folder},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_LONGEST_BUILD_SECONDS,
        )
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["no reason was given"]
            raise ServiceProblem(
                f"{program.name} {program.version} can't be built ({reason[0]}): see that `go version` says 1.26 or"
                " later and that Go's module proxy can be reached, and run this again"
            )
        target.mkdir(exist_ok=True)
        (Path(folder) / program.binary).replace(target / program.binary)
