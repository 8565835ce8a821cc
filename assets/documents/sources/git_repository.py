"""Running the git command line safely: no prompts, no hooks, no helpers of a foreign repository, an end to every
run.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from assets.documents.model import UnreadableDocument
from assets.documents.sources.base import SourceUnavailable

# Settings of a repository that would run its owner's programs, and transports that run any program at all.
_SAFETY = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.quotePath", "false"),
    ("log.showSignature", "false"),
    ("safe.directory", "*"),
    ("gc.autoDetach", "false"),
    ("maintenance.autoDetach", "false"),
    ("protocol.allow", "never"),
)
_NETWORK = tuple((f"protocol.{name}.allow", "always") for name in ("https", "http", "ssh", "git", "file"))
# What a user may need to reach a repository; every other GIT_ variable would point git at another one.
_KEPT_VARIABLES = {"GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_EXEC_PATH"}
_USER = re.compile(r"([A-Za-z][\w.+-]*://)([^/?#]*)@(.*)", re.DOTALL)
_CREDENTIALS = re.compile(r"://[^/@\s]+@")


def without_credentials(url: str) -> str:
    """The address without user and password (of an ssh address only the password, since its user is part of the
    place).
    """
    match = _USER.match(url)
    if match is None:
        return url
    scheme, user, rest = match.groups()
    return f"{scheme}{user.partition(':')[0]}@{rest}" if "ssh" in scheme else scheme + rest


class GitRepository:
    """One repository folder, asked through the git command line. Every method raises SourceUnavailable where git
    fails.
    """

    def __init__(self, directory: Path, *, seconds: float) -> None:
        """`directory` holds a working tree or a bare repository; `seconds` limits every single run."""
        self._directory = directory
        self._seconds = seconds

    def run(self, *arguments: str, url: str | None = None) -> str:
        """What git prints. Transports are open only to a run that names the `url` (with or without credentials) it
        needs.
        """
        return b"".join(self.stream(*arguments, url=url)).decode("utf-8", "surrogateescape")

    def answers(self, *arguments: str) -> str | None:
        """What git prints, stripped; None where it exits with an error."""
        try:
            return self.run(*arguments).strip()
        except GitFailed:
            return None

    def stream(self, *arguments: str, url: str | None = None) -> Iterator[bytes]:
        """What git prints, in pieces, as it comes."""
        with tempfile.TemporaryFile() as errors:
            process = _start(self._directory, arguments, url, stdin=subprocess.DEVNULL, stderr=errors)
            expired = threading.Event()

            def expire() -> None:
                expired.set()
                _kill(process)

            timer = threading.Timer(self._seconds, expire)
            timer.daemon = True
            timer.start()
            try:
                assert process.stdout is not None
                while piece := process.stdout.read(1 << 16):
                    yield piece
                code = process.wait()
            finally:
                timer.cancel()
                _end(process)
            if expired.is_set():
                raise GitFailed(
                    f"git {arguments[0]} was ended after {self._seconds:g} seconds. Raise the limit or try again."
                )
            if code:
                errors.seek(0)
                raise GitFailed(
                    f"git {arguments[0]} failed: {_summary(errors.read(20_000).decode('utf-8', 'replace'))}"
                )

    def blobs(self) -> "BlobReader":
        """A reader of file contents; a context manager that holds one git process."""
        return BlobReader(self._directory)


class GitFailed(SourceUnavailable):
    """A run of git that ended with an error or was ended; its text holds no credentials."""


class BlobReader:
    """File contents by blob id, through one `git cat-file --batch` that starts with the first and ends with the
    context.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._lock = threading.Lock()

    def __enter__(self) -> "BlobReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
            if self._process is not None:
                _end(self._process)
                self._process = None

    def read(self, blob: str, max_bytes: int) -> bytes:
        """The content of a blob. Raises UnreadableDocument, SourceUnavailable."""
        with self._lock:
            if self._closed:
                raise RuntimeError("A revision has to be read before the scan that yielded it goes on.")
            if self._process is None:
                self._process = _start(
                    self._directory, ("cat-file", "--batch"), None, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
                )
            requests, answers = self._process.stdin, self._process.stdout
            assert requests is not None
            assert answers is not None
            try:
                requests.write(f"{blob}\n".encode())
                requests.flush()
                header = answers.readline().split()
                if len(header) != 3:
                    if header[-1:] == [b"missing"]:
                        raise UnreadableDocument(
                            "missing_object", "The repository lost this object; repair it with git fsck and git fetch."
                        )
                    raise SourceUnavailable("git cat-file ended early. Check the repository with git fsck.")
                size = int(header[2])
                if size > max_bytes:
                    _skip(answers, size + 1)
                    raise UnreadableDocument(
                        "too_large", f"Split it, or raise the limit of {max_bytes} bytes a document."
                    )
                content = answers.read(size + 1)
            except (OSError, ValueError):
                raise SourceUnavailable("git cat-file ended early. Check the repository with git fsck.") from None
        if len(content) != size + 1:
            raise SourceUnavailable("git cat-file ended early. Check the repository with git fsck.")
        return content[:-1]


def _skip(stream: IO[bytes], size: int) -> None:
    while size > 0 and (piece := stream.read(min(size, 1 << 20))):
        size -= len(piece)


def _start(
    directory: Path, arguments: tuple[str, ...], url: str | None, *, stdin: int, stderr: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    git = shutil.which("git")
    if git is None:
        raise SourceUnavailable("The git command is missing. Install git and try again.")
    try:
        return subprocess.Popen(
            [git, "--no-pager", *arguments],
            cwd=directory,
            env=_environment(directory, url),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            # Without a terminal, neither git nor ssh can stop to ask; and all that git starts can be ended together.
            start_new_session=True,
        )
    except OSError as error:
        raise SourceUnavailable(
            f"{directory} cannot be read ({error.strerror}). Check that it exists and is mounted."
        ) from None


def _environment(directory: Path, url: str | None) -> dict[str, str]:
    settings = list(_SAFETY)
    if url is not None:
        settings += _NETWORK
        if without_credentials(url) != url:
            # Through the environment, because other users of the machine can see a command's arguments.
            settings.append((f"url.{url}.insteadOf", without_credentials(url)))
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key in _KEPT_VARIABLES
    }
    environment |= {
        "LC_ALL": "C",
        # A broken repository must not be taken for the one that it happens to lie in.
        "GIT_CEILING_DIRECTORIES": str(directory.parent),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (key, value) in enumerate(settings):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        _kill(process)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _summary(errors: str) -> str:
    lines = [line.strip() for line in _CREDENTIALS.sub("://", errors).splitlines() if line.strip()]
    return " ".join(lines[-3:]) or "it gave no reason."
