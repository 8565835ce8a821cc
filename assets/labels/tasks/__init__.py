"""What can be learned from labelled resumes: one small module a task, told apart by name here."""

from assets.labels.tasks.job_category import JobCategory
from assets.labels.tasks.match import Match
from assets.labels.tasks.skills import Skills
from assets.labels.tasks.task import Task

TASKS: dict[str, Task] = {task.name: task for task in (JobCategory(), Skills(), Match())}


class UnknownTask(ValueError):
    """No task has this name; the message names those that there are."""


def task_named(name: str) -> Task:
    """The task of a name. Raises UnknownTask."""
    if name not in TASKS:
        raise UnknownTask(f"There is no task '{name}': write {', '.join(TASKS)}.")
    return TASKS[name]
