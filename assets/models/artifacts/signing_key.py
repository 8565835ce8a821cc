"""Where the signing key comes from: the environment, or a file that is made at first use. The catalogue keeps its public half,
by which signatures are verified and another key is noticed."""

import base64
import sys
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from assets.lineage import ledger
from assets.lineage.catalogue import Catalogue
from assets.lineage.model_tables import signing_keys
from assets.lineage.moments import now
from assets.models.artifacts.signature import Signer
from assets.storage.secret_file import make_once

KEY_BYTES = 32


class SigningKeyWrong(Exception):
    """The signing key is missing, or not the one that signs here; the message says what to do."""


def open_signer(catalogue: Catalogue, file: Path, given: str) -> Signer:
    """The key `given` in base64, or else the one in `file`, which is made where no model was signed yet.

    Raises SigningKeyWrong where it is another one than the catalogue knows.
    """
    with catalogue.read() as connection:
        known = _present(connection)
    signer = Signer(decoded(given) if given else _from_file(file, is_new=known is None))
    if known is None:
        with catalogue.write() as connection:
            known = _present(connection) or _accept(connection, signer)
    if signer.key_id != known:
        raise SigningKeyWrong(
            "this is not the key that models are signed with here: give the right one (HRDP_SIGNING_KEY, or the file"
            " signing.key in HRDP_HOME), or accept this one from now on with hrdp models accept-key"
        )
    return signer


def accept(catalogue: Catalogue, file: Path, given: str) -> Signer:
    """Makes the present key the one that signs from now on; what earlier ones signed stays valid. A missing file is made."""
    signer = Signer(decoded(given) if given else _from_file(file, is_new=True))
    with catalogue.write() as connection:
        if _present(connection) != signer.key_id:
            if signer.key_id in trusted_keys(connection):
                raise SigningKeyWrong("this key signed here before and was replaced: give a new one")
            _accept(connection, signer)
    return signer


def trusted_keys(connection: Connection) -> dict[str, bytes]:
    """The public keys, 32 bytes each, of all that ever signed here, by their ids."""
    rows = connection.execute(select(signing_keys.c.key_id, signing_keys.c.public_key))
    return {row.key_id: base64.b64decode(row.public_key) for row in rows}


def decoded(text: str) -> bytes:
    """A key as it is written in the environment. Raises ValueError."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("it is not 32 bytes in base64; make one with: openssl rand -base64 32")
    return key


def _present(connection: Connection) -> str | None:
    query = select(signing_keys.c.key_id).order_by(signing_keys.c.sequence.desc()).limit(1)
    return connection.execute(query).scalar()


def _accept(connection: Connection, signer: Signer) -> str:
    sequence = (connection.execute(select(func.max(signing_keys.c.sequence))).scalar() or 0) + 1
    connection.execute(
        insert(signing_keys).values(
            key_id=signer.key_id,
            public_key=base64.b64encode(signer.public_key).decode(),
            sequence=sequence,
            accepted_at=now(),
        )
    )
    ledger.append(connection, "signing_key.accepted", f"signing-key/{signer.key_id}", {"sequence": sequence})
    return signer.key_id


def _from_file(file: Path, *, is_new: bool) -> bytes:
    try:
        return decoded(file.read_text().strip())
    except FileNotFoundError:
        if not is_new:
            raise SigningKeyWrong(
                f"the key that models are signed with is gone: bring {file} back from where you keep it, set"
                " HRDP_SIGNING_KEY to it, or have a new one made and accepted with hrdp models accept-key"
            ) from None
    except ValueError as problem:
        raise SigningKeyWrong(f"{file} holds no signing key: {problem}") from None
    if make_once(file, KEY_BYTES):
        print(f"A key to sign models with was made: {file}. Keep a copy elsewhere.", file=sys.stderr)
    return _from_file(file, is_new=False)
