"""The exceptions whose message tells a person what to do; everything else that is raised is a defect."""

from assets.backup.restoring import PlatformNotEmpty, RestoreFailed
from assets.backup.store import BackupUnusable
from assets.backup.taking import BackupFailed
from assets.documents.registry import SourceProblem
from assets.documents.showing import DocumentMissing
from assets.documents.sources.base import BadSource, SourceUnavailable
from assets.index.embedding.weights import ModelUnavailable
from assets.index.generation import NothingServed
from assets.index.recreating import RecreationFailed
from assets.index.refresh import RebuildNeeded, Superseded
from assets.index.retrieval_evaluation import BadQuestions
from assets.index.searching import ModelMismatch
from assets.index.serving import IndexMismatch
from assets.index.store import IndexUnavailable
from assets.lineage.catalogue import CatalogueUnavailable
from assets.lineage.locks import Busy
from assets.platform import BadSetting
from assets.storage.objects import StorageError


class RebuildFailed(Exception):
    """The run that rebuilds the index failed; the old one is still served."""


class RunsUnavailable(Exception):
    """Dagster can't keep what it remembers of its runs; the message says what to do."""


EXPECTED: tuple[type[Exception], ...] = (
    BackupFailed,
    BackupUnusable,
    BadQuestions,
    BadSetting,
    BadSource,
    Busy,
    CatalogueUnavailable,
    IndexMismatch,
    IndexUnavailable,
    ModelMismatch,
    ModelUnavailable,
    DocumentMissing,
    NothingServed,
    PlatformNotEmpty,
    RecreationFailed,
    RestoreFailed,
    StorageError,
    RebuildFailed,
    RebuildNeeded,
    RunsUnavailable,
    SourceProblem,
    SourceUnavailable,
    Superseded,
)
