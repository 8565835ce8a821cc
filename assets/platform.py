"""The parts that the rooms work with, each opened when it is first asked for, all from one set of settings."""

import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from assets.answers.model import Generator
    from assets.chunks.chunker import Chunker
    from assets.documents.parsing.pool import ParserPool
    from assets.documents.sources.base import Source, SourceSpec
    from assets.index.embedding.base import Embedder
    from assets.index.physical import PhysicalIndexes, WeaviateBackend
    from assets.labels.vault.vault import Vault
    from assets.lineage.catalogue import Catalogue
    from assets.lineage.locks import Locks
    from assets.models.artifacts.signature import Signer
    from assets.storage.blobs import Blobs
    from assets.storage.objects import ObjectStore


class BadSetting(ValueError):
    """A setting that can't be used; the message names it and says what to write."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, from `HRDP_*` in the environment. An unset one has the default that is written here."""

    home: Path = Path(".hrdp")
    """Where state lives that has no address of its own."""
    objects: str = ""
    """Object store: `file:///…` or `s3://bucket/prefix`; by default a folder under the home."""
    s3_endpoint: str = ""
    """Address of an S3 server that is not Amazon's."""
    s3_encryption: str = ""
    """What S3 is asked to encrypt objects with: `AES256` or `aws:kms`; by default what the bucket's own rules say."""
    s3_kms_key: str = ""
    """The key of `aws:kms`: its id, alias or ARN; by default the account's own for S3."""
    index: str = "lancedb"
    """Vector index: `lancedb` or `weaviate`."""
    weaviate_url: str = "http://127.0.0.1:8080"
    """Address of Weaviate, or those of a cluster's nodes, separated by commas; https for any other machine than this one."""
    weaviate_grpc_port: str = "50051"
    """The gRPC port of all those addresses, or one for each, separated by commas."""
    weaviate_api_key: str = field(default="", repr=False)
    """Key of a user of the Weaviate server."""
    weaviate_alias: str = "hrdp_chunks"
    """Where the served index is found on the server from outside; the names of this installation's collections begin with it."""
    weaviate_replication: int = 1
    """On how many nodes each row is kept."""
    weaviate_shards: int = 1
    """Into how many parts an index is divided."""
    weaviate_quantization: str = "none"
    """`none`, or `rq8` for vectors in a quarter of the memory."""
    catalogue: str = ""
    """Database address; by default SQLite under the home."""
    model: str = "workplace-search"
    """Embedding model: `workplace-search` (bundled), `all-MiniLM-L6-v2` (what that was trained on), a folder, or a model of
    Hugging Face (`hf://owner/name`)."""
    chunk_tokens: int = 0
    """Longest chunk in tokens, header included; 0: as long as the model reads."""
    parser_workers: int = 1
    """Processes that parse documents."""
    look_seconds: int = 60
    """How often each source is looked at."""
    full_look_hours: int = 24
    """After how long a source's files are read even though they look unchanged."""
    retry_seconds: int = 60
    """Wait before a failed refresh is tried again; doubled with each further failure, up to an hour."""
    quarantine_share: float = 0.5
    """Largest share of a refresh's documents that may fail validation before the refresh is stopped as a whole."""
    allow_private_addresses: bool = False
    """Whether HTTP sources may be on loopback or private networks."""
    job_categories: str = ""
    """The labels that the task job-category may have, separated by commas; by default any name."""
    training_model: str = "all-MiniLM-L6-v2"
    """What adapters are trained on: the bundled encoder, a folder, or `hf://owner/name` of one with BERT's layout."""
    retrain_groups: int = 100
    """After how many new groups of resumes a task's model is trained again; copies of a resume are one group."""
    retrain_share: float = 0.2
    """The same as a share of the groups that the champion was trained on; what is reached first counts."""
    training_epochs: int = 0
    """The most epochs that a training reads its texts; 0: as many as is good for the task."""
    reported_groups: str = ""
    """A CSV or JSONL file of self-reported groups by resume, for selection rates; by default none is looked at."""
    answer_questions: str = ""
    """A JSONL file of questions, as `hrdp evaluate answers` reads them, that the asset answer_quality asks; by default the
    bundled ones about the samples."""
    retrieval_questions: str = ""
    """A JSONL file of questions, as `hrdp evaluate retrieval` reads them, that a rebuilt index has to answer no worse than the
    served one before it is served; by default none is asked."""
    retrieval_tolerance: float = 0.02
    """By how much a rebuilt index's mean reciprocal rank may lie below the served one's."""
    search_questions: str = ""
    """A JSONL file of questions, as `hrdp evaluate retrieval` reads them: the asset search_adapter learns from one half of them
    and is measured with the other."""
    generator: str = "extractive"
    """What writes answers: `extractive` (whole sentences of the evidence, no model), the `http(s)://…/v1` address of a server
    that speaks OpenAI's chat interface, or `local` for a transformers model."""
    generator_model: str = ""
    """The model: its name on that server, or, where it is local, its folder or GGUF file."""
    generator_key: str = field(default="", repr=False)
    """Key for that server."""
    service_key: str = field(default="", repr=False)
    """Key that the HTTP service asks for; without one it answers to this machine alone."""
    vault_key: str = field(default="", repr=False)
    """The vault's master key, 32 bytes in base64; by default one that is made and kept in the file `vault.key` under the home."""
    vault_kms_key: str = ""
    """The key of AWS KMS that wraps the vault's master key: its id, alias or ARN."""
    signing_key: str = field(default="", repr=False)
    """The key that models are signed with, 32 bytes in base64 (Ed25519); by default one that is made and kept in the file
    `signing.key` under the home."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Reads the settings. Raises BadSetting."""
        known = {f"HRDP_{each.name.upper()}": each for each in fields(cls)}
        values: dict[str, object] = {}
        for name, each in known.items():
            text = environment.get(name, "").strip()
            if text:
                values[each.name] = _typed(name, text, each.default)
        settings = cls(**values)  # type: ignore[arg-type]
        settings._check()
        return settings

    def _check(self) -> None:
        if self.index not in {"lancedb", "weaviate"}:
            raise BadSetting(f"HRDP_INDEX is '{self.index}': write lancedb or weaviate")
        if self.generator not in {"extractive", "local"} and not self.generator.startswith(("http://", "https://")):
            raise BadSetting(
                f"HRDP_GENERATOR is '{self.generator}': write extractive, local, or an address such as http://127.0.0.1:8000/v1"
            )
        if self.s3_encryption not in {"", "AES256", "aws:kms"}:
            raise BadSetting(
                f"HRDP_S3_ENCRYPTION is '{self.s3_encryption}': write AES256 or aws:kms, or leave it empty"
            )
        if self.s3_kms_key and self.s3_encryption != "aws:kms":
            raise BadSetting("HRDP_S3_KMS_KEY is set, but HRDP_S3_ENCRYPTION is not aws:kms: set that too, or neither")
        self._check_weaviate()
        self._check_keys()
        if self.objects and not any(sign in self.objects for sign in ("/", "\\")):
            raise BadSetting(
                f"HRDP_OBJECTS is '{self.objects}': write s3://bucket/prefix, file:///folder, or a path such as ./objects"
            )
        if self.chunk_tokens and self.chunk_tokens < 32:
            raise BadSetting("HRDP_CHUNK_TOKENS is too small: write 32 or more, or 0 for as long as the model reads")
        if self.training_epochs < 0:
            raise BadSetting(
                "HRDP_TRAINING_EPOCHS is too small: write 1 or more, or 0 for as many as is good for the task"
            )
        if not 0 < self.quarantine_share <= 1:
            raise BadSetting("HRDP_QUARANTINE_SHARE is a share: write a number above 0, up to 1")
        if not 0 <= self.retrieval_tolerance <= 1:
            raise BadSetting("HRDP_RETRIEVAL_TOLERANCE is a difference of mean ranks: write a number from 0 to 1")
        if not 0 < self.retrain_share < float("inf"):
            raise BadSetting(
                "HRDP_RETRAIN_SHARE is a share of the groups that were trained on: write a number above 0, such as 0.2"
            )
        for name in (
            "retrain_groups",
            "parser_workers",
            "look_seconds",
            "full_look_hours",
            "retry_seconds",
            "weaviate_replication",
            "weaviate_shards",
        ):
            if getattr(self, name) < 1:
                raise BadSetting(f"HRDP_{name.upper()} is too small: write 1 or more")

    def _check_keys(self) -> None:
        if self.service_key and not (len(self.service_key) >= 16 and self.service_key.isascii()):
            raise BadSetting("HRDP_SERVICE_KEY can't be used: write 16 or more ASCII characters that nobody can guess")
        if self.vault_key and self.vault_kms_key:
            raise BadSetting(
                "HRDP_VAULT_KEY and HRDP_VAULT_KMS_KEY are both set: the master key has one origin, set one"
            )
        if self.vault_key:
            from assets.labels.vault.master_key import decoded

            try:
                decoded(self.vault_key)
            except ValueError as problem:
                raise BadSetting(f"HRDP_VAULT_KEY can't be used: {problem}") from None
        if self.signing_key:
            from assets.models.artifacts.signing_key import decoded as decoded_signing_key

            try:
                decoded_signing_key(self.signing_key)
            except ValueError as problem:
                raise BadSetting(f"HRDP_SIGNING_KEY can't be used: {problem}") from None

    def _check_weaviate(self) -> None:
        from assets.index.weaviate_nodes import nodes_of

        try:
            nodes_of(self.weaviate_url, self.weaviate_grpc_port, self.weaviate_api_key)
        except ValueError as error:
            raise BadSetting(str(error)) from None
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", self.weaviate_alias):
            raise BadSetting(
                f"HRDP_WEAVIATE_ALIAS is '{self.weaviate_alias}': write letters, digits and underscores, a letter first"
            )
        if self.weaviate_quantization not in {"none", "rq8"}:
            raise BadSetting(f"HRDP_WEAVIATE_QUANTIZATION is '{self.weaviate_quantization}': write none or rq8")

    @property
    def known_job_categories(self) -> frozenset[str]:
        """The labels that the task job-category may have; empty: any."""
        return frozenset(name.strip() for name in self.job_categories.split(",") if name.strip())

    @property
    def catalogue_url(self) -> str:
        return self.catalogue or f"sqlite:///{self.home.resolve() / 'catalogue.db'}"

    @property
    def objects_url(self) -> str:
        return self.objects or (self.home.resolve() / "objects").as_uri()


def _typed(name: str, text: str, default: object) -> object:
    if isinstance(default, bool):
        if text.lower() not in {"0", "1", "true", "false", "yes", "no"}:
            raise BadSetting(f"{name} is '{text}': write 1 or 0")
        return text.lower() in {"1", "true", "yes"}
    if isinstance(default, int | float):
        try:
            return type(default)(text)
        except ValueError:
            raise BadSetting(f"{name} is '{text}': write a number") from None
    return Path(text) if isinstance(default, Path) else text


class Platform:
    """One opened platform. Cheap to make: every part is opened at its first use."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = settings.home.resolve()
        self._held: dict[str, ExitStack] = {}
        self._embedders: dict[str, Embedder] = {}

    @cached_property
    def catalogue(self) -> "Catalogue":
        from assets.lineage.catalogue import Catalogue

        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadSetting(
                f"HRDP_HOME can't be used: {self.home} is no folder and can't be made one ({error.strerror}); name a"
                " folder that this user may write to"
            ) from None
        return Catalogue(self.settings.catalogue_url)

    @cached_property
    def locks(self) -> "Locks":
        from assets.lineage.locks import Locks

        return Locks(self.catalogue, self.home / "locks")

    @cached_property
    def objects(self) -> "ObjectStore":
        from assets.storage.open import open_objects

        try:
            return open_objects(
                self.settings.objects_url,
                s3_endpoint=self.settings.s3_endpoint or None,
                s3_encryption=self.settings.s3_encryption or None,
                s3_kms_key=self.settings.s3_kms_key or None,
            )
        except ValueError as error:
            raise BadSetting(f"HRDP_OBJECTS can't be used: {error}") from None

    @cached_property
    def blobs(self) -> "Blobs":
        from assets.storage.blobs import Blobs

        return Blobs(self.objects)

    @cached_property
    def vault(self) -> "Vault":
        from assets.labels.vault.master_key import master_key
        from assets.labels.vault.vault import Vault

        settings = self.settings
        key = master_key(self.catalogue, self.home / "vault.key", settings.vault_key, settings.vault_kms_key)
        return Vault(key)

    @cached_property
    def signer(self) -> "Signer":
        from assets.models.artifacts.signing_key import open_signer

        return open_signer(self.catalogue, self.home / "signing.key", self.settings.signing_key)

    @cached_property
    def embedder(self) -> "Embedder":
        from assets.index.embedding.engine import open_embedder

        return open_embedder(self.settings.model, self.home / "models")

    def embedder_of(self, model_hash: str) -> "Embedder | None":
        """The embedder under a hash: the one that is set, or one that was set before; None where that is gone."""
        from assets.index.embedding.engine import reopen_embedder

        if model_hash == self.embedder.model_hash:
            return self.embedder
        found = self._embedders.get(model_hash) or reopen_embedder(model_hash, self.home / "models")
        if found is not None:
            self._embedders[model_hash] = found
        return found

    @cached_property
    def chunker(self) -> "Chunker":
        from assets.chunks.chunker import Chunker
        from assets.index.embedding.tokens import open_token_counter

        counter = open_token_counter(self.settings.model)
        try:
            return Chunker(counter, self.settings.chunk_tokens or None)
        except ValueError as error:
            raise BadSetting(f"HRDP_CHUNK_TOKENS can't be used: {error}") from None

    @cached_property
    def generator(self) -> "Generator":
        from assets.answers.generating import open_generator

        return open_generator(self.settings)

    @cached_property
    def indexes(self) -> "PhysicalIndexes":
        from assets.index.physical import EmbeddedBackend, PhysicalIndexes

        if self.settings.index == "weaviate":
            return PhysicalIndexes(self._weaviate())
        return PhysicalIndexes(EmbeddedBackend(self.home / "index"))

    def _weaviate(self) -> "WeaviateBackend":
        from assets.index.physical import WeaviateBackend
        from assets.index.weaviate_client import Server
        from assets.index.weaviate_nodes import nodes_of
        from assets.index.weaviate_schema import Deployment

        wanted = self.settings
        try:
            nodes = nodes_of(wanted.weaviate_url, wanted.weaviate_grpc_port, wanted.weaviate_api_key)
        except ValueError as error:
            raise BadSetting(str(error)) from None
        deployment = Deployment(
            wanted.weaviate_alias, wanted.weaviate_replication, wanted.weaviate_shards, wanted.weaviate_quantization
        )
        return WeaviateBackend(Server(nodes, wanted.weaviate_api_key), deployment)

    def hold_source(self, name: str) -> None:
        """Holds a source against every other process until `release`; waits for one that holds it now.

        Raises Busy after an hour.
        """
        self._hold(f"source/{name}")

    def hold_rebuild(self) -> None:
        """Holds the right to rebuild the index in the same way; it is taken before any source."""
        self._hold("rebuild")

    def hold_dataset(self, task: str) -> None:
        """Holds the right to build a task's dataset in the same way."""
        self._hold(f"labels/building/{task}")

    def hold_training(self, task: str) -> None:
        """Holds the right to train a task's model, and to decide about it, in the same way."""
        self._hold(f"models/training/{task}")

    def _hold(self, lock: str) -> None:
        if lock not in self._held:
            stack = ExitStack()
            stack.enter_context(self.locks.hold(lock, wait_seconds=3600))
            self._held[lock] = stack

    def release(self) -> None:
        """Gives back everything that is held."""
        for stack in self._held.values():
            stack.close()
        self._held.clear()

    def parser_pool(self) -> "ParserPool":
        """A new pool of parser processes, to be used as a context manager."""
        from assets.documents.parsing.pool import ParserPool

        return ParserPool(workers=self.settings.parser_workers)

    def open_source(self, spec: "SourceSpec") -> "Source":
        """The source behind a registration. Raises BadSource."""
        from assets.documents.sources.open import open_source
        from assets.documents.sources.options import SourceOptions

        return open_source(
            spec,
            cache=self.home / "sources" / spec.name,
            options=SourceOptions(
                s3_endpoint=self.settings.s3_endpoint or None,
                allow_private_addresses=self.settings.allow_private_addresses,
            ),
        )
