"""Models: dataset snapshots become adapters, evaluations, signed artifacts, and one promoted champion a task."""
