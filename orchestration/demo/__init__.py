"""The bundled samples: a handbook of a fictional employer, labor rules of a fictional jurisdiction, and questions on both."""
