"""Training: examples of a dataset become a LoRA adapter and a head, the same bytes for the same snapshot and settings."""
