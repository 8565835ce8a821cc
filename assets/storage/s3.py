"""The object store in an S3 bucket, Amazon's or another server that speaks its protocol."""

import base64
import hashlib
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from assets.storage.objects import (
    ObjectInfo,
    ObjectMissing,
    PreconditionFailed,
    StoreUnavailable,
    checked_condition,
    checked_key,
    checked_prefix,
)

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_PART_BYTES = 32 * 1024 * 1024
_ATTEMPTS = 5
_FIRST_PAUSE_SECONDS = 0.2
_CONNECT_SECONDS, _ANSWER_SECONDS = 5, 20
"""How long a server may stay silent, each of the attempts: one that hangs is told within two minutes."""
_WRITER = "writer"
_MISSING = {"404", "NoSuchKey", "NotFound"}
_OUTRUN = {"409", "ConditionalRequestConflict", "OperationAborted"}
_NOT_MET = {"412", "PreconditionFailed"}
_ADVICE = {
    "NoSuchBucket": "there is no such bucket: create it, or correct its name in the settings",
    "AccessDenied": "access is denied: give these credentials the right to list, read, write and delete there",
    "403": "access is denied: give these credentials the right to list, read, write and delete there",
    "InvalidAccessKeyId": "the access key is not known there: correct the credentials",
    "XAdminUserNotFound": "the access key is not known there: correct the credentials",
    "SignatureDoesNotMatch": "the secret key is wrong: correct the credentials",
    "ExpiredToken": "the credentials have expired: renew them",
    "NoCredentialsError": "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile",
    "PartialCredentialsError": "the credentials are incomplete: set both the access key and the secret key",
    "EndpointConnectionError": "its server cannot be reached: check the endpoint and the network",
    "ConnectTimeoutError": "its server cannot be reached: check the endpoint and the network",
    "ReadTimeoutError": "its server does not answer: check it and the network, then run this again",
    "ConnectionClosedError": "the connection to its server broke off: check it and the network, then run this again",
    "HTTPClientError": "the connection to its server broke off: check it and the network, then run this again",
    "IncompleteReadError": "the connection to its server broke off: check it and the network, then run this again",
    "ProtocolError": "the connection to its server broke off: check it and the network, then run this again",
    "ResponseStreamingError": "the connection to its server broke off: check it and the network, then run this again",
    "500": "its server failed: check it, then run this again",
    "503": "it has too much to do: wait a while, then run this again",
    "RequestTimeout": "the connection to its server broke off: check it and the network, then run this again",
    "ServiceUnavailable": "it has too much to do: wait a while, then run this again",
    "SlowDown": "it has too much to do: wait a while, then run this again",
    "KMS.NotFoundException": "its encryption key is not there: correct HRDP_S3_KMS_KEY",
    "KMS.DisabledException": "its encryption key is disabled: enable it, or set another HRDP_S3_KMS_KEY",
    "NotImplemented": "it can't do what was asked of it: leave HRDP_S3_ENCRYPTION empty, or use another server",
    "FlexibleChecksumError": "what it returned is not what was stored: check its disks, and restore the object",
    "BadDigest": "what arrived there is not what was sent: check the network, then run this again",
    "ParamValidationError": "its name is not one that S3 takes: correct it in the settings",
}


class S3ObjectStore:
    """Objects in `bucket`, their keys behind `prefix`; `endpoint` is the address of a server that is not Amazon's.

    `encryption` is what the server is asked to encrypt objects with, `AES256` or `aws:kms`, the latter with the key
    `kms_key` where one is named; None leaves it to the bucket's own rules. Credentials and region come from where the AWS
    tools look for them. The client is made at the first use. Uploads carry SHA-256 checksums that the server verifies and
    reads verify; objects above 32 MiB go in parts. In a bucket that keeps versions, `delete` leaves the earlier ones to
    the bucket's own rules.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint: str | None = None,
        encryption: str | None = None,
        kms_key: str | None = None,
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{checked_key(prefix)}/" if prefix else ""
        self._endpoint = endpoint
        self._encryption = {"ServerSideEncryption": encryption} if encryption else {}
        if kms_key:
            self._encryption["SSEKMSKeyId"] = kms_key
        self._made: Any = None
        self._guard = threading.Lock()

    def put(self, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        checked_key(key)
        checked_condition(if_absent, if_match)
        condition: dict[str, str] = {}
        if if_absent:
            condition["IfNoneMatch"] = "*"
        if if_match is not None:
            condition["IfMatch"] = f'"{if_match}"'
        upload = self._put_in_parts if len(data) > _PART_BYTES else self._put_at_once
        with self._understood():
            return self._conditional(key, data, condition, upload) if condition else upload(key, data, {}, {})

    def get(self, key: str) -> bytes:
        with self._understood(key):
            return self._read(self._place(key))

    def head(self, key: str) -> ObjectInfo | None:
        from botocore.exceptions import ClientError

        with self._understood():
            try:
                answer = self._client.head_object(**self._place(key))
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise
        return ObjectInfo(key, answer["ContentLength"], answer["ETag"].strip('"'), answer["LastModified"])

    def exists(self, key: str) -> bool:
        return self.head(key) is not None

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        checked_prefix(prefix)
        with self._understood():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            for page in pages:
                for entry in page.get("Contents", ()):
                    key = entry["Key"][len(self._prefix) :]
                    # Consoles mark an empty folder by an object whose key ends with a slash.
                    if key and not key.endswith("/"):
                        yield ObjectInfo(key, entry["Size"], entry["ETag"].strip('"'), entry["LastModified"])

    def delete(self, key: str) -> None:
        with self._understood():
            self._client.delete_object(**self._place(key))

    def flush(self) -> None:
        """Nothing is left to do: S3 answers a write when it is durable."""

    def _place(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + checked_key(key)}

    @property
    def _client(self) -> Any:
        with self._guard:
            if self._made is None:
                self._made = _new_client(self._endpoint)
            return self._made

    def _conditional(self, key: str, data: bytes, condition: dict[str, str], upload: Any) -> str:
        """A conditional write whose outcome is certain.

        S3 answers 409 when another write of the key is under way; then nothing is decided. And when the answer to a
        write that took place is lost, the client repeats it and is told 412 by its own object, which the writer's
        mark reveals.
        """
        from botocore.exceptions import ClientError

        mark = {_WRITER: uuid.uuid4().hex}
        for attempt in range(_ATTEMPTS):
            try:
                return str(upload(key, data, condition, mark))
            except ClientError as error:
                if _code(error) in _OUTRUN and attempt + 1 < _ATTEMPTS:
                    time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
                    continue
                if _code(error) not in _NOT_MET | _MISSING:
                    raise
                etag = self._etag_if_written_by(key, mark)
                if etag is None:
                    raise PreconditionFailed(key) from None
                return etag
        raise AssertionError("the last attempt returns or raises")

    def _etag_if_written_by(self, key: str, mark: dict[str, str]) -> str | None:
        from botocore.exceptions import ClientError

        try:
            answer = self._client.head_object(**self._place(key))
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise
        return answer["ETag"].strip('"') if answer.get("Metadata", {}).get(_WRITER) == mark[_WRITER] else None

    def _put_at_once(self, key: str, data: bytes, condition: dict[str, str], mark: dict[str, str]) -> str:
        answer = self._client.put_object(
            **self._place(key),
            Body=data,
            ChecksumAlgorithm="SHA256",
            Metadata=mark,
            **self._encryption,
            **condition,
        )
        self._check_encryption(answer)
        return str(answer["ETag"].strip('"'))

    def _put_in_parts(self, key: str, data: bytes, condition: dict[str, str], mark: dict[str, str]) -> str:
        place = self._place(key)
        begun = self._client.create_multipart_upload(
            **place, ChecksumAlgorithm="SHA256", Metadata=mark, **self._encryption
        )
        upload = begun["UploadId"]
        try:
            self._check_encryption(begun)
            parts = []
            for number, start in enumerate(range(0, len(data), _PART_BYTES), start=1):
                answer = self._client.upload_part(
                    **place,
                    UploadId=upload,
                    PartNumber=number,
                    Body=data[start : start + _PART_BYTES],
                    ChecksumAlgorithm="SHA256",
                )
                part = {"PartNumber": number, "ETag": answer["ETag"]}
                if "ChecksumSHA256" in answer:
                    part["ChecksumSHA256"] = answer["ChecksumSHA256"]
                parts.append(part)
            answer = self._client.complete_multipart_upload(
                **place, UploadId=upload, MultipartUpload={"Parts": parts}, **condition
            )
        except BaseException:
            self._abort(place, upload)
            raise
        return str(answer["ETag"].strip('"'))

    def _check_encryption(self, answer: dict[str, Any]) -> None:
        """Raises StoreUnavailable where the server doesn't say that it encrypts as it was asked: some take no notice."""
        wanted = self._encryption.get("ServerSideEncryption")
        if wanted and answer.get("ServerSideEncryption") != wanted:
            raise StoreUnavailable(
                f"The bucket {self._bucket!r} cannot be used, its server does not encrypt with {wanted}: leave"
                " HRDP_S3_ENCRYPTION empty and encrypt its disks, or use another server."
            )

    def _abort(self, place: dict[str, str], upload: str) -> None:
        """Frees the parts of an upload that failed; the error that made it fail is the one to report."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client.abort_multipart_upload(**place, UploadId=upload)
        except (BotoCoreError, ClientError):
            return

    def _read(self, place: dict[str, str]) -> bytes:
        """An object's bytes; begun again when the connection breaks in the middle, which the client itself does not do,
        nor does it verify what was written in parts.
        """
        from botocore.exceptions import (
            BotoCoreError,
            FlexibleChecksumError,
            IncompleteReadError,
            ReadTimeoutError,
            ResponseStreamingError,
        )

        for attempt in range(_ATTEMPTS):
            # Outside, because the client has tried often enough when this raises.
            answer = self._client.get_object(**place, ChecksumMode="ENABLED")
            try:
                data = bytes(answer["Body"].read())
                stated = answer.get("ChecksumSHA256", "")
                if stated.endswith(f"-{-(-len(data) // _PART_BYTES)}") and stated != _checksum_of_parts(data):
                    raise FlexibleChecksumError(error_msg="the parts are not what was written")
                return data
            except (FlexibleChecksumError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError) as error:
                broken: BotoCoreError = error
                time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
        raise broken

    @contextmanager
    def _understood(self, key: str | None = None) -> Iterator[None]:
        """Turns the client's errors into ours. Of theirs only the code is told: texts of servers may hold anything."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            if key is not None and _code(error) in _MISSING:
                raise ObjectMissing(key) from None
            raise StoreUnavailable(self._sentence(_code(error))) from error
        except BotoCoreError as error:
            raise StoreUnavailable(self._sentence(type(error).__name__)) from error

    def _sentence(self, code: str) -> str:
        advice = _ADVICE.get(code, f"it answered {code}: check the server, then run this again")
        return f"The bucket {self._bucket!r} cannot be used, {advice}."


def _checksum_of_parts(data: bytes) -> str:
    """What S3 states of an object that was written in parts: the SHA-256 of the parts' own, and their number."""
    parts = [hashlib.sha256(data[start : start + _PART_BYTES]).digest() for start in range(0, len(data), _PART_BYTES)]
    return f"{base64.b64encode(hashlib.sha256(b''.join(parts)).digest()).decode()}-{len(parts)}"


def _code(error: "ClientError") -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _new_client(endpoint: str | None) -> Any:
    import boto3
    from botocore.config import Config

    session = boto3.session.Session()
    configuration = Config(
        retries={"mode": "adaptive", "max_attempts": _ATTEMPTS},
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_ANSWER_SECONDS,
        # Servers that are not Amazon's rarely have a host name for each bucket.
        s3={"addressing_style": "path" if endpoint else "auto"},
    )
    region = session.region_name or ("us-east-1" if endpoint else None)
    return session.client("s3", endpoint_url=endpoint, region_name=region, config=configuration)
