"""The exceptions whose message tells a person what to do; everything else that is raised is a defect."""

from assets.answers.answering import BadQuestion
from assets.answers.model import GeneratorUnavailable
from assets.answers.retrieval import NotKnownThen
from assets.backup.restoring import PlatformNotEmpty, RestoreFailed
from assets.backup.store import BackupUnusable
from assets.backup.taking import BackupFailed
from assets.documents.registry import SourceProblem
from assets.documents.showing import DocumentMissing
from assets.documents.sources.base import BadSource, SourceUnavailable
from assets.index.embedding.merging import AdapterUnusable
from assets.index.embedding.weights import ModelUnavailable
from assets.index.generation import NothingServed
from assets.index.judging import WorseIndex
from assets.index.recreating import RecreationFailed
from assets.index.refresh import RebuildNeeded, Superseded
from assets.index.retrieval_evaluation import BadQuestions
from assets.index.searching import ModelMismatch
from assets.index.serving import IndexMismatch
from assets.index.store import IndexUnavailable
from assets.labels.anonymizing.parallel import AnonymizingStopped
from assets.labels.intake.identity import FileChanged
from assets.labels.intake.places import WatchProblem
from assets.labels.quality.expectations import ExaminationBroken
from assets.labels.reading.content import LabelsUnavailable
from assets.labels.snapshots.building import ChecksFailed
from assets.labels.snapshots.mart import NoLabels
from assets.labels.snapshots.reading import NoDataset
from assets.labels.snapshots.storing import SnapshotDamaged
from assets.labels.tasks import UnknownTask
from assets.labels.vault.master_key import VaultUnavailable
from assets.labels.vault.persons import PersonUnknown
from assets.labels.warehouse.dbt import DbtFailed
from assets.labels.warehouse.files import WarehouseUnavailable
from assets.lineage.catalogue import CatalogueUnavailable
from assets.lineage.locks import Busy
from assets.models.artifacts.finding import NoModel
from assets.models.artifacts.manifest import CandidateIncomplete
from assets.models.artifacts.signing_key import SigningKeyWrong
from assets.models.artifacts.verifying import ModelDamaged
from assets.models.evaluation.model import EvaluationImpossible
from assets.models.grades import UnknownGrade
from assets.models.model import NothingToTrain
from assets.models.promotion.pointer import PointerDamaged
from assets.models.promotion.promoting import PromotionRefused
from assets.models.serving.encoding import PredictorUnavailable
from assets.models.serving.predicting import NothingToMatch
from assets.models.tasks.task import TooLittleData
from assets.models.training.training import LeakingDataset
from assets.platform import BadSetting
from assets.storage.objects import StorageError


class RebuildFailed(Exception):
    """The run that rebuilds the index failed; the old one is still served."""


class RunsUnavailable(Exception):
    """Dagster can't keep what it remembers of its runs; the message says what to do."""


EXPECTED: tuple[type[Exception], ...] = (
    AdapterUnusable,
    AnonymizingStopped,
    BackupFailed,
    BackupUnusable,
    BadQuestion,
    BadQuestions,
    BadSetting,
    BadSource,
    Busy,
    CandidateIncomplete,
    CatalogueUnavailable,
    ChecksFailed,
    IndexMismatch,
    IndexUnavailable,
    LabelsUnavailable,
    ModelDamaged,
    ModelMismatch,
    ModelUnavailable,
    DbtFailed,
    DocumentMissing,
    EvaluationImpossible,
    ExaminationBroken,
    FileChanged,
    LeakingDataset,
    NoDataset,
    NoLabels,
    NoModel,
    GeneratorUnavailable,
    NotKnownThen,
    NothingServed,
    NothingToMatch,
    NothingToTrain,
    PersonUnknown,
    PlatformNotEmpty,
    PointerDamaged,
    PredictorUnavailable,
    PromotionRefused,
    RecreationFailed,
    RestoreFailed,
    StorageError,
    RebuildFailed,
    RebuildNeeded,
    RunsUnavailable,
    SigningKeyWrong,
    SnapshotDamaged,
    SourceProblem,
    SourceUnavailable,
    Superseded,
    TooLittleData,
    UnknownGrade,
    UnknownTask,
    VaultUnavailable,
    WatchProblem,
    WarehouseUnavailable,
    WorseIndex,
)
