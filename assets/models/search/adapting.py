"""An adapter of an organisation's own on the search model that is set: learned from one half of its questions, measured on the
other."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from assets.index.embedding.engine import open_embedder
from assets.index.embedding.weights import find_model, model_hash
from assets.index.retrieval_evaluation import BadQuestions, read_questions
from assets.models.search.gathering import gather, halves
from assets.models.search.learning import SETTINGS
from assets.models.search.measuring import Beside, beside_the_served
from assets.models.search.pairs import content_hash, split
from assets.models.search.training import TASK, train
from assets.models.tasks.task import TooLittleData
from assets.platform import Platform


@dataclass(frozen=True, slots=True)
class Adapted:
    """A trained adapter's folder, which HRDP_MODEL can name; how many questions it learned from, and what it is worth."""

    folder: Path
    learned: int
    beside: Beside


def adapt(platform: Platform, heard: Callable[[str], None]) -> Adapted:
    """Learns and measures; the same questions, index and settings give the same folder, in which a killed call goes on.

    Raises BadQuestions, TooLittleData, ModelUnavailable, NothingServed, ModelMismatch, IndexUnavailable.
    """
    file = platform.settings.search_questions
    if not file:
        raise BadQuestions(
            "HRDP_SEARCH_QUESTIONS is not set: name a file of some hundreds of questions with the documents that answer them, as"
            " hrdp evaluate retrieval takes them"
        )
    learning, measuring = halves(read_questions(Path(file)))
    if not measuring:
        raise TooLittleData("all questions are about the same documents: give some hundreds, about many documents")
    heard(f"looking for what answers {len(learning):,} questions, and for what only looks so")
    training, validation = split(gather(platform, learning))
    base = platform.settings.model
    key = {"base": model_hash(find_model(base), ""), "settings": asdict(SETTINGS)}
    key |= {"training": content_hash(training), "validation": content_hash(validation)}
    name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    folder = train(base, training, validation, platform.home / "training" / TASK / name, heard, SETTINGS)
    heard(f"asking {len(measuring):,} other questions of the served index, and of one with the new vectors")
    candidate = open_embedder(str(folder), platform.home / "models")
    return Adapted(folder, len(training), beside_the_served(platform, candidate, measuring))
