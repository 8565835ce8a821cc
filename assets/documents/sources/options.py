"""What an installation, not a source's owner, decides about reading sources: endpoints, limits, permissions."""

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Settings that hold for every source.

    `max_bytes` limits one document (decompressed); a longer one is unreadable. `request_seconds` limits one HTTP
    exchange from the first connection to the last byte, redirects included, and one wait for S3; `git_seconds` limits
    one run of git, so also the first fetch of a large repository. `allow_private_addresses` lets HTTP sources reach
    loopback and private networks. `s3_endpoint` is the address of an S3 service other than Amazon's.
    """

    max_bytes: int = 50 * MEBIBYTE
    request_seconds: float = 60.0
    git_seconds: float = 1800.0
    allow_private_addresses: bool = False
    s3_endpoint: str | None = None
