"""Makes a file of labelled resumes for the demo: synthetic ones, of which some are edited copies of others."""

import json
from pathlib import Path

RESUMES = 480
NEAR_DUPLICATES = 0.15
_SEED = 2026


def write_resumes(path: Path) -> Path:
    """JSON lines of id, text and label. The same ones every time, so that they come in once."""
    from assets.labels.synthetic.generator import resumes

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for resume in resumes(RESUMES, _SEED, near_duplicates=NEAR_DUPLICATES):
            record = {"id": resume.resume_id, "text": resume.text, "label": resume.category}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    return path
