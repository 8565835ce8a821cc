"""Which model is served: recorded decisions, and the one pointer for a task that they move."""
