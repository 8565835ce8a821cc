"""What each task has to say about learning: one small module a task, told apart by name here."""

from assets.labels.tasks import task_named
from assets.models.tasks.job_category import JobCategory
from assets.models.tasks.match import Match
from assets.models.tasks.skills import Skills
from assets.models.tasks.task import ModelTask

_TASKS: dict[str, ModelTask] = {task.name: task for task in (JobCategory(), Skills(), Match())}


def model_task(name: str) -> ModelTask:
    """The learning side of a task. Raises UnknownTask."""
    return _TASKS[task_named(name).name]
