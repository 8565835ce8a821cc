"""From chunks to embeddings (each text once per model, ever) and a served, reconciled vector index."""
