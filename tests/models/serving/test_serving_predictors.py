"""Predictors as commands use them: a text's answer is its own, damage is refused, and nothing of training is loaded."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assets.models.serving.encoding import PredictorUnavailable
from assets.models.serving.predictors import Classifier, Matcher, Tagger, open_predictor
from tests.models.serving.small_candidates import OPENINGS, RESUMES

PROJECT = Path(__file__).resolve().parents[3]


def test_an_answer_depends_on_its_text_alone(exported: Callable[[str], Path]) -> None:
    classifier, tagger, matcher = (open_predictor(exported(task)) for task in ("job-category", "skills", "match"))
    assert isinstance(classifier, Classifier)
    assert isinstance(tagger, Tagger)
    assert isinstance(matcher, Matcher)
    texts = RESUMES + OPENINGS
    np.testing.assert_array_equal(
        classifier.logits(texts), np.concatenate([classifier.logits([text]) for text in texts])
    )
    np.testing.assert_array_equal(matcher.vectors(texts, "opening")[::-1], matcher.vectors(texts[::-1], "opening"))
    assert tagger.tag(texts) == [tagger.tag([text])[0] for text in texts]
    np.testing.assert_allclose(np.linalg.norm(matcher.vectors(texts, "resume"), axis=1), 1, rtol=1e-5)


def test_texts_without_a_word_and_no_texts_are_answered(exported: Callable[[str], Path]) -> None:
    classifier, tagger = open_predictor(exported("job-category")), open_predictor(exported("skills"))
    assert isinstance(classifier, Classifier)
    assert isinstance(tagger, Tagger)
    assert classifier.logits([]).shape == (0, 3)
    assert np.isfinite(classifier.logits([""])).all()
    assert tagger.tag(["", " "]) == [[], []]
    assert tagger.tag([]) == []


def test_of_a_long_text_as_much_counts_as_settings_say(exported: Callable[[str], Path]) -> None:
    classifier, tagger = open_predictor(exported("job-category")), open_predictor(exported("skills"))
    assert isinstance(classifier, Classifier)
    assert isinstance(tagger, Tagger)
    beginning = "data " * (3 * 10)
    np.testing.assert_array_equal(classifier.logits([beginning]), classifier.logits([beginning + "nurse ward"]))
    assert len(tagger.word_probabilities([beginning + "nurse ward"])[0][0]) == 32


def test_calibration_sets_temperature_and_threshold(candidate: Callable[[str], Path]) -> None:
    folder = candidate("job-category")
    (folder / "calibration.json").unlink(missing_ok=True)
    plain = open_predictor(folder)
    (folder / "calibration.json").write_text(json.dumps({"temperature": 4.0, "threshold": 0.6}))
    calibrated = open_predictor(folder)
    assert isinstance(plain, Classifier)
    assert isinstance(calibrated, Classifier)
    assert (plain.threshold, calibrated.threshold) == (0.0, 0.6)
    assert calibrated.probabilities(RESUMES).max() < plain.probabilities(RESUMES).max()
    assert (calibrated.probabilities(RESUMES).argmax(1) == plain.probabilities(RESUMES).argmax(1)).all()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("served/encoder.onnx", b"another", "not the file that was proven"),
        ("served/encoder.onnx", None, "missing"),
        ("served/served.json", b"{}", "does not say"),
        ("settings.json", b"[]", "missing or damaged"),
        ("settings.json", b'{"task": "weather", "window_tokens": 12}', "not known here"),
        ("head.safetensors", b"\0", "missing or damaged"),
        ("tokenizer.json", b"{", "missing or damaged"),
        ("calibration.json", b'{"temperature": 0}', "temperature"),
    ],
)
def test_what_is_damaged_is_refused_and_named(
    candidate: Callable[[str], Path], name: str, content: bytes | None, told: str
) -> None:
    folder = candidate("job-category")
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)

    def use() -> None:
        predictor = open_predictor(folder)
        assert isinstance(predictor, Classifier)
        predictor.logits(["nurse"])

    with pytest.raises(PredictorUnavailable, match=told):
        use()


def test_a_head_of_other_classes_is_refused(candidate: Callable[[str], Path]) -> None:
    folder = candidate("job-category")
    settings = json.loads((folder / "settings.json").read_text())
    (folder / "settings.json").write_text(json.dumps({**settings, "classes": ["Audit", "Care"]}))
    with pytest.raises(PredictorUnavailable, match="do not belong together"):
        open_predictor(folder)


def test_serving_needs_nothing_of_training(exported: Callable[[str], Path]) -> None:
    program = (
        "import sys; from pathlib import Path; from assets.models.serving.predictors import open_predictor\n"
        f"print(open_predictor(Path({str(exported('job-category'))!r})).probabilities(['nurse']).shape)\n"
        f"open_predictor(Path({str(exported('skills'))!r})).tag(['nurse'])\n"
        "heavy = ('torch', 'transformers', 'peft', 'onnx', 'sklearn', 'sentence_transformers')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["(1, 3)", "[]"]
