"""What is remembered between commands: a server's ports and process, and the credentials that were drawn for this set."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Record:
    """A server's ports by what they are for, and its process; `started` is the process's start in seconds since 1970."""

    ports: dict[str, int]
    pid: int | None = None
    started: float | None = None

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The record in a file; None where there is none."""
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return None

    def write(self, path: Path) -> None:
        """Puts the record into a file, which is seen whole or not at all."""
        write_private(path, json.dumps(asdict(self)))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What clients show to the servers."""

    weaviate_api_key: str
    s3_access_key: str
    s3_secret_key: str
    postgresql_password: str

    @classmethod
    def kept_in(cls, folder: Path) -> Self:
        """The credentials of a set of servers, drawn at their first use."""
        path = folder / "credentials.json"
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            drawn = cls(*(secrets.token_hex(length) for length in (24, 10, 24, 24)))
            folder.mkdir(parents=True, exist_ok=True)
            write_private(path, json.dumps(asdict(drawn)))
            return drawn


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(path)
