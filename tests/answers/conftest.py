"""An installation that serves a small handbook and a few rules, for the tests of answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.platform import Platform, Settings

FILES = {
    "handbook/leave.md": """# Leave

## Vacation

Full-time employees earn 21 days of vacation in a calendar year. Part-time employees earn 12 days of vacation in a calendar year.

Up to 8 unused days are carried over into the next year and must be used by 30 June. Days are not paid out before the
end.

## Sick leave

A certificate from a health care provider is required from the 6th consecutive working day of absence.

Employees may use sick leave for:

- their own illness or injury;
- the care of a child under 12 years of age; or
- a medical appointment of at most 4 hours.

## Overtime

Overtime is paid at one and a half times the regular rate for hours beyond 40 in a workweek. The manager must approve
overtime before it is worked, unless safety is at stake.
""",
    "handbook/gifts.md": """# Gifts and equipment

## Gifts

Employees may accept gifts of up to $50 in value from one source in a calendar year. Cash is never accepted.

## Laptop

The company provides a laptop, which the People Team replaces every 4 years.
""",
    "rules/definitions.md": """# § 9-101. Definitions.

“Small employer” means an employer with fewer than 15 employees.
""",
    "rules/sick.md": """# § 9-203. Sick time.

(1) An employee earns at least one hour of sick time for every 35 hours worked, up to 56 hours in a calendar year.

(2) An employee of a small employer earns at least one hour of sick time for every 45 hours worked, up to 40 hours in a
calendar year.

An employer shall not ask an employee to find a replacement.

The Commissioner may impose a penalty of $500 for a violation of § 9-305.
""",
    "rules/penalties.md": """# § 9-305. Retaliation.

Whoever complained keeps the job for 120 days.
""",
    "rules/wage-2023.md": """---
valid_from: 2023-01-01
valid_to: 2024-07-01
---
# Minimum wage order of 2023

The minimum wage is $13.40 an hour for every hour worked in the Commonwealth.
""",
    "rules/wage-2024.md": """---
valid_from: 2024-07-01
---
# Minimum wage order of 2024

The minimum wage is $15.10 an hour for every hour worked in the Commonwealth.
""",
    "rules/masks.md": """---
valid_from: 2020-04-01
valid_to: 2022-04-01
---
# Mask order

Every employee wears a medical mask in closed rooms of the plant.
""",
}


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """The files, served. Shared by all tests of the room, which ask and change nothing else."""
    from assets.index import refresh

    folder = tmp_path_factory.mktemp("answers")
    write(folder, FILES)
    platform = Platform(Settings(home=folder / "home"))
    registry.add(platform.catalogue, SourceSpec("handbook", "handbook", str(folder / "handbook")))
    registry.add(platform.catalogue, SourceSpec("rules", "regulation", str(folder / "rules"), jurisdiction="XT"))
    for name in ("handbook", "rules"):
        refresh.stage_documents(platform, name, f"run-{name}", full=False)
        refresh.stage_chunks(platform, name, f"run-{name}")
        refresh.embed(platform, name, f"run-{name}")
        refresh.write_and_serve(platform, name, f"run-{name}")
        platform.release()
    return platform


@pytest.fixture
def ask(served: Platform) -> Callable[..., Any]:
    """Asks the shared installation."""
    from assets.answers.answering import answer

    def asked(question: str, **options: Any) -> Any:
        return answer(served, question, **options)

    return asked
