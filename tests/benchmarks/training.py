"""Training `job-category` by our own loop against transformers' Trainer with peft's defaults, to the same macro-F1.

    python -m tests.benchmarks.training [--small]

Both learn from the same texts, start from the same weights, use all cores (a GPU where there is one) and are judged on the
same validation rows, one after the other, each in a process of its own that does nothing else. Generated resumes are easy.
So a text holds a person's sentences alone, without titles, employers, degrees and lists of skills; many of them fit any of
the sixteen classes or belong to a neighbouring one. All texts are short enough for both to read them whole.

Our loop has the task's own settings. The other one is what the introductions to peft and transformers write: a model for
sequence classification, LoRA with peft's defaults, a learning rate of 1e-3, a weight decay of 0.01, truncation at the
model's maximum, padding by batch, float32, evaluation and a checkpoint each epoch, all else as Trainer has it. Its batch is
Trainer's default of 8: the 32 of peft's introduction would take a quarter of the steps, and so few texts need the steps.

Each trains to its end: five epochs at most by ours, eight by the other. The goal's target is what both reached: the lower of
their best scores, less what chance makes of so few rows. A second target is the macro-F1 of TF-IDF and a linear SVM, below
which a fine-tuned model is worth nothing; who misses it gives a bound on the ratio, which is then said. Time counts from the
first step to the end of the first epoch that reaches a target, checkpoints included, evaluations left out. Tokens are those
of the texts, without padding. Peak memory is looked at every tenth of a second.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from assets.index.embedding.engine import cores
from assets.index.embedding.weights import DEFAULT_MODEL, find_model
from assets.labels.synthetic.generator import SyntheticResume, resumes
from assets.labels.synthetic.layouts import LAYOUTS
from assets.models.model import Example
from assets.models.tasks.job_category import Item, JobCategory
from assets.models.training.settings import TrainingSettings
from assets.models.windows import SPECIAL_TOKENS, windows
from tests.benchmarks.figures import Figure, document
from tests.benchmarks.installation import expect
from tests.benchmarks.measuring import PROJECT
from tests.benchmarks.memory import BETWEEN_LOOKS, memory_of

if TYPE_CHECKING:
    from assets.models.training.network import Network

OURS, PLAIN = "our loop", "Trainer with PEFT"
ROWS, SMALL_ROWS = (400, 200), (64, 32)
"""Texts to learn from, and to validate on."""
PLAIN_EPOCHS = 8
PLAIN_BATCH = 8
RATE, WEIGHT_DECAY = 1e-3, 0.01
SPEED_UP = 3
CHANCE = 0.02
"""How much lower than the best score a target is."""
LEAST_SENTENCES = 4
SEED = 7


@dataclass(slots=True)
class Curve:
    """What a training did: macro-F1 after each epoch, seconds of training until then, and tokens that an epoch reads."""

    tokens: int = 0
    seconds: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    device: str = ""
    _spent: float = 0.0
    _started: float = 0.0

    def go(self) -> None:
        self._started = time.perf_counter()

    def stop(self) -> None:
        self._spent += time.perf_counter() - self._started

    def judged(self, score: float) -> None:
        self.seconds.append(round(self._spent, 2))
        self.scores.append(round(score, 4))

    def until(self, target: float) -> float | None:
        """Seconds until the first epoch that reached a score; None where none did."""
        reached = [spent for spent, score in zip(self.seconds, self.scores, strict=True) if score >= target]
        return reached[0] if reached else None


@dataclass(frozen=True, slots=True)
class Watched:
    """A training in a process of its own: its curve, and its peak memory in MiB."""

    curve: Curve
    peak: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Training by our own loop against transformers' Trainer with peft.")
    parser.add_argument(
        "--small", action="store_true", help=f"{SMALL_ROWS[0]} texts: shows that it runs, and has no goal"
    )
    parser.add_argument("--train", nargs=2, metavar=("WHOSE", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train:
        whose, folder = arguments.train
        train = {OURS: train_ours, PLAIN: train_plain}[whose]
        print(json.dumps(asdict(train(Path(folder)))))
        return
    rows = SMALL_ROWS if arguments.small else ROWS
    examples = list(islice(drawn_examples(), sum(rows)))
    training, validation = examples[: rows[0]], examples[rows[0] :]
    tfidf = round(tfidf_score(training, validation), 4)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
        folder = Path(scratch)
        (folder / "rows.json").write_text(
            json.dumps([[asdict(each) for each in part] for part in (training, validation)])
        )
        ours = watched(OURS, folder)
        plain = watched(PLAIN, folder)
    facts = {"learned": rows[0], "validated": rows[1], "device": ours.curve.device}
    curves = {whose: [each.curve.seconds, each.curve.scores] for whose, each in ((OURS, ours), (PLAIN, plain))}
    print(
        document(
            "training",
            figures(tfidf, ours, plain, None if arguments.small else SPEED_UP),
            **facts,
            seconds_and_macro_f1_by_epoch=curves,
        )
    )


def figures(tfidf: float, ours: Watched, plain: Watched, goal: float | None) -> Iterator[Figure]:
    """`tfidf` is the macro-F1 of TF-IDF and a linear SVM; `goal` how many times as quick ours has to be, if at all."""
    common = min(max(ours.curve.scores), max(plain.curve.scores)) - CHANCE
    yield from compared(f"macro-F1 {common:.2f}", common, ours.curve, plain.curve, goal)
    yield from compared(f"TF-IDF's macro-F1 {tfidf:.2f}", tfidf, ours.curve, plain.curve)
    for whose, each in ((OURS, ours), (PLAIN, plain)):
        yield Figure(f"{whose}, best macro-F1", max(each.curve.scores), "of 1")
        speed = each.curve.tokens * len(each.curve.seconds) / each.curve.seconds[-1]
        yield Figure(f"{whose}, tokens a second", round(speed), "1/s")
        yield Figure(f"{whose}, peak memory", round(each.peak), "MiB")


def compared(told: str, target: float, ours: Curve, plain: Curve, goal: float | None = None) -> Iterator[Figure]:
    """The seconds of both until a target, and how many times as quick ours is."""
    for whose, curve in ((OURS, ours), (PLAIN, plain)):
        spent = curve.until(target)
        if spent is None:
            yield Figure(f"{whose}, all epochs without {told}", curve.seconds[-1], "s")
        else:
            yield Figure(f"{whose}, until {told}", spent, "s")
    quick, slow = ours.until(target), plain.until(target)
    if quick is not None and slow is not None:
        yield Figure(f"times as quick to {told}", round(slow / quick, 2), "×", PLAIN, at_least=goal)
    elif quick is not None:
        yield Figure(f"at least so many times as quick to {told}", round(plain.seconds[-1] / quick, 2), "×", PLAIN)


def drawn_examples() -> Iterator[Example]:
    """Labelled texts, each of one person's sentences."""
    layouts = tuple(name for name in LAYOUTS if name not in ("all_capitals", "columns", "one_line"))
    for resume in resumes(sys.maxsize, SEED, layouts=layouts):
        found = sentences(resume)
        if len(found) >= LEAST_SENTENCES:
            yield Example(resume.resume_id, resume.person_id, "\n".join(found), resume.category)


def sentences(resume: SyntheticResume) -> list[str]:
    """The lines that are sentences of work, without the marks in front of them."""
    telling = [span for span in (*resume.personal, *resume.kept) if span.kind != "SKILL"]
    found, start = [], 0
    for line in resume.text.split("\n"):
        end = start + len(line)
        if line.rstrip().endswith(".") and not any(span.start < end and span.end > start for span in telling):
            found.append(line.strip(" -•*–>"))
        start = end + 1
    return found


def tfidf_score(training: Sequence[Example], validation: Sequence[Example]) -> float:
    """The macro-F1 of TF-IDF and a linear SVM."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LinearSVC())
    model.fit([each.text for each in training], [each.label for each in training])
    return macro_f1([each.label for each in validation], model.predict([each.text for each in validation]))


def macro_f1(truth: Any, judged: Any) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(truth, judged, average="macro", zero_division=0))


def watched(whose: str, folder: Path) -> Watched:
    """Trains in a process of its own and looks at its memory."""
    command = [sys.executable, "-m", "tests.benchmarks.training", "--train", whose, str(folder)]
    # What threads of a busy machine lose by waiting for each other, both lose alike.
    surroundings = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "true"}
    run = subprocess.Popen(command, cwd=PROJECT, env=surroundings, stdout=subprocess.PIPE, text=True)
    process, peak, output = psutil.Process(run.pid), 0.0, ""
    while run.returncode is None:
        peak = max(peak, memory_of(process))
        try:
            output, _ = run.communicate(timeout=BETWEEN_LOOKS)
        except subprocess.TimeoutExpired:
            continue
    expect(run.returncode == 0, f"the training by {whose} ended with {run.returncode}")
    curve = Curve(**json.loads(output.strip().splitlines()[-1]))
    print(f"{whose}: macro-F1 {curve.scores} after {curve.seconds} s", file=sys.stderr, flush=True)
    return Watched(curve, peak)


def read_rows(folder: Path) -> tuple[list[Example], list[Example]]:
    """What to learn from, and what to validate on."""
    training, validation = json.loads((folder / "rows.json").read_text())
    return [Example(**row) for row in training], [Example(**row) for row in validation]


class TimedJobCategory(JobCategory):
    """The task as it is, with a clock that stands still while it validates."""

    def __init__(self, curve: Curve) -> None:
        self._curve = curve

    def validate(
        self, network: "Network", head: Any, items: Sequence[Item], settings: TrainingSettings
    ) -> dict[str, float]:
        self._curve.stop()
        found = super().validate(network, head, items, settings)
        self._curve.judged(found["macro_f1"])
        self._curve.go()
        return found


def train_ours(folder: Path) -> Curve:
    """Our loop, set up as a training of the platform sets it up."""
    import torch

    from assets.models.training.loop import Training
    from assets.models.training.network import new_network

    curve = Curve()
    task, settings = TimedJobCategory(curve), JobCategory.settings
    training, validation = read_rows(folder)
    vocabulary = task.vocabulary(training)
    torch.set_num_threads(cores())
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(settings.seed)
    network = new_network(find_model(DEFAULT_MODEL), settings)
    head = task.head(network.dimension, vocabulary).to(network.device)
    learned, judged = (task.items(network, part, vocabulary) for part in (training, validation))
    for item in learned:
        parts = windows(item.ids, network.window_tokens, settings.windows)
        expect(len(parts) <= (settings.training_windows or len(parts)), "a text is too long to be read whole")
        curve.tokens += len(item.ids) + SPECIAL_TOKENS * len(parts)
    curve.device = network.device.type
    curve.go()
    Training(task, network, head, settings, folder, lambda _: None).run(learned, judged)
    return curve


def train_plain(folder: Path) -> Curve:
    """Trainer and peft as their introductions have them."""
    import torch
    from peft import LoraConfig, TaskType, get_peft_model
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainerCallback,
        TrainingArguments,
    )

    curve = Curve()

    class Timed(TrainerCallback):
        """The clock stands still while the model is evaluated."""

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            curve.go()

        def on_epoch_end(self, *_: Any, **__: Any) -> None:
            curve.stop()

        def on_evaluate(self, *_: Any, **known: Any) -> None:
            curve.judged(known["metrics"]["eval_macro_f1"])
            curve.go()

    def scores(found: Any) -> dict[str, float]:
        return {"macro_f1": macro_f1(found.label_ids, found.predictions.argmax(1))}

    torch.set_num_threads(cores())
    training, validation = read_rows(folder)
    classes = sorted({each.label for each in training})
    base = find_model(DEFAULT_MODEL).folder
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=len(classes), dtype=torch.float32)

    def rows(part: Sequence[Example]) -> list[dict[str, Any]]:
        ids = tokenizer([each.text for each in part], truncation=True)["input_ids"]
        return [{"input_ids": row, "labels": classes.index(each.label)} for row, each in zip(ids, part, strict=True)]

    learned, judged = rows(training), rows(validation)
    trainer = Trainer(
        model=get_peft_model(model, LoraConfig(task_type=TaskType.SEQ_CLS)),
        args=TrainingArguments(
            output_dir=str(folder / "trainer"),
            learning_rate=RATE,
            weight_decay=WEIGHT_DECAY,
            per_device_train_batch_size=PLAIN_BATCH,
            num_train_epochs=PLAIN_EPOCHS,
            eval_strategy="epoch",
            save_strategy="epoch",
            disable_tqdm=True,
        ),
        train_dataset=learned,
        eval_dataset=judged,
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=scores,
        callbacks=[Timed()],
    )
    curve.tokens = sum(len(row["input_ids"]) for row in learned)
    curve.device = trainer.args.device.type
    trainer.train()
    return curve


if __name__ == "__main__":
    main()
