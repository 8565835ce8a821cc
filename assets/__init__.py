"""The rooms of the platform, one folder per capability; only `assets.py` and `checks.py` in each know Dagster."""
