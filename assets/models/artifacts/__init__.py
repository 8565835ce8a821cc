"""What a model is kept as: files that a signed manifest names, verified whenever they are read."""
