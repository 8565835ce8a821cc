"""What the search's embedding model learns from: questions about rules, each beside the statement that answers it."""
