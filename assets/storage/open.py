"""From an address in the settings to an object store."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from assets.storage.objects import ObjectStore


def open_objects(
    url: str,
    *,
    s3_endpoint: str | None = None,
    s3_encryption: str | None = None,
    s3_kms_key: str | None = None,
) -> ObjectStore:
    """The store at `file:///folder`, at a plain path, or at `s3://bucket/prefix` (at `s3_endpoint`, where it is not
    Amazon's; encrypted as S3ObjectStore says).

    Raises ValueError for an address that is none of these, StoreUnavailable where the folder cannot be used.
    """
    if "://" not in url:
        if not url.strip():
            raise ValueError(
                "The address of the object store is empty: give a folder, file:///folder or s3://bucket/prefix."
            )
        return _directory(Path(url).expanduser())
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        return _directory(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.hostname and not (parts.query or parts.fragment or parts.username or parts.port):
        from assets.storage.s3 import S3ObjectStore

        store: ObjectStore = S3ObjectStore(
            parts.netloc,
            parts.path.strip("/"),
            endpoint=s3_endpoint,
            encryption=s3_encryption,
            kms_key=s3_kms_key,
        )
        return store
    raise ValueError(
        f"An object store of the kind {parts.scheme!r} cannot be opened: give a folder, file:///folder or s3://bucket/prefix."
    )


def _directory(root: Path) -> ObjectStore:
    from assets.storage.directory import DirectoryObjectStore

    return DirectoryObjectStore(root)
