"""When a task's model is trained again: once its labelled resumes grew, and for nothing else."""
