"""How well personal items are masked in the project's own resumes, whose truth is marked: the figures, and the goals."""

from assets.labels.anonymizing.evaluation import AnonymizingReport

RESUMES = 300
SEED = 31_337
NAMES_FOUND = 0.98
"""The share of names that has to be masked: a resume's only sure identifier beside its addresses."""
RIGHTLY_MASKED = 0.95
"""The share of masked spans that have to be personal: what is masked wrongly is lost for training."""


def measured() -> AnonymizingReport:
    """Recall and precision on synthetic resumes in all layouts; the same figures anywhere."""
    from assets.labels.anonymizing.anonymizer import anonymize
    from assets.labels.anonymizing.evaluation import evaluate_anonymizing
    from assets.labels.synthetic.generator import resumes

    return evaluate_anonymizing(resumes(RESUMES, SEED), anonymize)


def reaches_goals(report: AnonymizingReport) -> bool:
    """Whether enough names are found, and enough of what is masked is rightly so."""
    return report.of("NAME").recall >= NAMES_FOUND and report.precision >= RIGHTLY_MASKED
