"""The catalogue of everything that the platform knows, and the tamper-evident ledger of what it did."""
