"""Where the master key comes from: the environment, a key service, or a file that is made at first use.

The catalogue keeps a value derived from it, by which a wrong key is told before anything is encrypted with it.
"""

import base64
import hmac
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from assets.labels.vault.derivation import derived
from assets.lineage.catalogue import Catalogue
from assets.lineage.label_tables import vault_keys
from assets.storage.secret_file import make_once

KEY_BYTES = 32
_CONTEXT = {"purpose": "hrdp-vault"}


class VaultUnavailable(Exception):
    """The vault's master key is missing, wrong or can't be had; the message says what to do."""


def master_key(catalogue: Catalogue, file: Path, given: str, kms_key: str) -> bytes:
    """The 32 bytes of the master key: `given` in base64, or one that the key service's `kms_key` wraps, or else the one in
    `file`. At the first use of the vault the last two are made. Raises VaultUnavailable.
    """
    with catalogue.read() as connection:
        known = connection.execute(select(vault_keys)).first()
    if known is not None and known.wrapped is not None and not kms_key:
        raise VaultUnavailable("the vault's master key is wrapped by a key service: set HRDP_VAULT_KMS_KEY to its key")
    if given:
        key, wrapped = decoded(given), None
    elif kms_key:
        key, wrapped = _from_service(kms_key, known.wrapped if known is not None else None, is_new=known is None)
    else:
        key, wrapped = _from_file(file, is_new=known is None), None
    if known is not None:
        _compare(key, known.check)
        return key
    return _remembered(catalogue, key, wrapped, kms_key)


def decoded(text: str) -> bytes:
    """A master key as it is written in the environment. Raises ValueError."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("it is not 32 bytes in base64; make one with: openssl rand -base64 32")
    return key


def _compare(key: bytes, check: str) -> None:
    if not hmac.compare_digest(_check(key), check):
        raise VaultUnavailable(
            "this is not the master key that the vault was made with: give the right one (HRDP_VAULT_KEY,"
            " HRDP_VAULT_KMS_KEY, or the file vault.key in HRDP_HOME)"
        )


def _check(key: bytes) -> str:
    return base64.b64encode(derived(key, "check")).decode()


def _remembered(catalogue: Catalogue, key: bytes, wrapped: str | None, kms_key: str) -> bytes:
    """The key, once the catalogue knows it; that of another process, where that was first."""
    with catalogue.write() as connection:
        known = connection.execute(select(vault_keys)).first()
        if known is None:
            connection.execute(insert(vault_keys).values(only=1, check=_check(key), wrapped=wrapped))
            return key
    if known.wrapped is not None and kms_key:
        key, _ = _from_service(kms_key, known.wrapped, is_new=False)
    _compare(key, known.check)
    return key


def _from_file(file: Path, *, is_new: bool) -> bytes:
    try:
        return decoded(file.read_text().strip())
    except FileNotFoundError:
        if not is_new:
            raise VaultUnavailable(
                f"the vault's master key is gone: bring {file} back from where you keep it, or set HRDP_VAULT_KEY to it"
            ) from None
    except ValueError as problem:
        raise VaultUnavailable(f"{file} holds no master key: {problem}") from None
    if make_once(file, KEY_BYTES):
        print(
            f"A master key for the vault was made: {file}. Keep a copy elsewhere: without it no original can be read again.",
            file=sys.stderr,
        )
    return _from_file(file, is_new=False)


def _from_service(kms_key: str, wrapped: str | None, *, is_new: bool) -> tuple[bytes, str | None]:
    """The key that the service unwraps, or a new one and its wrapped form."""
    from botocore.exceptions import BotoCoreError, ClientError

    if wrapped is None and not is_new:
        raise VaultUnavailable(
            "the vault's master key is given from outside, not wrapped by a key service: unset HRDP_VAULT_KMS_KEY"
        )
    try:
        service = _client()
        if wrapped is not None:
            answer = service.decrypt(
                KeyId=kms_key, CiphertextBlob=base64.b64decode(wrapped), EncryptionContext=_CONTEXT
            )
            return answer["Plaintext"], wrapped
        answer = service.generate_data_key(KeyId=kms_key, NumberOfBytes=KEY_BYTES, EncryptionContext=_CONTEXT)
        return answer["Plaintext"], base64.b64encode(answer["CiphertextBlob"]).decode()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "no code")
        raise VaultUnavailable(
            f"the key service refuses the key of HRDP_VAULT_KMS_KEY ({code}): see that it is the right one, enabled, and"
            " that these credentials may use it to generate and decrypt"
        ) from None
    except BotoCoreError as error:
        raise VaultUnavailable(
            f"the key service can't be reached ({type(error).__name__}): check AWS credentials, region and network"
        ) from None


def _client() -> Any:
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 4})
    return boto3.client("kms", config=config)
