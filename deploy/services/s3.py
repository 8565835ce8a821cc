"""The Versity S3 gateway over a folder: objects stay plain files, and buckets can keep versions."""

import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.services.building import VERSITY_GATEWAY, built
from deploy.services.ports import LOOPBACK, free_ports
from deploy.services.records import Credentials
from deploy.services.server import Launch, Server, silent

REGION = "us-east-1"
BUCKET = "hrdp"
_HEALTH = "/health"
_ANSWER_SECONDS = 5.0


class S3Server(Server):
    """The gateway, with one bucket for the platform."""

    def __init__(self, folder: Path, credentials: Credentials, say: Callable[[str], None] = silent) -> None:
        super().__init__("s3", folder / "s3", say)
        self.access_key = credentials.s3_access_key
        self.secret_key = credentials.s3_secret_key

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['http']}"

    def choose_ports(self) -> dict[str, int]:
        return {"http": free_ports(1)}

    def launch(self) -> Launch:
        program = str(built(VERSITY_GATEWAY, self._say))
        for name in ("data", "versions", "users"):
            (self.folder / name).mkdir(exist_ok=True)
        arguments = [program, "--port", f"{LOOPBACK}:{self.ports['http']}", "--region", REGION, "--health", _HEALTH]
        arguments += [
            "--quiet",
            "--iam-dir",
            str(self.folder / "users"),
            "posix",
            "--versioning-dir",
            str(self.folder / "versions"),
            str(self.folder / "data"),
        ]
        environment = {"ROOT_ACCESS_KEY": self.access_key, "ROOT_SECRET_KEY": self.secret_key}
        return Launch(arguments, self.folder, environment)

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + _HEALTH, timeout=_ANSWER_SECONDS) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def set_up(self) -> None:
        client = self.client()
        if BUCKET not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=BUCKET)

    def client(self) -> Any:
        """A client of the server that needs nothing from the environment."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )
