"""The served form of a candidate: the adapter's own answers, the same bytes every time, and finer where it has to be."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assets.index.embedding.convert import read_weights
from assets.index.embedding.merging import AdapterUnusable, merged_weights
from assets.index.embedding.weights import find_model
from assets.models.model import Example, FoundSpan
from assets.models.serving.exporting import export
from assets.models.serving.parity import Expected
from assets.models.serving.predictors import Classifier, Matcher, Tagger, open_predictor
from assets.models.training.adapter import open_adapter
from tests.models.serving.small_candidates import OPENINGS, RESUMES, write_candidate

VALIDATION = [Example(str(row), str(row), text, "label") for row, text in enumerate(RESUMES)]


class Contrary:
    """What no served form can agree with."""

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.tile(np.array([[1, 2, np.nan]], np.float32), (len(texts), 1))

    def tag(self, texts: Sequence[str]) -> list[list[FoundSpan]]:
        raise NotImplementedError

    def vectors(self, texts: Sequence[str], side: str) -> NDArray[np.float32]:
        raise NotImplementedError


def test_merged_weights_are_those_that_peft_merges(base: Path, exported: Callable[[str], Path]) -> None:
    from peft import PeftModel
    from transformers import AutoModel

    folder = exported("job-category")
    ours = merged_weights(folder, read_weights(find_model(str(base))))
    peft = PeftModel.from_pretrained(AutoModel.from_pretrained(base, add_pooling_layer=False), str(folder))
    theirs = {name: value.numpy() for name, value in peft.merge_and_unload().state_dict().items()}
    before = read_weights(find_model(str(base)))
    changed = [name for name in theirs if name in ours and not np.array_equal(before[name], ours[name])]
    assert len(changed) == 2 * 6, "each linear layer of both layers"
    for name in changed:
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-5)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"use_dora": True}, "use_dora"),
        ({"bias": "all"}, "biases"),
        ({"r": "many"}, "damaged"),
        ({"alpha_pattern": {"query": 3}}, "alpha_pattern"),
    ],
)
def test_an_adapter_that_is_more_than_lora_is_refused(
    base: Path, candidate: Callable[[str], Path], change: dict[str, object], told: str
) -> None:
    folder = candidate("job-category")
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(AdapterUnusable, match=told):
        merged_weights(folder, read_weights(find_model(str(base))))


def test_an_adapter_of_another_model_is_refused(candidate: Callable[[str], Path]) -> None:
    folder = candidate("job-category")
    with pytest.raises(AdapterUnusable, match="does not fit"):
        merged_weights(folder, read_weights(find_model("all-MiniLM-L6-v2")))


def test_a_classifier_says_what_its_adapter_says(exported: Callable[[str], Path]) -> None:
    folder = exported("job-category")
    served = open_predictor(folder)
    assert isinstance(served, Classifier)
    expected = open_adapter(folder).logits(RESUMES)
    spread = expected.std(0).max()
    np.testing.assert_allclose(served.logits(RESUMES), expected, atol=0.15 * spread)
    np.testing.assert_allclose(served.probabilities(RESUMES).sum(1), 1, rtol=1e-5)


def test_a_tagger_finds_the_spans_that_its_adapter_finds(exported: Callable[[str], Path]) -> None:
    folder = exported("skills")
    served = open_predictor(folder)
    assert isinstance(served, Tagger)
    parity = Expected(open_adapter(folder), VALIDATION).compare(served)
    assert parity.labels == 2 * sum(len(offsets) for offsets, _ in served.word_probabilities(RESUMES))
    assert parity.agreement >= 0.995
    found, [(offsets, probabilities)] = served.tag([RESUMES[0]])[0], served.word_probabilities([RESUMES[0]])
    assert found
    assert probabilities.shape == (len(offsets), 2, 3)
    starts, ends = set(offsets[:, 0].tolist()), set(offsets[:, 1].tolist())
    assert all(span.start in starts and span.end in ends for span in found)


def test_a_matcher_ranks_as_its_adapter_ranks(exported: Callable[[str], Path]) -> None:
    folder = exported("match")
    served, adapter = open_predictor(folder), open_adapter(folder)
    assert isinstance(served, Matcher)
    scores = served.vectors(RESUMES, "resume") @ served.vectors(OPENINGS, "opening").T
    expected = adapter.vectors(RESUMES, "resume") @ adapter.vectors(OPENINGS, "opening").T
    np.testing.assert_allclose(scores, expected, atol=0.1)
    described = json.loads((folder / "served/served.json").read_text())
    assert described["parity"]["labels"] == 2 * len(RESUMES), "of three openings one is graded apart from two"
    assert (scores.argmax(1) == expected.argmax(1)).all()


def test_the_same_candidate_gives_the_same_bytes(candidate: Callable[[str], Path]) -> None:
    folder = candidate("job-category")
    before = (folder / "served/encoder.onnx").read_bytes(), (folder / "served/served.json").read_bytes()
    opening = [Example(f"{row}", f"{row}", text, "label", "0", OPENINGS[0]) for row, text in enumerate(RESUMES)]
    export(folder, RESUMES, opening, open_adapter(folder))
    assert (folder / "served/encoder.onnx").read_bytes() == before[0]
    assert json.loads((folder / "served/served.json").read_bytes())["sha256"] == json.loads(before[1])["sha256"]


def test_where_no_form_agrees_the_finest_is_served_and_says_so(candidate: Callable[[str], Path]) -> None:
    folder = candidate("job-category")
    served = export(folder, RESUMES, VALIDATION, Contrary())
    described = json.loads((folder / "served/served.json").read_text())
    assert served.form == described["form"] == "float32"
    assert described["parity"]["reached"] is False
    assert list(served.tried)[-1] == "float32"
    assert len(served.tried) == 4
    adapter = open_adapter(folder)
    predictor = open_predictor(folder)
    assert isinstance(predictor, Classifier)
    np.testing.assert_allclose(predictor.logits(RESUMES), adapter.logits(RESUMES), atol=1e-3)


def test_rounding_for_the_inputs_brings_a_product_nearer() -> None:
    from assets.index.embedding.quantization import quantize_weight, quantize_weight_for

    draw = np.random.default_rng(5)
    inputs = (draw.standard_normal((400, 12)) @ draw.standard_normal((12, 48))).astype(np.float32)
    weight = draw.standard_normal((48, 20)).astype(np.float32)
    weight[7] = 0
    plain, fitted = quantize_weight(weight), quantize_weight_for(weight, inputs.T @ inputs / 400)
    errors = [np.square(inputs @ (weight - matrix * scales)).sum() for matrix, scales in (plain, fitted)]
    assert errors[1] < 0.5 * errors[0]
    assert not fitted[0][7].any()
    np.testing.assert_array_equal(plain[1], fitted[1])


def test_an_adapter_on_the_default_model_is_served_in_int8_near_itself(tmp_path: Path) -> None:
    texts = [
        "Registered nurse with eight years of experience on surgical wards; trained new staff.",
        "Accountant: closed the books each month, prepared the tax return, kept the ledger.",
        "Software engineer. Python, SQL, Kubernetes. Built pipelines that process claims.",
    ]
    folder = write_candidate(tmp_path / "candidate", None, "match")
    adapter = open_adapter(folder)
    validation = [Example(str(row), str(row), text, "1", "0", "We look for a nurse.") for row, text in enumerate(texts)]
    export(folder, texts, validation, adapter)
    served = open_predictor(folder)
    assert isinstance(served, Matcher)
    likeness = (served.vectors(texts, "resume") * adapter.vectors(texts, "resume")).sum(1)
    assert likeness.min() > 0.99
    assert (folder / "served/encoder.onnx").stat().st_size < 70_000_000
